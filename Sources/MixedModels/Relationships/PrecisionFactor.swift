// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Cholesky's factor of a matrix over levels, which are taken in a fill-reducing order.
struct PrecisionFactor: ~Copyable {
  private var factor: SparseCholesky
  /// Place in the factor → level.
  let order: [Int]

  /// - Parameters:
  ///   - diagonal: Of the matrix.
  ///   - edges: Its entries below the diagonal, by column, then row.
  ///   - known: The order of elimination, where there is one from before.
  /// - Throws: `CholmodError`; one that is not positive definite names the level as its column.
  init(
    _ diagonal: [Double], _ edges: [SparsePrecision.Edge], order known: [Int]? = nil
  ) throws(CholmodError) {
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
    let order: [Int]
    if let known { order = known } else { order = try fillReducingOrder(pattern) }
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

  /// Calls `body` with the level and value of each entry of a column, beginning at the diagonal.
  func forEachEntry(ofColumn place: Int, _ body: (_ level: Int, _ value: Double) -> Void) {
    factor.forEachEntry(ofColumn: place) { body(order[$0], $1) }
  }

  /// The inverse's rows and columns of some levels, dense.
  ///
  /// - Throws: `CholmodError`
  mutating func inverse(of levels: [Int]) throws(CholmodError) -> DenseMatrix {
    var places = [Int](repeating: 0, count: order.count)
    for (place, level) in order.enumerated() { places[level] = place }
    var result = DenseMatrix(rows: levels.count, columns: levels.count)
    for (c, level) in levels.enumerated() {
      var column = [Double](repeating: 0, count: order.count)
      column[places[level]] = 1
      try factor.solve(&column)
      for (r, other) in levels.enumerated() { result[r, c] = column[places[other]] }
    }
    return result
  }

  /// The inverse at the places of entries off the diagonal.
  ///
  /// - Throws: `CholmodError`
  mutating func inverse(at edges: [SparsePrecision.Edge]) throws(CholmodError) -> [Double] {
    let inverse = try factor.inverseSubset(leading: order.count)
    var places = [Int](repeating: 0, count: order.count)
    for (place, level) in order.enumerated() { places[level] = place }
    return edges.map { inverse.lookup(places[Int($0.row)], places[Int($0.column)])! }
  }

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
