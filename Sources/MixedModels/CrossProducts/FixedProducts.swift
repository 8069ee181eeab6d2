// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

/// [y X]ᵀW[y X] in raw columns; y is column 0.
///
/// Sums over chunks are compensated (Neumaier 1974), so that precision does not fall with n.
package struct FixedProducts: Sendable {
  package internal(set) var directory: ColumnDirectory
  package private(set) var capacity: Int
  /// Upper triangle used, entry (i, j) at i · capacity + j.
  var sums: [Double]
  var corrections: [Double]
  /// Whether `corrections` hold what rounding took from the products, too, not from their sums only.
  var isExtended = true

  package init(_ blocks: [ColumnBlock]) {
    directory = ColumnDirectory(blocks, first: 1)
    capacity = max(8, directory.count)
    sums = Array(repeating: 0, count: capacity * capacity)
    corrections = sums
  }

  /// Makes the columns of other sums of the same blocks, of whose directory this one's is the beginning.
  mutating func adopt(_ directory: ColumnDirectory) {
    self.directory = directory
    grow()
  }

  /// Makes columns for all cells of a chunk.
  package mutating func addCells(_ blocks: [ColumnBlock], counts: [Int]) {
    for (b, block) in blocks.enumerated() {
      guard let cellSet = block.cellSet else { continue }
      for cell in 0..<counts[cellSet] { _ = directory.add(block: b, cell: Int32(cell)) }
    }
    grow()
  }

  mutating func grow() {
    guard directory.count > capacity else { return }
    let wider = max(directory.count, capacity < 2048 ? capacity * 2 : capacity * 9 / 8)
    sums = restrided(sums, rows: 1, from: (capacity, capacity), to: (wider, wider))
    corrections = restrided(corrections, rows: 1, from: (capacity, capacity), to: (wider, wider))
    capacity = wider
  }

  /// Adds the products of a block of rows, a full square of `directory.count` columns (upper
  /// triangle used).
  ///
  /// - Parameter errors: What rounding took from them; nil if it is not known.
  package mutating func add(_ products: [Double], errors: [Double]? = nil) {
    let count = directory.count
    isExtended = isExtended && errors != nil
    for i in 0..<count {
      for j in i..<count {
        add(products[i * count + j], i, j)
        if let errors { add(errors[i * count + j], i, j) }
      }
    }
  }

  private mutating func add(_ value: Double, _ i: Int, _ j: Int) {
    let k = min(i, j) * capacity + max(i, j)
    let sum = sums[k] + value
    corrections[k] +=  // what rounding took from the sum
      abs(sums[k]) >= abs(value) ? (sums[k] - sum) + value : (value - sum) + sums[k]
    sums[k] = sum
  }

  /// - Returns: the column here of every column there.
  package mutating func merge(
    _ other: FixedProducts, blocks: [ColumnBlock], maps: [[Int32]]
  ) -> [Int] {
    let columns = directory.merge(other.directory, blocks: blocks, maps: maps)
    grow()
    isExtended = isExtended && other.isExtended
    for i in 0..<other.directory.count {
      for j in i..<other.directory.count {
        let k = i * other.capacity + j
        add(other.sums[k], columns[i], columns[j])
        add(other.corrections[k], columns[i], columns[j])
      }
    }
    return columns
  }

  /// Q · this · Qᵀ
  func transformed(by Q: DenseMatrix) -> FixedProducts {
    var result = self
    let product =
      extended?.projected(Q.transposed, Q.transposed)
      ?? ExtendedMatrix(
        high: (Q * matrix) * Q.transposed, low: DenseMatrix(rows: Q.rows, columns: Q.rows))
    for i in 0..<directory.count {
      for j in i..<directory.count {
        result.sums[i * capacity + j] = product.high[i, j]
        result.corrections[i * capacity + j] = product.low[i, j]
      }
    }
    return result
  }

  /// The full symmetric matrix in all its digits; nil where they are a double's.
  package var extended: ExtendedMatrix? {
    guard isExtended else { return nil }
    var full = ExtendedMatrix(high: matrix, low: matrix)
    for i in 0..<directory.count {
      for j in i..<directory.count {
        let k = i * capacity + j
        let low = exactSum(sums[k], corrections[k]).error
        (full.low[i, j], full.low[j, i]) = (low, low)
      }
    }
    return full
  }

  /// The product of two columns.
  func product(_ i: Int, _ j: Int) -> Double {
    let k = min(i, j) * capacity + max(i, j)
    return sums[k] + corrections[k]
  }

  /// √(cᵀG c) for a column c in raw coordinates.
  func norm(_ combination: [(raw: Int, value: Double)]) -> Double {
    max(
      combination.reduce(0) { sum, a in
        combination.reduce(sum) { $0 + a.value * $1.value * product(a.raw, $1.raw) }
      }, 0
    ).squareRoot()
  }

  /// The full symmetric matrix.
  package var matrix: DenseMatrix {
    var full = DenseMatrix(rows: directory.count, columns: directory.count)
    for i in 0..<directory.count {
      for j in i..<directory.count {
        let value = sums[i * capacity + j] + corrections[i * capacity + j]
        full[i, j] = value
        full[j, i] = value
      }
    }
    return full
  }
}

/// Copies `rows` records of from.0 × from.1 entries (row-major) into records of the larger shape
/// `to`.
func restrided(
  _ old: [Double], rows: Int, from: (Int, Int), to: (Int, Int)
) -> [Double] {
  var new = [Double](repeating: 0, count: rows * to.0 * to.1)
  for row in 0..<rows {
    for i in 0..<from.0 {
      let source = (row * from.0 + i) * from.1
      let target = (row * to.0 + i) * to.1
      for j in 0..<from.1 { new[target + j] = old[source + j] }
    }
  }
  return new
}
