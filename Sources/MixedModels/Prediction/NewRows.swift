// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames

/// The rows of one chunk in the terms of a model that was fitted to others: the numbers as
/// polynomials, the factors in the fit's codes.
struct NewRows: Sendable {
  /// What becomes of a row with a level or a combination that the fit has not seen.
  enum Unseen {
    case refused
    /// Levels of grouping factors are allowed.
    case allowedInGroups
    /// The caller leaves such rows out.
    case ignored
  }

  /// The needed atoms and cells; `KnownCells.new` where the fit has not seen one.
  let terms: RowTerms
  /// For every group that takes part the level of each row, −1 where a factor is missing,
  /// `KnownCells.new` where the model has none.
  let levels: [[Int32]]
  /// Whether all that the prediction needs is there.
  var isComplete: [Bool]
  let offset: [Double]
  /// As the formula has it, `log(y)`; empty if it is not wanted.
  let response: [Double]
  /// 1 where there are none, times (σ/σ_s)² of a residual stratum; NaN where missing.
  let weights: [Double]
  /// Where rows are correlated in time and that is wanted; else empty.
  let times: [Double]
  /// Complete rows but for a mean by groups that the fit does not know, and that mean's name.
  let withoutMeans: [(row: Int, column: String)]
  private let factors: [(labels: LevelDictionary, codes: [Int32])]

  var count: Int { terms.count }
  var polynomials: [[[Double]]] { terms.polynomials }
  var cells: [[Int32]] { terms.cells }

  /// - Throws: `RowError` for a level or a combination of levels that the fit has not seen, where
  ///   it matters; for infinite values; for weights that are not positive.
  init(
    _ chunk: TableChunk, _ design: NewRowDesign, _ known: KnownLevels, unseen: Unseen
  ) throws {
    let values = try RowValues(chunk, design.needs)
    let numbers = try Self.finiteNumbers(values, design.needs)
    try values.checkWeights(
      remedy: "Weights are inverse variances; write NA where there is none.")
    (offset, response, factors) = (values.offset, values.response, values.factors)
    times = values.times ?? []
    var polynomials = values.atoms.map { _ in [[Double]]() }
    for a in design.needs.atoms { polynomials[a] = values.polynomials(a) }
    let cells = RowCells(
      design.basis.cellSets, needed: design.cellSets, values.factors, areComplete: false)
    let codes = known.cells.codes(of: cells)
    let prior = values.weights ?? Array(repeating: 1, count: values.count)
    weights =
      design.strata.map { strata in
        zip(prior, strata(codes)).map { $0 * $1 }
      } ?? prior
    terms = RowTerms(count: values.count, polynomials: polynomials, cells: codes)
    levels = design.groups.indices.map {
      design.groups[$0] == nil ? [] : known.levels($0, cells, codes)
    }
    isComplete = values.complete(numbers)
    let unknown = try values.rowsOfUnknownGroups()
    withoutMeans = unknown.map { ($0.row, $0.mean.name) }
    if unseen == .refused, let first = unknown.first(where: { !isLeftOut($0.row) }) {
      throw Self.unknownGroup(first.row, first.mean, first.label)
    }
    let refusals = Self.refusals(design, unseen)
    // The fit left rows without a response or weight out, and has not seen levels of theirs alone.
    for row in 0..<count where isLeftOut(row) {
      if refusals.contains(where: { meets($0, row, design) }) { isComplete[row] = false }
    }
    try checkCells(design, refusals)
  }

  /// What must be there for a prediction.
  ///
  /// - Throws: `RowError` for an infinite value.
  private static func finiteNumbers(_ values: RowValues, _ needs: RowNeeds) throws -> [[Double]] {
    let expressions =
      needs.atoms.map { needs.basis.atoms[$0].expression } + needs.offsets
      + [needs.time].compactMap(\.self)
    let numbers =
      needs.atoms.map { values.atoms[$0] } + values.offsets + [values.times].compactMap(\.self)
    for (expression, numbers) in zip(expressions, numbers) {
      try RowValues.checkFinite(
        numbers, expression, remedy: "Correct the value, or write NA to have no prediction.")
    }
    return numbers
  }

  /// The labels of a factor, and every row's code among them.
  func labels(_ factor: Int) -> (labels: LevelDictionary, codes: [Int32]) { factors[factor] }

  /// Whether the response or the weight of a row was asked for and is missing.
  private func isLeftOut(_ row: Int) -> Bool {
    (!response.isEmpty && response[row].isNaN) || weights[row].isNaN
  }

  /// Cells of a set that are refused if they are new, or only if a level of theirs is.
  private struct Refusal {
    var set: Int
    /// The group whose levels they are, of which the model may have more than those of its data.
    var group: Int?
    var ifLevelIsNew = false
  }

