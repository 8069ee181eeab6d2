// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// A column of R's model matrix where factors are set apart.
struct ReportedColumn: Sendable {
  enum Place: Sendable {
    case intercept
    /// Among the columns beside the factors.
    case column(Int)
    case level(factor: Int, level: Int)
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
      case .factor(let k): reported.columns(of: k, levels)
      }
    }
  }
}

extension ReportedLevels {
  fileprivate func columns(of k: Int, _ levels: FixedLevels) -> [ReportedColumn] {
    let (factor, start, dropped) = (levels.factors[k], levels.starts[k], Set(reference))
    let coding = codings[k]
    return coding.columns.map { level in
      ReportedColumn(
        name: coding.name(of: level, factor.levels[level]), place: .level(factor: k, level: level),
        isKept: !dropped.contains(start + level) && !factor.isRedundant[level])
    }
  }
}
