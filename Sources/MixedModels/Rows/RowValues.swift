// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// A model's expressions, evaluated for all rows of a chunk, missing ones included.
struct RowValues {
  let count: Int
  /// As the formula has it, `log(y)`; empty if it is not needed.
  let response: [Double]
  let offsets: [[Double]]
  /// Σ of the offsets.
  let offset: [Double]
  /// response − offset.
  let adjustedResponse: [Double]
  /// nil where there are none.
  let weights: [Double]?
  /// By place in the basis; empty where they are not needed, as are the factors.
  let atoms: [[Double]]
  let factors: [(labels: LevelDictionary, codes: [Int32])]
  private let needs: RowNeeds

  init(_ chunk: TableChunk, _ needs: RowNeeds) throws {
    let columns = ChunkColumns(chunk: chunk, lookup: needs.columns)
    (count, self.needs) = (chunk.rowCount, needs)
    offsets = try needs.offsets.map { try columns.values($0) }
    let response = try needs.response.map { try columns.values($0) } ?? []
    var offset = [Double](repeating: 0, count: chunk.rowCount)
    var adjusted = response
    for values in offsets { for row in values.indices { offset[row] += values[row] } }
    if !offsets.isEmpty { for row in adjusted.indices { adjusted[row] -= offset[row] } }
    (self.response, self.offset, adjustedResponse) = (response, offset, adjusted)
    var atoms = [[Double]](repeating: [], count: needs.basis.atoms.count)
    for a in needs.atoms { atoms[a] = try columns.values(needs.basis.atoms[a].expression) }
    self.atoms = atoms
    weights = try needs.weights.map { try columns.values($0) }
    let none = (labels: LevelDictionary(), codes: [Int32]())
    var factors = Array(repeating: none, count: needs.basis.factors.count)
    for f in needs.factors { factors[f] = try columns.factor(needs.basis.factors[f]) }
    self.factors = factors
  }

  /// The values of one chunk for a fit.
  ///
  /// - Throws: `RowError` for a weight that is not positive.
  init(_ chunk: TableChunk, basis: RawBasis, columns: ColumnLookup) throws {
    try self.init(chunk, RowNeeds(basis, columns))
    try checkWeights(remedy: "Weights are inverse variances; remove rows that must not count.")
  }

  /// T₁, T₂, … of an atom.
  func polynomials(_ a: Int) -> [[Double]] {
    needs.basis.atoms[a].columns(atoms[a])
  }

  /// - Throws: `RowError` for a weight that is not positive.
  func checkWeights(remedy: String) throws {
    guard let row = weights?.firstIndex(where: { $0 <= 0 }) else { return }
    throw RowError(
      row: row, column: needs.weights?.deparsed, message: "the weight \(weights![row]) is not positive.",
      remedy: remedy)
  }

  /// Which rows miss none of some values, nor a factor.
  func complete(_ values: [[Double]]) -> [Bool] {
    var isComplete = [Bool](repeating: true, count: count)
    for values in values {
      for row in values.indices where values[row].isNaN { isComplete[row] = false }
    }
    for (_, codes) in factors {
      for row in codes.indices where codes[row] < 0 { isComplete[row] = false }
    }
    return isComplete
  }

  /// - Throws: `RowError` for an infinite value among some of the rows.
  static func checkFinite(
    _ values: [Double], _ expression: Expression, remedy: String,
    where isIncluded: (Int) -> Bool = { _ in true }
  ) throws {
    guard let row = values.indices.first(where: { isIncluded($0) && values[$0].isInfinite }) else {
      return
    }
    throw RowError(
      row: row, message: "\(expression.deparsed) is infinite here.", remedy: remedy)
  }
}

extension RowValues {
  /// The rows with finite numbers, for a first look at the data.
  var usableRows: [Int] {
    adjustedResponse.indices.filter { row in
      adjustedResponse[row].isFinite && atoms.allSatisfy { $0[row].isFinite }
        && weights?[row].isFinite != false
    }
  }

  /// The rows of a fit: those without a missing value.
  ///
  /// - Throws: `RowError` for an infinite value in them, and for a missing one unless it is omitted.
  func completeRows(omitsMissing: Bool) throws -> [Int] {
    let isComplete = complete([adjustedResponse] + atoms + (weights.map { [$0] } ?? []))
    if !omitsMissing, let row = isComplete.firstIndex(of: false) {
      throw RowError(
        row: row, column: nil,
        message:
          "a value that the model uses is missing. Fill it in, or let \(Setting.omitsMissing(true)) leave such rows out"
      )
    }
    let expressions = [needs.basis.response] + needs.basis.atoms.map(\.expression)
    for (expression, values) in zip(expressions, [adjustedResponse] + atoms) {
      try Self.checkFinite(
        values, expression, remedy: "Correct the value, or write NA to leave the row out."
      ) { isComplete[$0] }
    }
    return isComplete.indices.filter { isComplete[$0] }
  }
}

/// The columns of a chunk by their names.
struct ChunkColumns {
  let chunk: TableChunk
  let lookup: ColumnLookup

  subscript(name: String) -> ColumnChunk { chunk.columns[lookup.index(name)] }

  /// The value of an expression in every row.
  func values(_ expression: Expression) throws -> [Double] {
    let textColumns = expression.textColumns
    return try evaluate(expression, count: chunk.rowCount) { name in
      let column = self[name]
      if textColumns.contains(name) {
        return .labels(codes: column.codes, labels: column.labels.labels)
      }
      return .numbers(column.numbers)
    }
  }

  /// The levels of a factor in every row, −1 where missing.
  func factor(_ source: FactorSource) throws -> (labels: LevelDictionary, codes: [Int32]) {
    switch source {
    case .column(let name): (self[name].labels, self[name].codes)
    case .logical(let expression):
      (
        Self.logicalLevels,
        try values(expression).map { $0.isNaN ? -1 : $0 != 0 ? 1 : 0 }
      )
    }
  }

  private static let logicalLevels: LevelDictionary = {
    var levels = LevelDictionary()
    for label in ["FALSE", "TRUE"] { _ = levels.code(for: label) }
    return levels
  }()
}
