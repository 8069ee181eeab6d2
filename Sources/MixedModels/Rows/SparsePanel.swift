// SPDX-License-Identifier: GPL-2.0-or-later
import CPanelKernels
import NumericalMethods

/// Rows of a model matrix with the same number of nonzeros: some in the same columns in every row,
/// then runs of columns that a cell of the row decides.
package struct SparsePanel: Sendable {
  /// Nonzeros per row.
  let width: Int
  /// The first columns, 0, 1, …, which every row has.
  let dense: Int
  /// Widths of the runs behind them.
  let runs: [Int]
  /// First column of every run, rows × runs.
  var starts: [Int32]
  /// Rows × width.
  var values: [Double]
  /// Whether the only column is the constant 1.
  var isConstant = false

  /// All zero.
  init(rows: Int, dense: Int, runs: [Int]) {
    (self.dense, self.runs) = (dense, runs)
    width = dense + runs.reduce(0, +)
    starts = Array(repeating: 0, count: rows * runs.count)
    values = Array(repeating: 0, count: rows * width)
  }

  /// - Parameter columns: What stands at each place of the rows; nil for ones.
  init(rows: Int, dense: Int, runs: [Int], columns: [[Double]?]) {
    (self.dense, self.runs) = (dense, runs)
    let width = columns.count
    self.width = width
    starts = Array(repeating: 0, count: rows * runs.count)
    values = [Double](unsafeUninitializedCapacity: rows * width) { values, count in
      // Some rows at a time, so that they stay in the cache until all their columns are there.
      for first in stride(from: 0, to: rows, by: 256) {
        let some = first..<min(first + 256, rows)
        for (k, column) in columns.enumerated() {
          guard let column else {
            for row in some { values[row * width + k] = 1 }
            continue
          }
          column.withUnsafeBufferPointer { column in
            for row in some { values[row * width + k] = column[row] }
          }
        }
      }
      count = rows * width
    }
  }

  /// Some of the rows.
  func selecting(_ rows: [Int]) -> SparsePanel {
    var part = self
    part.values = picking(rows, of: values, width: width)
    part.starts = picking(rows, of: starts, width: runs.count)
    return part
  }

  /// Calls `body` with a table that gives one row after the other.
  func withRows(_ body: (RowTable) -> Void) {
    var columns = Array(0..<width)
    columns.withUnsafeMutableBufferPointer { columns in
      values.withUnsafeBufferPointer { values in
        starts.withUnsafeBufferPointer { starts in
          runs.withUnsafeBufferPointer { runs in
            guard let columns = columns.baseAddress, let values = values.baseAddress else { return }
            body(
              RowTable(
                width: width, dense: dense, runs: runs, starts: starts, values: values,
                columns: columns))
          }
        }
      }
    }
  }

  /// Columns and values of single rows; the columns are overwritten by the next row's.
  struct RowTable {
    fileprivate let width: Int
    fileprivate let dense: Int
    fileprivate let runs: UnsafeBufferPointer<Int>
    fileprivate let starts: UnsafeBufferPointer<Int32>
    fileprivate let values: UnsafePointer<Double>
    fileprivate let columns: UnsafeMutablePointer<Int>

    @inline(__always)
    func row(_ row: Int) -> (columns: UnsafePointer<Int>, values: UnsafePointer<Double>) {
      var next = dense
      for run in 0..<runs.count {
        let start = Int(starts[row * runs.count + run])
        for k in 0..<runs[run] { columns[next + k] = start + k }
        next += runs[run]
      }
      return (UnsafePointer(columns), values + row * width)
    }
  }
}

/// Some rows of a table with `width` numbers in each.
func picking<Number: BitwiseCopyable>(_ rows: [Int], of all: [Number], width: Int = 1) -> [Number] {
  [Number](unsafeUninitializedCapacity: rows.count * width) { target, count in
    all.withUnsafeBufferPointer { all in
      rows.withUnsafeBufferPointer { rows in
        for k in rows.indices {
          for x in 0..<width { target[k * width + x] = all[rows[k] * width + x] }
        }
      }
    }
    count = rows.count * width
  }
}

extension SparsePanel {
  /// Σ w x xᵀ and what rounding takes from it, row-major, upper triangle.
  ///
  /// Takes some ten times as long as `weightedProducts`: for columns that nearly depend on each other.
  func extendedProducts(columns: Int, weights: [Double]) -> (values: [Double], errors: [Double]) {
    var sums = [ExtendedSum](repeating: ExtendedSum(), count: columns * columns)
    withRows { table in
      for row in weights.indices {
        let (index, value) = table.row(row)
        for a in 0..<width {
          let wx = exactProduct(weights[row], value[a])
          for b in a..<width {
            sums[index[a] * columns + index[b]].add(wx.value, times: value[b])
            if wx.error != 0 { sums[index[a] * columns + index[b]].add(wx.error, times: value[b]) }
          }
        }
      }
    }
    return (sums.map(\.value), sums.map(\.error))
  }

  /// Σ w x xᵀ, row-major, upper triangle, summed in blocks of rows.
  func weightedProducts(columns: Int, weights: [Double]) -> [Double] {
    var total = [Double](repeating: 0, count: columns * columns)
    var partial = total
    let blockRows = max(256, columns * columns)  // adding up the partial sums must take little of the time
    if (1...8).contains(dense), runs.isEmpty || runs == [1] {
      addShared(columns, weights, blockRows, &partial, to: &total)
      return total
    }
    if runs.isEmpty {
      addInBlocks(weights, blockRows, &partial, to: &total) { first, last, partial in
        lmm_rows_add_wide_products(Int32(dense), first, last, values, weights, columns, &partial)
      }
      return total
    }
    withRows { table in
      addInBlocks(weights, blockRows, &partial, to: &total) { first, last, partial in
        partial.withUnsafeMutableBufferPointer { partial in
          for row in first..<last {
            let (index, value) = table.row(row)
            for a in 0..<width {
              let wx = weights[row] * value[a]
              let line = index[a] * columns
              for b in a..<width { partial[line + index[b]] += wx * value[b] }
            }
          }
        }
      }
    }
    return total
  }

  /// Adds what `body` adds up over blocks of rows, in partial sums that are zero before.
  private func addInBlocks(
    _ weights: [Double], _ blockRows: Int, _ partial: inout [Double], to total: inout [Double],
    _ body: (_ first: Int, _ last: Int, _ partial: inout [Double]) -> Void
  ) {
    for first in stride(from: 0, to: weights.count, by: blockRows) {
      body(first, min(first + blockRows, weights.count), &partial)
      for k in total.indices {
        total[k] += partial[k]
        partial[k] = 0
      }
    }
  }

  /// The same for rows that share all columns, but one at most.
  private func addShared(
    _ columns: Int, _ weights: [Double], _ blockRows: Int, _ partial: inout [Double], to total: inout [Double]
  ) {
    var celled = [Double](repeating: 0, count: runs.isEmpty ? 0 : columns * (dense + 1))
    addInBlocks(weights, blockRows, &partial, to: &total) { first, last, partial in
      lmm_rows_add_products(
        Int32(dense), runs.isEmpty ? 0 : 1, first, last, starts, values, weights, columns, &partial, &celled)
    }
  }
}
