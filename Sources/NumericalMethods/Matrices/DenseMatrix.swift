// SPDX-License-Identifier: GPL-2.0-or-later

/// A dense matrix of doubles, stored by columns.
package struct DenseMatrix: Sendable, Equatable {
  package let rows: Int
  package let columns: Int
  /// Entry (i, j) is at i + j · `rows`.
  package var storage: [Double]

  /// The zero matrix.
  package init(rows: Int, columns: Int) {
    self.init(
      rows: rows, columns: columns, storage: Array(repeating: 0, count: rows * columns))
  }

  /// The matrix whose columns, one after another, are `storage`.
  package init(rows: Int, columns: Int, storage: [Double]) {
    precondition(rows >= 0 && columns >= 0 && storage.count == rows * columns)
    self.rows = rows
    self.columns = columns
    self.storage = storage
  }

  package static func identity(_ n: Int) -> DenseMatrix {
    DenseMatrix(diagonal: Array(repeating: 1, count: n))
  }

  /// The square matrix with `diagonal` on its diagonal and zeros elsewhere.
  package init(diagonal: [Double]) {
    self.init(rows: diagonal.count, columns: diagonal.count)
    for (i, value) in diagonal.enumerated() { self[i, i] = value }
  }

  @inlinable package subscript(i: Int, j: Int) -> Double {
    get {
      precondition(i >= 0 && i < rows && j >= 0 && j < columns)
      return storage[i + j * rows]
    }
    set {
      precondition(i >= 0 && i < rows && j >= 0 && j < columns)
      storage[i + j * rows] = newValue
    }
  }

  package func column(_ j: Int) -> [Double] {
    precondition(j >= 0 && j < columns)
    return Array(storage[j * rows..<(j + 1) * rows])
  }

  /// The diagonal, of length min(`rows`, `columns`).
  package var diagonal: [Double] {
    (0..<min(rows, columns)).map { self[$0, $0] }
  }

  package var transposed: DenseMatrix {
    var result = DenseMatrix(rows: columns, columns: rows)
    for j in 0..<columns {
      for i in 0..<rows { result.storage[j + i * columns] = storage[i + j * rows] }
    }
    return result
  }

  /// The rows and columns named, in that order; an index may be repeated.
  package func submatrix(rows rowIndices: [Int], columns columnIndices: [Int]) -> DenseMatrix {
    var result = DenseMatrix(rows: rowIndices.count, columns: columnIndices.count)
    for (b, j) in columnIndices.enumerated() {
      for (a, i) in rowIndices.enumerated() { result[a, b] = self[i, j] }
    }
    return result
  }

  /// Copies the lower triangle onto the upper one.
  package mutating func mirrorLowerTriangle() {
    precondition(rows == columns)
    for j in 0..<columns {
      for i in j..<rows { storage[j + i * rows] = storage[i + j * rows] }
    }
  }

  /// Sets all above the diagonal to zero.
  package mutating func clearUpperTriangle() {
    for j in 0..<columns {
      for i in 0..<min(j, rows) { storage[i + j * rows] = 0 }
    }
  }

  package var isFinite: Bool { storage.allSatisfy(\.isFinite) }
}
