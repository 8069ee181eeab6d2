// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

extension CrossProducts {
  /// Takes every column for what all its rows say.
  ///
  /// The first rows may be F throughout and later ones M: such a column is no logical.
  mutating func settleKinds() {
    var kinds = specification.columnKinds
    for (factor, source) in basis.factors.enumerated() {
      guard case .column(let name) = source, kinds[name] == .logical,
        case .factor(let levels)? = cellSets.indices.first(where: {
          basis.cellSets[$0] == .factor(factor)
        }).map({ cellSets[$0] }), levels.count > 0, !levels.areLogical
      else { continue }
      kinds[name] = .categorical
    }
    take(kinds)
  }

  /// Adds what is known of the columns from other rows.
  mutating func joinKinds(_ other: [String: ColumnKind]) {
    take(specification.columnKinds.merging(other) { $0.joined($1) })
  }

  /// Binds the formula anew where columns are of other kinds than they were taken for; the columns
  /// of A stay what they are.
  private mutating func take(_ kinds: [String: ColumnKind]) {
    guard kinds != specification.columnKinds else { return }
    if let bound = try? specification.rebound(to: kinds) {
      specification = ModelSpecification(
        formula: bound.formula, fixed: bound.fixed, randomTerms: bound.randomTerms,
        absorbed: bound.absorbed, basis: basis,
        columns: bound.columns, columnKinds: kinds, options: specification.options,
        origin: specification.origin, strata: bound.strata, residual: bound.residual,
        serial: bound.serial)
    } else {
      specification.columnKinds = kinds
    }
  }
}

extension ModelSpecification {
  /// The same formulas and options for columns of other kinds; a column whose values are not known
  /// there keeps its own.
  func rebound(to kinds: [String: ColumnKind]) throws -> ModelSpecification {
    var merged = columnKinds
    for (name, kind) in kinds where kind != .empty && merged[name] != nil { merged[name] = kind }
    let bound = try ModelBinder.bind(origin, kinds: merged, options: options)
    guard formula.text != origin.text else { return bound }
    return try bound.narrowed(to: formula, name: origin.text).specification
  }
}

extension ColumnKind {
  /// What a column is that is this in some rows and `other` in the rest.
  fileprivate func joined(_ other: ColumnKind) -> ColumnKind {
    if self == .empty { return other }
    return self == .logical && other == .categorical ? other : self
  }
}

extension ColumnKind {
  /// In files and messages.
  var word: String {
    switch self {
    case .numeric: "numeric"
    case .logical: "logical"
    case .categorical: "categorical"
    case .empty: "empty"
    case .date: "date"
    case .dateTime: "date and time"
    case .time: "time"
    }
  }

  static let byWord: [String: ColumnKind] = Dictionary(
    uniqueKeysWithValues: [
      numeric, logical, categorical, empty, date, dateTime, time,
    ].map { ($0.word, $0) })
}
