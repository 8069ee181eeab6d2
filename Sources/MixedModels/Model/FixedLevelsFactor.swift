// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The Cholesky factor of DᵀWD for the levels of absorbed factors, and which of these are redundant.
final class FixedLevelsFactor: FixedLevelsSystem {
  private var factor: SparseCholesky
  /// Place in the factor → level, factor after factor.
  private let order: [Int]
  /// Level after level, factor after factor.
  let isRedundant: [Bool]

  /// The multiple of its square that leaves a level no room.
  static let holdingSquare = 1e16
  /// A pivot smaller than this part of its own square is rounding.
  private static let tolerance = 1e-10
  /// Nested dissection of more levels takes longer than it saves.
  private static let largestDissected = 100_000
  /// Dependencies among three or more factors that no pair of them has; each takes another factorization.
  private static let mostDependencies = 500

  /// - Parameter holdsRedundant: Whether redundant levels are held at 0, so that they have no part in the
  ///   inverse. Else they have twice their squares, which is the same to answers.
  /// - Throws: `CholmodError`; `FitError` where memory, or the time that looking for dependencies may take, ends.
  init(_ products: FixedLevelsProducts, holdsRedundant: Bool = false) throws {
    let (squares, pairs, names) = (products.squares, products.pairs, products.names)
    let (counts, starts, dropsLast) = (squares.map(\.count), products.starts, products.dropsLast)
    let diagonal = squares.flatMap(\.self)
    var redundant = products.within ?? diagonal.map { _ in false }
    // With two factors these are all; every pair of them with the first is independent of the others.
    for pair in pairs where pair.rowGroup == 0 && products.within == nil {
      let (b, joint) = (pair.columnGroup, zip(pair.rowLevels, pair.columnLevels))
      for level in LevelComponents.redundantLevels(
        (counts[0], counts[b]), joint, prefersLast: dropsLast)
      {
        redundant[starts[b] + level] = true
      }
    }
    let (pattern, values) = Self.lowerTriangle(diagonal, pairs, starts)
    let order = try fillReducingOrder(
      pattern, method: diagonal.count > Self.largestDissected ? .minimumDegree : .automatic)
    let (permuted, source) = pattern.permuted(by: order)
    var factor = try SparseCholesky(analyzing: permuted)
    do throws(MemoryShortage) {
      try requireMemory(
        2 * Double(factor.factorBytes) + Double(factor.updateBytes),
        for: "the equations of the absorbed factors \(names.joined(separator: ", "))",
        remedy: "Absorb fewer of them, or make the one with the most levels a random term.")
    } catch { throw FitError.memoryShortage(error.description) }
    let entryOfDiagonal = order.indices.map { permuted.columnStarts[$0] }
    var ordered = source.map { values[$0] }
    for (place, level) in order.enumerated() where redundant[level] && products.within == nil {
      ordered[entryOfDiagonal[place]] *= 2
    }
    var found = 0
    while let place = try Self.dependency(&factor, ordered, order, diagonal) {
      found += 1
      guard counts.count > 2, products.within == nil, found <= Self.mostDependencies, !redundant[order[place]] else {
        throw FitError.numerical(
          "the levels of the absorbed factors \(names.joined(separator: ", ")) depend on each other in too many ways. Absorb fewer factors, or combine two of them, such as a:b"
        )
      }
      redundant[order[place]] = true
      ordered[entryOfDiagonal[place]] *= 2
    }
    if holdsRedundant {
      for (place, level) in order.enumerated() where redundant[level] {
        ordered[entryOfDiagonal[place]] = Self.holdingSquare * diagonal[level]
      }
      try factor.factorize(ordered)
    }
    self.factor = factor
    self.order = order
    isRedundant = redundant
  }

  /// The first place whose column is a combination of those before.
  ///
  /// - Throws: `CholmodError`
  private static func dependency(
    _ factor: inout SparseCholesky, _ values: [Double], _ order: [Int], _ diagonal: [Double]
  ) throws(CholmodError) -> Int? {
    do {
      try factor.factorize(values)
    } catch {
      guard case .notPositiveDefinite(let place) = error else { throw error }
      return place
    }
    return order.indices.first { place in
      let pivot = factor.diagonal(place)
      return pivot * pivot <= tolerance * diagonal[order[place]]
    }
  }

