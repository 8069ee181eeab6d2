// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// Marginal means where factors are set apart, which are averaged over: their rows are numbers for the columns
/// beside these factors, and one more for the mean over the factors' levels with the intercept.
struct SetApartMeans {
  let tests: LevelTests
  /// In (β, ρ), see `LevelTests`: of every column beside the factors, zero where it was dropped, and of the mean.
  private let rows: [[Double]]
  private let columns: [ReportedColumn]
  /// Of R's columns.
  private let mean: [Double]
  private let check: SetApartEstimability

  /// - Throws: `InferenceError` where the method does not fit the model; `FitError`, `CholmodError`.
  init(_ fitted: FittedModel, _ options: MeansOptions) throws {
    let model = fitted.model
    let (columns, levels) = (model.reportedColumns!, model.fixedLevels!)
    let mean = Self.mean(columns, levels, options.weights)
    var forms = [("the mean over levels", mean)]
    var places: [Int] = []
    for (k, column) in columns.enumerated() {
      guard case .column(let j) = column.place, column.isKept else { continue }
      var unit = [Double](repeating: 0, count: columns.count)
      unit[k] = 1
      forms.append((column.name, unit))
      places.append(j)
    }
    let own = try SetApartForms(fitted, forms, checks: false)
    tests = try LevelTests(fitted, options.method, functions: own.functions)
    let none = [Double](repeating: 0, count: own.rows[0].count)
    var rows = Array(repeating: none, count: model.fixed.names.count + 1)
    for (j, row) in zip(places, own.rows.dropFirst()) { rows[j] = row }
    rows[rows.count - 1] = own.rows[0]
    (self.rows, self.columns, self.mean) = (rows, columns, mean)
    check = SetApartEstimability(model, columns)
  }

  /// The row in the coordinates of the tests, and the dropped column because of which it cannot be estimated.
  func row(_ c: [Double]) -> (row: [Double], aliased: String?) {
    var row = [Double](repeating: 0, count: rows[0].count)
    for (value, own) in zip(c, rows) where value != 0 {
      for k in own.indices { row[k] += value * own[k] }
    }
    return (tests.turned(row), columns.allSatisfy(\.isKept) ? nil : check.aliasedColumn(form(c)))
  }

  /// A row as numbers for R's columns.
  private func form(_ c: [Double]) -> [Double] {
    let share = c.last ?? 0
    return columns.indices.map { k in
      if case .column(let j) = columns[k].place { return c[j] }
      return share * mean[k]
    }
  }

  /// The intercept and the mean of every factor's levels: all alike, or as often as they occur.
  private static func mean(
    _ columns: [ReportedColumn], _ levels: FixedLevels, _ weights: MeansWeights
  ) -> [Double] {
    let shares = levels.shares(weights)
    return columns.map { column in
      switch column.place {
      case .intercept: return 1
      case .column: return 0
      case .level(let factor, let level):
        guard column.isKept else { return 0 }
        // With sum contrasts the last level's effect is less all others'.
        let isSummed = levels.reported!.codings[factor].kind == .sum
        return shares[factor][level] - (isSummed ? shares[factor].last! : 0)
      }
    }
  }
}

extension FixedLevels {
  /// Of every level in the mean over its factor: all alike, or as often as they occur.
  func shares(_ weights: MeansWeights) -> [[Double]] {
    factors.map { factor in
      let squares = weights == .equal ? factor.squares.map { _ in 1 } : factor.squares
      let total = squares.reduce(0, +)
      return squares.map { $0 / total }
    }
  }
}

extension FittedModel {
  /// - Throws: `InferenceError` for means of factors that are absorbed or set apart.
  func requireMeans(of specification: MeansSpecification, _ options: MeansOptions) throws {
    guard let levels = model.fixedLevels else { return }
    if levels.hasSlopes {
      throw InferenceError.refused(
        "marginal means are not computed where levels have slopes with sparse columns (\(levels.factors.last!.name)): test combinations of coefficients as hypotheses, or fit with \(Setting.sparseFixed("none"))."
      )
    }
    let wanted = specification.variables + specification.groups + Array(options.values.keys)
    for factor in levels.factors {
      guard let found = wanted.first(where: { $0 == factor.name || "factor(\($0))" == factor.name })
      else { continue }
      guard levels.reported != nil else {
        throw InferenceError.refused(
          "“\(found)” is absorbed, and its levels have no means. If they are wanted write it among the other terms, y ~ x + \(found)."
        )
      }
      throw InferenceError.refused(
        "marginal means of “\(found)” are not computed, whose columns are sparse: test differences of its levels as hypotheses, or fit with \(Setting.sparseFixed("none"))."
      )
    }
  }
}