  private static func refusals(_ design: NewRowDesign, _ unseen: Unseen) -> [Refusal] {
    guard unseen != .ignored else { return [] }
    let fixed = design.fixedCellSets.map { Refusal(set: $0, ifLevelIsNew: true) }
    let blocks = design.groups.compactMap(\.self).flatMap(\.blocks).compactMap(\.cellSet)
    let random = blocks.map { Refusal(set: $0) }
    let groups = design.groups.indices.filter { g in
      design.groups[g] != nil && (unseen == .refused || design.basis.groups[g].isFixed)
    }
    return fixed + random
      + groups.map { Refusal(set: design.basis.groups[$0].cellSet, group: $0) }
  }

  private func meets(_ refusal: Refusal, _ row: Int, _ design: NewRowDesign) -> Bool {
    (refusal.group.map { levels[$0] } ?? cells[refusal.set])[row] == KnownCells.new
      && (!refusal.ifLevelIsNew || hasNewLevel(row, refusal.set, design))
  }

  /// New levels have no coefficient, unless they are those of a grouping factor and allowed; nor have
  /// combinations in the random part that the fit has not seen.
  ///
  /// A row without a prediction needs no coefficient.
  private func checkCells(
    _ design: NewRowDesign, _ refusals: [Refusal]
  ) throws {
    var first: (row: Int, set: Int, isGrouping: Bool)?
    for refusal in refusals {
      let row = cells[refusal.set].indices.first { isComplete[$0] && meets(refusal, $0, design) }
      if let row, row < first?.row ?? .max { first = (row, refusal.set, refusal.group.map { !design.basis.groups[$0].isFixed } ?? false) }
    }
    if let first {
      throw unseen(
        row: first.row, set: first.set, design.basis, isGrouping: first.isGrouping)
    }
  }

  /// Whether one of the levels that a cell combines is new, and not only their combination.
  private func hasNewLevel(_ row: Int, _ set: Int, _ design: NewRowDesign) -> Bool {
    switch design.basis.cellSets[set] {
    case .factor: cells[set][row] == KnownCells.new
    case .product(let left, let right):
      hasNewLevel(row, left, design) || hasNewLevel(row, right, design)
    }
  }

  /// Rows with a new combination of known levels in a term of X.
  func rowsOfNewCombinations(_ design: NewRowDesign) -> [Int] {
    let sets = design.fixedCellSets
    guard sets.contains(where: { cells[$0].contains(KnownCells.new) }) else { return [] }
    return (0..<count).filter { row in
      sets.contains { cells[$0][row] == KnownCells.new && !hasNewLevel(row, $0, design) }
    }
  }
}

extension NewRows {
  private static func unknownGroup(_ row: Int, _ mean: GroupMean, _ label: String) -> RowError {
    RowError(
      row: row, column: mean.source.group, value: label,
      message: "the rows of the fit have no such level, so that its \(mean.source.name) is not known.",
      remedy:
        "\(Setting.allowsNewLevels) leaves such rows without a prediction, NA. For predictions of new levels, fit the model with the means as a column of the table."
    )
  }

  /// The error for a row with a cell that the fit has not seen: names the level, or the levels
  /// whose combination is new.
  private func unseen(
    row: Int, set: Int, _ basis: RawBasis, isGrouping: Bool
  ) -> RowError {
    let factors = self.factors(of: set, basis).map { f, factorSet in
      let (labels, codes) = self.factors[f]
      return (
        name: basis.factors[f].name, label: codes[row] < 0 ? "NA" : labels.label(codes[row]),
        isNew: cells[factorSet][row] == KnownCells.new
      )
    }
    let remedy =
      isGrouping
      ? "Allow new levels with \(Setting.allowsNewLevels), which predicts with their random effects at zero, or leave them out with \(Setting.random("none"))."
      : "Such rows cannot be predicted; take them out, or fit the model to data that have them."
    if let new = factors.first(where: \.isNew) {
      return RowError(
        row: row, column: new.name, value: new.label,
        message: isGrouping
          ? "the fit has not seen this level of a grouping factor."
          : "the fit has no coefficient for this level.",
        remedy: remedy)
    }
    let cell = factors.map { "\($0.name) = \($0.label)" }.joined(separator: " and ")
    return RowError(
      row: row,
      message: "the fit has no row with \(cell), whose combination is a term of the model.",
      remedy: remedy)
  }

  /// The factors that a cell set is made of, and their own cell sets.
  private func factors(of set: Int, _ basis: RawBasis) -> [(factor: Int, set: Int)] {
    switch basis.cellSets[set] {
    case .factor(let f): [(f, set)]
    case .product(let left, let right): factors(of: left, basis) + factors(of: right, basis)
    }
  }
}
