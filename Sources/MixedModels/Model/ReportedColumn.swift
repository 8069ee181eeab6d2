// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// A column of R's model matrix where factors are set apart.
struct ReportedColumn: Sendable {
  enum Place: Sendable {
    case intercept
    /// Among the columns beside the factors.
    case column(Int)
    /// A factor's coordinate, see `LevelCoding`.
    case coordinate(factor: Int, Int)
    /// A column of a factor's that is no coordinate, since cells are empty.
    case dependent(factor: Int, column: Int)
  }
  let name: String
  let place: Place
  /// Whether R keeps it.
  let isKept: Bool
}

extension LinearMixedModel {
  /// The columns in R's order; nil where no factor is set apart.
  var reportedColumns: [ReportedColumn]? {
    guard let levels = fixedLevels, let reported = levels.reported else { return nil }
    let kept = Set(fixed.kept).union(reported.given)
    return reported.parts.flatMap { part -> [ReportedColumn] in
      switch part {
      case .intercept: [ReportedColumn(name: "(Intercept)", place: .intercept, isKept: true)]
      case .columns(let range):
        range.map {
          ReportedColumn(name: fixed.names[$0], place: .column($0), isKept: kept.contains($0))
        }
      case .factor(let k, let term): reported.columns(of: k, term, levels)
      }
    }
  }
}

extension ReportedLevels {
  fileprivate func columns(of k: Int, _ term: Int, _ levels: FixedLevels) -> [ReportedColumn] {
    let (factor, start, dropped) = (levels.factors[k], levels.starts[k], Set(reference))
    let coding = codings[k]
    return coding.terms.filter { $0.term == term }.flatMap(\.columns).map { number in
      let column = coding.columns[number]
      guard let coordinate = column.coordinate else {
        return ReportedColumn(name: column.name, place: .dependent(factor: k, column: number), isKept: false)
      }
      let isFree =
        switch coding.kind {
        case .indicators, .treatment: factor.isRedundant[coordinate]
        case .sum, .combinations, .cells: false
        }
      return ReportedColumn(
        name: column.name, place: .coordinate(factor: k, coordinate),
        isKept: !dropped.contains(start + coordinate) && !isFree)
    }
  }
}
