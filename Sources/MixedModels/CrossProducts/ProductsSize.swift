// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// Bytes of cross-products by the numbers of cells and levels alone, so that there is a message where
/// they would not fit, before anything is allocated.
///
/// A factor with many levels among the fixed effects is the usual reason: its columns meet each other
/// and each level of each grouping factor.
struct ProductsSize {
  private let basis: RawBasis
  /// Cells of every cell set.
  private let counts: [Int]
  /// Columns of [y X].
  let fixedColumns: Int
  /// Columns of Z, group by group.
  let groupColumns: [Int]

  init(_ basis: RawBasis, counts: [Int]) {
    (self.basis, self.counts) = (basis, counts)
    fixedColumns = 1 + Self.columns(basis.fixed, counts)
    groupColumns = basis.groups.map { Self.columns($0.blocks, counts) }
  }

  private static func columns(_ blocks: [ColumnBlock], _ counts: [Int]) -> Int {
    blocks.reduce(0) { $0 + $1.monomials.count * ($1.cellSet.map { counts[$0] } ?? 1) }
  }

  /// Of `copies` arrays of the products of fixed-effects columns.
  ///
  /// - Throws: `FitError.memoryShortage`
  func checkFixed(copies: Int) throws(FitError) {
    let p = Double(fixedColumns)
    try check(
      8 * Double(copies) * p * p, "the products of \(fixedColumns - 1) fixed-effects columns\(cause)")
  }

  /// Of products of Z's columns and of these with [y X], for all levels.
  ///
  /// - Parameter held: Bytes of them that are there already.
  /// - Throws: `FitError.memoryShortage`
  func checkLevels(held: Int = 0, copies: Int = 1) throws(FitError) {
    let p = Double(fixedColumns)
    var levels = zip(basis.groups, groupColumns).map { group, columns in
      let z = Double(columns)
      return (set: group.cellSet, columns: columns, bytes: 8 * Double(counts[group.cellSet]) * z * (z + p))
    }
    if let set = basis.clusters?.cellSet {
      levels.append((set, fixedColumns - 1, 8 * Double(counts[set]) * p * p))
    }
    guard let most = levels.max(by: { $0.bytes < $1.bytes }) else { return }
    try check(
      Double(copies) * levels.reduce(0) { $0 + $1.bytes } - Double(held),
      "the products of \(counts[most.set]) levels of \(basis.name(ofCellSet: most.set)) (\(most.columns) columns) with \(fixedColumns - 1) fixed-effects columns\(cause)"
    )
  }

  /// Of the pairs of grouping factors, however few levels they have.
  ///
  /// - Throws: `FitError.memoryShortage`
  static func checkPairs(ofGroups count: Int) throws(FitError) {
    let pairs = Double(count) * Double(count - 1) / 2
    try check(
      pairs * pairBytes, "the pairs of \(count) grouping factors",
      "Take out random-effects terms.")
  }

  /// Of a pair of grouping factors without levels.
  private static let pairBytes = 512.0

  private func check(_ bytes: Double, _ what: String) throws(FitError) {
    try Self.check(
      bytes, what,
      "Absorb a factor with many levels, y ~ x | factor, make it a random effect, (1 | factor), merge its levels, or take it out; a column of numbers that was read as text needs its values corrected."
    )
  }

  private static func check(
    _ bytes: Double, _ what: String, _ remedy: String
  ) throws(FitError) {
    do throws(MemoryShortage) {
      try requireMemory(bytes, for: what, remedy: remedy)
    } catch { throw .memoryShortage(error.description) }
  }

  /// The factor that makes most of X's columns: ` (id has 50000 levels)`.
  private var cause: String {
    let cells = basis.fixed.compactMap(\.cellSet).max { counts[$0] < counts[$1] }
    guard let cells, counts[cells] > 1 else { return "" }
    return " (\(basis.name(ofCellSet: cells)) has \(counts[cells]) levels)"
  }
}

extension RawBasis {
  /// As R writes the factor or the interaction: `a:b`.
  func name(ofCellSet index: Int) -> String {
    switch cellSets[index] {
    case .factor(let factor):
      switch factors[factor] {
      case .column(let name): return name
      case .logical(let expression): return expression.deparsed
      }
    case .product(let left, let right):
      return name(ofCellSet: left) + ":" + name(ofCellSet: right)
    }
  }
}
