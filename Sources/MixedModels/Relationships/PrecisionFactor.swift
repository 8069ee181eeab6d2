// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Cholesky's factor of a matrix over levels, which are taken in a fill-reducing order.
struct PrecisionFactor: ~Copyable {
  private var factor: SparseCholesky
  /// Place in the factor → level.
  private let order: [Int]

  /// - Parameters:
  ///   - diagonal: Of the matrix.
  ///   - edges: Its entries below the diagonal, by column, then row.
  /// - Throws: `CholmodError`; one that is not positive definite names the level as its column.
  init(_ diagonal: [Double], _ edges: [SparsePrecision.Edge]) throws(CholmodError) {
    var starts = [0]
    var (rows, values): ([Int], [Double]) = ([], [])
    var next = edges[...]
    for level in diagonal.indices {
      rows.append(level)
      values.append(diagonal[level])
      while let edge = next.first, edge.column == level {
        rows.append(Int(edge.row))
        values.append(edge.value)
        next.removeFirst()
      }
      starts.append(rows.count)
    }
    let pattern = SymmetricPattern(size: diagonal.count, columnStarts: starts, rowIndices: rows)
    let order = try fillReducingOrder(pattern)
    let (permuted, source) = pattern.permuted(by: order)
    var factor = try SparseCholesky(analyzing: permuted)
    do { try factor.factorize(source.map { values[$0] }) } catch {
      guard case .notPositiveDefinite(let column) = error else { throw error }
      throw .notPositiveDefinite(column: order[column])
    }
    self.factor = factor
    self.order = order
  }

  var logDeterminant: Double { factor.logDeterminant(0..<order.count) }

  /// Of the matrix's inverse.
  ///
  /// - Throws: `CholmodError`
  mutating func inverseDiagonal() throws(CholmodError) -> [Double] {
    let inverse = try factor.inverseSubset(leading: order.count)
    var diagonal = [Double](repeating: 0, count: order.count)
    for (place, level) in order.enumerated() { diagonal[level] = inverse.lookup(place, place)! }
    return diagonal
  }
}
