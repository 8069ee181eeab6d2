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
      case .factor(let k): reported.columns(of: k, levels.factors[k])
      }
    }
  }
}

extension ReportedLevels {
  fileprivate func columns(of k: Int, _ factor: FixedLevels.Factor) -> [ReportedColumn] {
    let dropped = Set(k == 0 ? reference : [])
    return columnLevels(of: k, count: factor.levels.count).map { level in
      ReportedColumn(
        name: names[k] + (k == 0 && isSummed ? "\(level + 1)" : factor.levels[level]),
        place: .level(factor: k, level: level),
        isKept: !dropped.contains(level) && !factor.isRedundant[level])
    }
  }

  /// The levels of a factor that have columns: all of the first without an intercept, all but the last with
  /// sum contrasts, else all but the first.
  private func columnLevels(of k: Int, count: Int) -> Range<Int> {
    if k == 0, !hasIntercept { return 0..<count }
    return k == 0 && isSummed ? 0..<count - 1 : 1..<count
  }

  /// What the intercept and the given columns are made of, levels of the first factor × functions: the
  /// effects of P, or their mean.
  func referenceFunctions(count: Int) -> DenseMatrix {
    guard !isSummed else {
      return DenseMatrix(
        rows: count, columns: 1,
        storage: [Double](repeating: 1 / Double(count), count: count))
    }
    var functions = DenseMatrix(rows: count, columns: reference.count)
    for (k, level) in reference.enumerated() { functions[level, k] = 1 }
    return functions
  }

  /// tⱼ of every level of the first factor: its coefficient is its effect less tⱼ times the reference
  /// functions. Levels × functions.
  var referenceShares: DenseMatrix { directions * transform }
}
