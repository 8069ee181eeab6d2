// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames

/// The rows of one chunk in the terms of a model that was fitted to others: the numbers as
/// polynomials, the factors in the fit's codes.
struct NewRows: Sendable {
  /// A level of a grouping factor that the fit has not seen.
  static let newLevel: Int32 = -2

  /// What becomes of a row with a level or a combination that the fit has not seen.
  enum Unseen {
    case refused
    /// Levels of grouping factors are allowed.
    case allowedInGroups
    /// The caller leaves such rows out.
    case ignored
  }

  let count: Int
  /// Whether all that the prediction needs is there.
  var isComplete: [Bool]
  /// T₁, T₂, … of the needed atoms; empty for others.
  let polynomials: [[[Double]]]
  /// For every needed cell set the code of every row, −1: missing, `newLevel`: unseen.
  let cells: [[Int32]]
  let offset: [Double]
  /// As the formula has it, `log(y)`; empty if it is not wanted.
  let response: [Double]
  /// 1 where there are none.
  let weights: [Double]

  /// - Throws: `RowError` for a level or a combination of levels that the fit has not seen, where
  ///   it matters; for infinite values; for weights that are not positive.
  init(
    _ chunk: TableChunk, _ design: NewRowDesign, _ levels: FittedLevels, unseen: Unseen
  ) throws {
    let reader = ChunkValues(chunk: chunk, columns: design.columns)
    count = chunk.rowCount
    var complete = [Bool](repeating: true, count: count)
    func note(_ values: [Double], _ name: String) throws {
      for row in values.indices where !values[row].isFinite {
        if values[row].isNaN { complete[row] = false } else { throw infinite(row, name) }
      }
    }
    var polynomials = [[[Double]]](repeating: [], count: design.basis.atoms.count)
    for a in design.atoms {
      let atom = design.basis.atoms[a]
      let values = try reader.values(atom.expression)
      try note(values, atom.expression.deparsed)
      polynomials[a] = Chebyshev.evaluate(
        values.map { ($0 - atom.shift) / atom.scale }, degree: atom.degree)
    }
    self.polynomials = polynomials

    var offset = [Double](repeating: 0, count: count)
    for expression in design.offsets {
      let values = try reader.values(expression)
      try note(values, expression.deparsed)
      for row in values.indices { offset[row] += values[row] }
    }
    self.offset = offset
    response = try design.response.map { try reader.values($0) } ?? []
    weights = try Self.weights(design.weights, reader, count)

    cells = try levels.cells(of: reader, design)
    for set in design.cellSets {
      for row in cells[set].indices where cells[set][row] == -1 { complete[row] = false }
    }
    isComplete = complete
    let refusals = Self.refusals(design, unseen)
    // The fit left rows without a response or weight out, and has not seen levels of theirs alone.
    for row in 0..<count where isLeftOut(row) {
      if refusals.contains(where: { meets($0, row, design) }) { isComplete[row] = false }
    }
    try checkCells(chunk, design, levels, refusals)
  }

  /// Whether the response or the weight of a row was asked for and is missing.
  private func isLeftOut(_ row: Int) -> Bool {
    (!response.isEmpty && response[row].isNaN) || weights[row].isNaN
  }

  /// Cells of a set that are refused if they are new, or only if a level of theirs is.
  private struct Refusal {
    var set: Int
    var isGrouping = false
    var ifLevelIsNew = false
  }

  private static func refusals(_ design: NewRowDesign, _ unseen: Unseen) -> [Refusal] {
    guard unseen != .ignored else { return [] }
    let fixed = design.fixedCellSets.map { Refusal(set: $0, ifLevelIsNew: true) }
    let blocks = design.groups.compactMap(\.self).flatMap(\.blocks).compactMap(\.cellSet)
    let random = blocks.map { Refusal(set: $0) }
    guard unseen == .refused else { return fixed + random }
    let groups = design.groups.indices.filter { design.groups[$0] != nil }
    return fixed + random
      + groups.map { Refusal(set: design.basis.groups[$0].cellSet, isGrouping: true) }
  }

  private func meets(_ refusal: Refusal, _ row: Int, _ design: NewRowDesign) -> Bool {
    cells[refusal.set][row] == Self.newLevel
      && (!refusal.ifLevelIsNew || hasNewLevel(row, refusal.set, design))
  }

  /// NaN where missing.
  private static func weights(
    _ name: String?, _ reader: ChunkValues, _ count: Int
  ) throws -> [Double] {
    guard let name else { return Array(repeating: 1, count: count) }
    let weights = try reader.values(.column(name))
    if let row = weights.indices.first(where: { weights[$0] <= 0 }) {
      throw RowError(
        row: row, column: name,
        message: "the weight \(weights[row]) is not positive.",
        remedy: "Weights are inverse variances; write NA where there is none.")
    }
    return weights
  }

  /// New levels have no coefficient, unless they are those of a grouping factor and allowed; nor have
  /// combinations in the random part that the fit has not seen.
  ///
  /// A row without a prediction needs no coefficient.
  private func checkCells(
    _ chunk: TableChunk, _ design: NewRowDesign, _ levels: FittedLevels, _ refusals: [Refusal]
  ) throws {
    var first: (row: Int, set: Int, isGrouping: Bool)?
    for refusal in refusals {
      let row = cells[refusal.set].indices.first { isComplete[$0] && meets(refusal, $0, design) }
      if let row, row < first?.row ?? .max { first = (row, refusal.set, refusal.isGrouping) }
    }
    if let first {
      throw levels.unseen(
        row: first.row, set: first.set, cells, chunk, design, isGrouping: first.isGrouping)
    }
  }

  /// Whether one of the levels that a cell combines is new, and not only their combination.
  private func hasNewLevel(_ row: Int, _ set: Int, _ design: NewRowDesign) -> Bool {
    switch design.basis.cellSets[set] {
    case .factor: cells[set][row] == Self.newLevel
    case .product(let left, let right):
      hasNewLevel(row, left, design) || hasNewLevel(row, right, design)
    }
  }

  /// Rows with a new combination of known levels in a term of X.
  func rowsOfNewCombinations(_ design: NewRowDesign) -> [Int] {
    let sets = design.fixedCellSets
    guard sets.contains(where: { cells[$0].contains(Self.newLevel) }) else { return [] }
    return (0..<count).filter { row in
      sets.contains { cells[$0][row] == Self.newLevel && !hasNewLevel(row, $0, design) }
    }
  }
}

private func infinite(_ row: Int, _ name: String) -> RowError {
  RowError(
    row: row, message: "\(name) is infinite here.",
    remedy: "Correct the value, or write NA to have no prediction.")
}

/// Expressions over the rows of a chunk.
struct ChunkValues {
  let chunk: TableChunk
  let columns: ColumnLookup

  func column(_ name: String) -> ColumnChunk { chunk.columns[columns.index(name)] }

  func values(_ expression: Expression) throws -> [Double] {
    let textColumns = expression.textColumns
    return try evaluate(expression, count: chunk.rowCount) { name in
      let column = column(name)
      if textColumns.contains(name) {
        return .labels(codes: column.codes, labels: column.labels.labels)
      }
      return .numbers(column.numbers)
    }
  }
}
