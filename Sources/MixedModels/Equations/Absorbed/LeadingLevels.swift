// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// The levels of the leading group with their blocks against the core, and what absorption makes of
/// these: D_j = TᵀA_jjT + I = L_jL_jᵀ and W_j = L_j⁻¹Tᵀ[A_jo A_jX A_jy], for o the nodes that j
/// occurs with.
final class LeadingLevels {
  /// ℓ
  let size: Int
  /// p + 1
  let width: Int
  let levelCount: Int
  /// Columns of [A_jo A_jX A_jy] of level j: `columnStarts[j]..<columnStarts[j + 1]`; the core's
  /// order, the tail last.
  let columnStarts: [Int]
  /// The core's row for every such column.
  let rows: OwnedBuffer<Int32>
  /// ℓ × columns each.
  let A: OwnedBuffer<Double>
  let W: OwnedBuffer<Double>
  /// ℓ × ℓ, level after level; of levels with leaves what these leave.
  var zz: [Double]
  /// For each place of the core: its columns among all,
  /// `entryStarts[place]..<entryStarts[place + 1]`.
  let entryStarts: [Int]
  let entries: OwnedBuffer<Entry>

  /// A place of the core in a level's columns: its first column, and the end of the level's columns.
  struct Entry: BitwiseCopyable {
    var first: Int
    var end: Int
  }

  /// Levels of each part of the work; there are as many parts whatever the number of threads.
  let partBounds: [Int]
  /// For each part Σ log |D| and, in the lower triangle, the tail's part of ΣWᵀW.
  private let partial: OwnedBuffer<Double>
  private let scratch: OwnedBuffer<Double>

  static let parts = 64

  init(_ model: LinearMixedModel, _ layout: CoreLayout, workers: Int) {
    let incidence = layout.incidence
    let group = model.groups[layout.leading]
    (size, width, levelCount, zz) = (group.size, model.tail.columns, group.levelCount, group.zz)
    let (ℓ, w) = (group.size, model.tail.columns)

    var columnStarts = [Int](repeating: 0, count: levelCount + 1)
    for node in 0..<incidence.nodeCount {
      let size = model.groups[Int(incidence.groupOfNode[node])].size
      for e in incidence.starts[node]..<incidence.starts[node + 1] {
        columnStarts[Int(incidence.partners[e]) + 1] += size
      }
    }
    for j in 0..<levelCount { columnStarts[j + 1] += columnStarts[j] + w }
    let total = columnStarts[levelCount]
    rows = OwnedBuffer(repeating: 0, count: total)
    A = OwnedBuffer(repeating: 0, count: total * ℓ)
    W = OwnedBuffer(repeating: 0, count: total * ℓ)
    entries = OwnedBuffer(repeating: Entry(first: 0, end: 0), count: incidence.partners.count)

    var next = columnStarts
    var entryStarts = [0]
    var entry = 0
    for (place, node) in layout.order.enumerated() {
      let m = model.groups[Int(incidence.groupOfNode[node])].size
      for e in incidence.starts[node]..<incidence.starts[node + 1] {
        let j = Int(incidence.partners[e])
        let pair = model.pairs[Int(incidence.pairs[e])]
        let isRow = pair.rowGroup == layout.leading
        pair.copyBlock(
          Int(incidence.places[e]), rows: isRow ? ℓ : m, columns: isRow ? m : ℓ, transposed: !isRow,
          to: A.start + next[j] * ℓ)
        for k in 0..<m { rows.start[next[j] + k] = Int32(layout.scalarStart[place] + k) }
        entries.start[entry] = Entry(first: next[j], end: columnStarts[j + 1])
        entry += 1
        next[j] += m
      }
      entryStarts.append(entry)
    }
    for j in 0..<levelCount {
      for x in 0..<w { rows.start[next[j] + x] = Int32(layout.size + x) }
      for x in 0..<ℓ * w { A.start[next[j] * ℓ + x] = group.zx[j * ℓ * w + x] }
    }
    self.columnStarts = columnStarts
    self.entryStarts = entryStarts

    // Parts of equal work.
    var bounds = [0]
    for part in 1..<Self.parts {
      var j = bounds[part - 1]
      while j < levelCount, columnStarts[j] < total * part / Self.parts { j += 1 }
      bounds.append(j)
    }
    partBounds = bounds + [levelCount]
    partial = OwnedBuffer(repeating: 0, count: Self.parts * (w * w + 1))
    scratch = OwnedBuffer(repeating: 0, count: workers * 2 * ℓ * ℓ)
  }