  /// Overwrites `b`, levels × columns, with (DᵀWD)⁻b.
  ///
  /// - Throws: `CholmodError`
  func solve(_ b: inout DenseMatrix) throws(CholmodError) {
    var permuted = b
    for c in 0..<b.columns {
      for (place, level) in order.enumerated() { permuted[place, c] = b[level, c] }
    }
    try factor.solve(&permuted)
    for c in 0..<b.columns {
      for (place, level) in order.enumerated() {
        b[level, c] = isRedundant[level] ? 0 : permuted[place, c]
      }
    }
  }

  /// A factor's answers leave nothing that another product would mend.
  func explained(_ b: DenseMatrix, _ F: DenseMatrix) -> DenseMatrix { b.multipliedByTransposeOnLeft(F) }

  /// Of (DᵀWD)⁻, where redundant levels are held at 0.
  ///
  /// - Throws: `CholmodError`
  func inverseDiagonal() throws(CholmodError) -> [Double] {
    let inverse = try factor.inverseSubset(leading: order.count)
    var diagonal = [Double](repeating: 0, count: order.count)
    for (place, level) in order.enumerated() { diagonal[level] = inverse.lookup(place, place)! }
    return diagonal
  }

  /// The diagonal of (DᵀWD)⁻, redundant levels held at 0, and its entries for pairs of levels that occur
  /// together, set after set.
  ///
  /// - Parameter pairs: For every set the first level of both factors, and the levels of each.
  /// - Throws: `CholmodError`
  func inverseEntries(
    _ pairs: [(firstRow: Int, firstColumn: Int, rows: [Int32], columns: [Int32])]
  ) throws(CholmodError) -> (own: [Double], joint: [[Double]]) {
    let inverse = try factor.inverseSubset(leading: order.count)
    var place = [Int](repeating: 0, count: order.count)
    for (k, level) in order.enumerated() { place[level] = k }
    let own = place.indices.map { isRedundant[$0] ? 0 : inverse.lookup(place[$0], place[$0])! }
    let joint = pairs.map { pair in
      zip(pair.rows, pair.columns).map { row, column in
        let (i, j) = (pair.firstRow + Int(row), pair.firstColumn + Int(column))
        return isRedundant[i] || isRedundant[j] ? 0 : inverse.lookup(place[i], place[j])!
      }
    }
    return (own, joint)
  }

  /// log |DᵀWD|, redundant levels with twice their squares included.
  var logDeterminant: Double? { factor.logDeterminant(0..<order.count) }

  private static func lowerTriangle(
    _ diagonal: [Double], _ pairs: [CoOccurrence], _ starts: [Int]
  ) -> (SymmetricPattern, [Double]) {
    let count = diagonal.count
    var columnStarts = [Int](repeating: 0, count: count + 1)
    for pair in pairs {
      for level in pair.rowLevels { columnStarts[starts[pair.rowGroup] + Int(level) + 1] += 1 }
    }
    for k in 0..<count { columnStarts[k + 1] += columnStarts[k] + 1 }
    var next = columnStarts
    var rows = [Int](repeating: 0, count: columnStarts[count])
    var values = [Double](repeating: 0, count: columnStarts[count])
    for k in 0..<count {
      (rows[next[k]], values[next[k]]) = (k, diagonal[k])
      next[k] += 1
    }
    // Pairs come sorted by row level, then column level, and their groups ascend: so do rows here.
    for pair in pairs {
      for k in pair.rowLevels.indices {
        let column = starts[pair.rowGroup] + Int(pair.rowLevels[k])
        rows[next[column]] = starts[pair.columnGroup] + Int(pair.columnLevels[k])
        values[next[column]] = pair.blocks[k]
        next[column] += 1
      }
    }
    return (SymmetricPattern(size: count, columnStarts: columnStarts, rowIndices: rows), values)
  }
}
