// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// The levels of a fit's factors and their combinations, for rows that come later.
struct FittedLevels: Sendable {
  private let cellSets: [CellSet]
  /// For every factor of the basis that is needed.
  private let finders: [Int: LevelFinder]

  init(_ products: CrossProducts, _ design: NewRowDesign) {
    cellSets = products.cellSets
    var finders: [Int: LevelFinder] = [:]
    for set in design.cellSets {
      guard case .factor(let f) = design.basis.cellSets[set],
        case .factor(let dictionary) = products.cellSets[set]
      else { continue }
      finders[f] = LevelFinder(dictionary)
    }
    self.finders = finders
  }

  /// For every needed cell set the code of every row, −1: missing, `NewRows.newLevel`: unseen.
  func cells(of reader: ChunkValues, _ design: NewRowDesign) throws -> [[Int32]] {
    var cells = [[Int32]](repeating: [], count: cellSets.count)
    for set in design.cellSets {
      switch (design.basis.cellSets[set], cellSets[set]) {
      case (.factor(let f), .factor):
        cells[set] = try codes(f, design.basis.factors[f], reader)
      case (.product(let left, let right), .product(let pairs)):
        cells[set] = zip(cells[left], cells[right]).map { a, b in
          if a == -1 || b == -1 { return -1 }
          if a < 0 || b < 0 { return NewRows.newLevel }
          return pairs.find(a, b) ?? NewRows.newLevel
        }
      default: preconditionFailure("cell sets of different kinds")
      }
    }
    return cells
  }

  private func codes(_ f: Int, _ source: FactorSource, _ reader: ChunkValues) throws -> [Int32] {
    let finder = finders[f]!
    switch source {
    case .column(let name):
      let column = reader.column(name)
      let map = finder.codes(of: column.labels).map { $0 < 0 ? NewRows.newLevel : $0 }
      return column.codes.map { $0 < 0 ? -1 : map[Int($0)] }
    case .logical(let expression):
      var both = LevelDictionary()
      let known = ["FALSE", "TRUE"].map { both.code(for: $0) }
      let map = finder.codes(of: both).map { $0 < 0 ? NewRows.newLevel : $0 }
      return try reader.values(expression).map {
        $0.isNaN ? -1 : map[Int(known[$0 == 0 ? 0 : 1])]
      }
    }
  }

  /// The error for a row with a cell that the fit has not seen: names the level, or the levels
  /// whose combination is new.
  func unseen(
    row: Int, set: Int, _ cells: [[Int32]], _ chunk: TableChunk, _ design: NewRowDesign,
    isGrouping: Bool
  ) -> RowError {
    let factors = self.factors(of: set, design).map { f, factorSet in
      let (name, label) = describe(f, row, chunk, design)
      return (name: name, label: label, isNew: cells[factorSet][row] == NewRows.newLevel)
    }
    let remedy =
      isGrouping
      ? "Allow new levels with --allow-new-levels, which predicts with their random effects at zero, or leave them out with --random none."
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
  private func factors(of set: Int, _ design: NewRowDesign) -> [(factor: Int, set: Int)] {
    switch design.basis.cellSets[set] {
    case .factor(let f): [(f, set)]
    case .product(let left, let right): factors(of: left, design) + factors(of: right, design)
    }
  }

  private func describe(
    _ f: Int, _ row: Int, _ chunk: TableChunk, _ design: NewRowDesign
  ) -> (name: String, label: String) {
    switch design.basis.factors[f] {
    case .column(let name):
      let column = chunk.columns[design.columns.index(name)]
      let code = column.codes[row]
      return (name, code < 0 ? "NA" : column.labels.label(code))
    case .logical(let expression):
      let value = (try? ChunkValues(chunk: chunk, columns: design.columns).values(expression))?[row]
      return (expression.deparsed, value == 0 ? "FALSE" : "TRUE")
    }
  }
}
