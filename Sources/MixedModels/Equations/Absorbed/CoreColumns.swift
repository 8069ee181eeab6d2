// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Computes columns of the core S = Tᵀ(A − ΣW_jᵀW_j)T + Q, all rows of one place's columns at a
/// time. Every column is summed over the leading levels in their order by one thread, so the sums
/// do not depend on the number of threads.
struct CoreColumns {
  let layout: CoreLayout
  let blocks: CoreBlocks
  let precision: CorePrecision
  /// Multiplications that assemble all columns entry by entry.
  let work: Double
  /// p + 1
  let tail: Int
  /// Whether all groups of the core have one column per level.
  private let isScalar: Bool
  private let groupOfPlace: [Int]
  private let scalarStart: [Int]

  init(_ model: LinearMixedModel, _ layout: CoreLayout) {
    self.layout = layout
    blocks = CoreBlocks(model, layout)
    precision = CorePrecision(model, layout)
    tail = model.tail.columns
    work = layout.work.reduce(0, +)
    groupOfPlace = layout.order.map { Int(layout.incidence.groupOfNode[$0]) }
    scalarStart = layout.scalarStart
    isScalar = layout.size == layout.order.count
  }

  func width(_ place: Int) -> Int { scalarStart[place + 1] - scalarStart[place] }
  func group(_ place: Int) -> Int { groupOfPlace[place] }

  /// The diagonal of T for cores of scalars, 1 for the tail.
  func scales(_ factors: [[Double]], into scales: UnsafeMutablePointer<Double>) {
    guard isScalar else { return }
    for place in 0..<layout.order.count { scales[place] = factors[groupOfPlace[place]][0] }
    for x in 0..<tail { scales[layout.size + x] = 1 }
  }

  /// Subtracts ΣW_jᵀW_j of one place from `columns`, entry by entry.
  func subtractProducts(
    _ levels: LeadingLevels, place: Int, from columns: UnsafeMutablePointer<Double>,
    stride: Int
  ) {
    let entries = UnsafeBufferPointer(
      rebasing: UnsafeBufferPointer(start: levels.entries.start, count: levels.entries.count)[
        levels.entryStarts[place]..<levels.entryStarts[place + 1]])
    let (W, rows) = (UnsafePointer(levels.W.start), UnsafePointer(levels.rows.start))
    let m = width(place)
    switch (levels.size, m) {
    case (1, 1): subtractScalars(entries, W, rows, columns)
    case (1, _): subtractBlocks(1, m, entries, W, rows, columns, stride)
    case (2, 1): subtractBlocks(2, 1, entries, W, rows, columns, stride)
    case (2, 2): subtractBlocks(2, 2, entries, W, rows, columns, stride)
    case (let ℓ, 1): subtractBlocks(ℓ, 1, entries, W, rows, columns, stride)
    case (let ℓ, _): subtractBlocks(ℓ, m, entries, W, rows, columns, stride)
    }
  }

  @inline(__always)
  private func subtractScalars(
    _ entries: UnsafeBufferPointer<LeadingLevels.Entry>, _ W: UnsafePointer<Double>,
    _ rows: UnsafePointer<Int32>, _ column: UnsafeMutablePointer<Double>
  ) {
    for entry in entries {
      let factor = W[entry.first]
      for k in entry.first..<entry.end { column[Int(rows[k])] -= factor * W[k] }  // − (W_jᵀW_j)_row
    }
  }

  @inline(__always)
  private func subtractBlocks(
    _ ℓ: Int, _ m: Int, _ entries: UnsafeBufferPointer<LeadingLevels.Entry>,
    _ W: UnsafePointer<Double>, _ rows: UnsafePointer<Int32>,
    _ columns: UnsafeMutablePointer<Double>, _ stride: Int
  ) {
    for entry in entries {
      for k in entry.first..<entry.end {
        let row = Int(rows[k])
        for c in 0..<m {
          var sum = 0.0
          for i in 0..<ℓ { sum += W[k * ℓ + i] * W[(entry.first + c) * ℓ + i] }
          columns[c * stride + row] -= sum  // − (W_jᵀW_j)_row,c
        }
      }
    }
  }

  /// Overwrites the columns of one place with Tᵀ · T + Q, from the place's own rows on.
  func transform(
    place: Int, _ columns: UnsafeMutablePointer<Double>, stride: Int, _ factors: [[Double]],
    scales: UnsafePointer<Double>
  ) {
    let first = scalarStart[place]
    if isScalar {
      let factor = scales[place]
      for row in first..<layout.size + tail { columns[row] *= factor * scales[row] }
    } else {
      let m = width(place)
      factors[groupOfPlace[place]].withUnsafeBufferPointer { T in
        for j in 0..<m {
          for row in first..<layout.size + tail {
            var sum = 0.0
            for k in j..<m { sum += columns[k * stride + row] * T[j * m + k] }
            columns[j * stride + row] = sum  // (ST)_row,j
          }
        }
      }
      for other in place..<layout.order.count {
        multiplyRows(
          columns + scalarStart[other], width(other), columns: m, stride,
          factors[groupOfPlace[other]])
      }
    }
    for j in 0..<width(place) { columns[j * stride + first + j] += precision.diagonal[place] }
    precision.forEachLater(place) { other, value in
      for j in 0..<width(place) { columns[j * stride + scalarStart[other] + j] += value }
    }
  }

  /// rows ← Tᵀ rows: T is n × n, `rows` n × m with columns `stride` apart.
  @inline(__always)
  func multiplyRows(
    _ rows: UnsafeMutablePointer<Double>, _ n: Int, columns m: Int, _ stride: Int, _ T: [Double]
  ) {
    T.withUnsafeBufferPointer { T in
      for c in 0..<m {
        let column = rows + c * stride
        for i in 0..<n {
          var sum = 0.0
          for k in i..<n { sum += T[i * n + k] * column[k] }
          column[i] = sum  // (Tᵀ rows)_ic
        }
      }
    }
  }
}
