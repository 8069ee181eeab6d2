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
  /// nil where rows are independent.
  let times: [Double]?
  /// By place in the basis; empty where they are not needed, as are the factors.
  let atoms: [[Double]]
  let factors: [(labels: LevelDictionary, codes: [Int32])]
  private let needs: RowNeeds
  private let columns: ChunkColumns

  init(_ chunk: TableChunk, _ needs: RowNeeds) throws {
    let columns = ChunkColumns(
      chunk: chunk, lookup: needs.columns, means: needs.basis.groupMeans)
    (count, self.needs, self.columns) = (chunk.rowCount, needs, columns)
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
    times = try needs.time.map { try columns.values($0) }
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

  /// A mean by groups, or what lies above it.
  func values(_ mean: GroupMean) throws -> [Double] { try columns.values(mean) }

  /// Rows that have a value, but of a group that the rows of the fit have none of, with the first mean by
  /// groups that is needed and not known there, and the group's label.
  func rowsOfUnknownGroups() throws -> [(row: Int, mean: GroupMean, label: String)] {
    var found: [Int: (mean: GroupMean, label: String)] = [:]
    for mean in needs.groupMeans {
      let column = columns[mean.source.group]
      guard let known = needs.basis.groupMeans[mean.source] else { continue }
      let rows = known.unknown(ofRows: column.codes, column.labels)
      guard !rows.isEmpty else { continue }
      let x = try columns.values(mean.source.value)
      for row in rows where !x[row].isNaN && found[row] == nil {
        found[row] = (mean, column.labels.label(column.codes[row]))
      }
    }
    return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value.mean, $0.value.label) }
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

  /// The rows of a fit: those without a missing value; nil for all.
  ///
  /// - Throws: `RowError` for an infinite value in them, and for a missing one unless it is omitted.
  func completeRows(omitsMissing: Bool) throws -> [Int]? {
    let all = [adjustedResponse] + atoms + [weights, times].compactMap(\.self)
    if all.allSatisfy(Self.areFinite), factors.allSatisfy({ Self.areThere($0.codes) }) { return nil }
    let isComplete = complete(all)
    if !omitsMissing, let row = isComplete.firstIndex(of: false) {
      throw RowError(
        row: row, column: nil,
        message:
          "a value that the model uses is missing. Fill it in, or let \(Setting.omitsMissing(true)) leave such rows out"
      )
    }
    let expressions =
      [needs.basis.response] + needs.basis.atoms.map(\.expression) + [needs.time].compactMap(\.self)
    let numbers = [adjustedResponse] + atoms + [times].compactMap(\.self)
    for (expression, values) in zip(expressions, numbers) {
      try Self.checkFinite(
        values, expression, remedy: "Correct the value, or write NA to leave the row out."
      ) { isComplete[$0] }
    }
    let kept = isComplete.indices.filter { isComplete[$0] }
    return kept.count == count ? nil : kept
  }

  /// In how many rows an expression is no number although its columns have values, such as the logarithm of a
  /// negative one.
  var undefinedCounts: [String: Int] {
    var counts: [String: Int] = [:]
    let atoms = zip(needs.basis.atoms.map(\.expression), atoms)
    for (expression, values) in [(needs.basis.response, response)] + atoms {
      let used = expression.columns.map { columns[$0] }
      let count = values.indices.count { row in values[row].isNaN && used.allSatisfy { $0.hasValue(row) } }
      if count > 0 { counts[expression.deparsed] = count }
    }
    return counts
  }

  /// Eight at a time: 0 · x is 0 for finite numbers alone.
  private static func areFinite(_ values: [Double]) -> Bool {
    values.withUnsafeBufferPointer { values in
      var sum = SIMD8<Double>.zero
      let whole = values.count & ~7
      for first in stride(from: 0, to: whole, by: 8) {
        let some = UnsafeRawPointer(values.baseAddress! + first).loadUnaligned(as: SIMD8<Double>.self)
        sum += some * 0
      }
      return sum == .zero && values[whole...].allSatisfy(\.isFinite)
    }
  }

  private static func areThere(_ codes: [Int32]) -> Bool { codes.reduce(0, |) >= 0 }
}

/// The columns of a chunk by their names.
struct ChunkColumns {
  let chunk: TableChunk
  let lookup: ColumnLookup
  /// What means by groups the first pass found.
  var means: [GroupMean.Source: LevelMeans] = [:]

  subscript(name: String) -> ColumnChunk { chunk.columns[lookup.index(name)] }

  /// The value of an expression in every row.
  func values(_ expression: Expression) throws(EvaluationError) -> [Double] {
    let textColumns = expression.textColumns
    return try evaluate(expression, count: chunk.rowCount, groupMean: values) { name in
      let column = self[name]
      if textColumns.contains(name) {
        return .labels(codes: column.codes, labels: column.labels.labels)
      }
      return .numbers(column.numbers)
    }
  }

  /// A mean by groups in every row, or what lies above it; NaN where the group is missing or has none.
  func values(_ mean: GroupMean) throws(EvaluationError) -> [Double] {
    let column = self[mean.source.group]
    guard let known = means[mean.source] else {
      throw .notRowwise(expression: mean.name)
    }
    let means = known.values(ofRows: column.codes, column.labels)
    guard mean.isDeviation else { return means }
    return zip(try values(mean.source.value), means).map { $0 - $1 }
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