  /// Computes all W_j; subtracts the tail's part of ΣWᵀW from the lower triangle of `tail`, (p + 1)
  /// × (p + 1); returns Σ log |D|, NaN where a D is not finite.
  func absorb(
    _ T: [Double], from tail: UnsafeMutablePointer<Double>, _ team: ThreadTeam
  ) -> Double {
    let stride = width * width + 1
    partial.start.update(repeating: 0, count: partial.count)
    nonisolated(unsafe) let partial = partial.start
    nonisolated(unsafe) let scratch = scratch.start
    T.withUnsafeBufferPointer { T in
      team.forEach(Self.parts, pays: columnStarts[levelCount] * size * size > 5000) {
        worker, part in
        let levels = partBounds[part]..<partBounds[part + 1]
        let sums = partial + part * stride
        let own = scratch + worker * 2 * size * size
        sums[width * width] =
          switch size {
          case 1: absorb(1, levels, T.baseAddress!, own, sums)
          case 2: absorb(2, levels, T.baseAddress!, own, sums)
          case 3: absorb(3, levels, T.baseAddress!, own, sums)
          case 4: absorb(4, levels, T.baseAddress!, own, sums)
          default: absorb(size, levels, T.baseAddress!, own, sums)
          }
      }
    }
    var logDeterminant = 0.0
    for part in 0..<Self.parts {
      let sums = partial + part * stride
      for x in 0..<width * width { tail[x] -= sums[x] }
      logDeterminant += sums[width * width]
    }
    return logDeterminant
  }

  /// Computes W_j of some levels and adds their part of ΣWᵀW to the lower triangle of `tail`,
  /// (p + 1) × (p + 1) by columns; returns their Σ log |D|.
  ///
  /// - Parameter scratch: room for L and P, ℓ × ℓ each.
  @inline(__always)
  private func absorb(
    _ ℓ: Int, _ levels: Range<Int>, _ T: UnsafePointer<Double>,
    _ scratch: UnsafeMutablePointer<Double>, _ tail: UnsafeMutablePointer<Double>
  ) -> Double {
    let P = scratch + ℓ * ℓ
    var pivots = ScalarPivotProduct()
    zz.withUnsafeBufferPointer { zz in
      columnStarts.withUnsafeBufferPointer { columnStarts in
        for j in levels {
          factorizeLevel(ℓ, zz.baseAddress! + j * ℓ * ℓ, T, scratch, P, &pivots)  // P = L_j⁻¹Tᵀ
          let (first, end) = (columnStarts[j], columnStarts[j + 1])
          multiplyBlocks(ℓ, ℓ, end - first, P, A.start + first * ℓ, into: W.start + first * ℓ)  // W_j
          addTail(ℓ, W.start + (end - width) * ℓ, tail)  // + W_jᵀW_j of [X y]
        }
      }
    }
    return pivots.logarithm
  }

  /// Adds WᵀW to the lower triangle of `tail`: W is ℓ × (p + 1), `tail` (p + 1) × (p + 1).
  @inline(__always)
  private func addTail(
    _ ℓ: Int, _ W: UnsafePointer<Double>, _ tail: UnsafeMutablePointer<Double>
  ) {
    for x in 0..<width {
      for y in x..<width {
        var sum = 0.0
        for i in 0..<ℓ { sum += W[x * ℓ + i] * W[y * ℓ + i] }
        tail[x * width + y] += sum  // + (WᵀW)_yx
      }
    }
  }
}
