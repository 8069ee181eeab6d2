// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The core with its tail as a sparse matrix in CHOLMOD.
final class SparseCore {
  let columns: CoreColumns
  var factor: SparseCholesky
  private let values: OwnedBuffer<Double>
  /// For every worker, the columns of one place with all rows, zero between uses.
  private let dense: OwnedBuffer<Double>
  private let denseStride: Int
  let tasks: [Range<Int>]

  /// `layout` must have a pattern.
  init(_ model: LinearMixedModel, _ layout: CoreLayout, workers: Int) throws {
    let columns = CoreColumns(model, layout)
    let pattern = layout.scalarPattern(tail: model.tail.columns)
    factor = try SparseCholesky(analyzing: pattern)
    self.columns = columns
    values = OwnedBuffer(repeating: 0, count: pattern.entryCount)
    let widest = layout.order.indices.map { columns.width($0) }.max() ?? 1
    denseStride = pattern.size * widest
    dense = OwnedBuffer(repeating: 0, count: denseStride * workers)
    let count = layout.order.count
    tasks = (0..<64).map { $0 * count / 64..<($0 + 1) * count / 64 }.filter { !$0.isEmpty }
  }

  /// Computes the core for absorbed `levels`; `tailSums` is −ΣWᵀW of the tail.
  func assemble(
    _ levels: LeadingLevels, _ factors: [[Double]], tail: DenseMatrix,
    tailSums: UnsafePointer<Double>, _ team: ThreadTeam
  ) {
    team.forEach(tasks.count, pays: columns.work > 5000) { worker, task in
      for place in tasks[task] {
        assembleColumns(levels, place, factors, dense.start + worker * denseStride)
      }
    }
    let (w, first) = (tail.columns, columns.layout.size)
    for j in 0..<w {
      let start = factor.pattern.columnStarts[first + j]
      for i in j..<w { values.start[start + i - j] = tail[i, j] + tailSums[j * w + i] }
    }
  }

  private func assembleColumns(
    _ levels: LeadingLevels, _ place: Int, _ factors: [[Double]],
    _ work: UnsafeMutablePointer<Double>
  ) {
    let layout = columns.layout
    let nodes = layout.pattern!
    let m = columns.width(place)
    let stride = factor.size
    let first = layout.scalarStart[place]
    columns.blocks.add(place: place, width: m, to: work, stride: stride)
    columns.subtractProducts(levels, place: place, from: work, stride: stride)

    let T = factors[columns.group(place)]
    let own = columns.precision.diagonal[place]
    var later = columns.precision.starts[place]
    var offset = 0
    for e in nodes.columnStarts[place]...nodes.columnStarts[place + 1] {
      let isTail = e == nodes.columnStarts[place + 1]
      let other = isTail ? layout.order.count : nodes.rowIndices[e]
      let rows = isTail ? columns.tail : columns.width(other)
      let block = work + (isTail ? layout.size : layout.scalarStart[other])
      for j in 0..<m {
        for i in 0..<rows {
          var sum = 0.0
          for k in j..<m { sum += block[k * stride + i] * T[j * m + k] }
          block[j * stride + i] = sum
        }
      }
      if !isTail {
        columns.multiplyRows(block, rows, columns: m, stride, factors[columns.group(other)])
      }
      for j in 0..<m {
        let target = values.start + factor.pattern.columnStarts[first + j]
        let skipped = other == place ? j : 0  // above the diagonal
        for i in skipped..<rows {
          target[offset - j + i] = block[j * stride + i] + (other == place && i == j ? own : 0)
        }
        (block + j * stride).update(repeating: 0, count: rows)
      }
      // Both go by the other place.
      if later < columns.precision.starts[place + 1], columns.precision.entries[later].place == other {
        for j in 0..<m {
          values.start[factor.pattern.columnStarts[first + j] + offset - j + j]
            += columns.precision.entries[later].value
        }
        later += 1
      }
      offset += rows
    }
  }

  /// - Throws: `CholmodError`.
  func factorize() throws {
    try factor.factorize(
      Span(_unsafeStart: UnsafePointer(values.start), count: values.count))
  }
}

extension CoreLayout {
  /// The pattern of the core's scalars with a full tail.
  func scalarPattern(tail: Int) -> SymmetricPattern {
    var starts = [0]
    var rows: [Int] = []
    for place in order.indices {
      let columns = scalarStart[place]..<scalarStart[place + 1]
      for column in columns {
        for e in pattern!.columnStarts[place]..<pattern!.columnStarts[place + 1] {
          let other = pattern!.rowIndices[e]
          rows += max(column, scalarStart[other])..<scalarStart[other + 1]
        }
        rows += size..<size + tail
        starts.append(rows.count)
      }
    }
    for x in 0..<tail {
      rows += size + x..<size + tail
      starts.append(rows.count)
    }
    return SymmetricPattern(size: size + tail, columnStarts: starts, rowIndices: rows)
  }
}
