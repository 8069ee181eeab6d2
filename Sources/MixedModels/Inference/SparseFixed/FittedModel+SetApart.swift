// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension FittedModel {
  /// The column of a factor that is set apart, or absorbed.
  func columnApart(_ k: Int) -> String {
    let factor = products.specification.absorbed[k]
    return factor.grouping[0].column ?? factor.name
  }

  /// Rows in (β, ρ), see `LevelTests`, of the kept columns of R's that are no levels, with their places among
  /// the columns; ρ are the reference functions.
  func setApartRows(
    _ columns: [ReportedColumn], _ reported: ReportedLevels
  ) -> [(column: Int, row: [Double])] {
    let (p, r) = (model.fixedEffectCount, reported.transform.columns)
    let position = Dictionary(uniqueKeysWithValues: zip(model.fixed.kept, 0...))
    let first = reported.hasIntercept ? 1 : 0
    func own(_ k: Int) -> [Double] { (0..<r).map { reported.transform[k, $0] } }
    return columns.indices.compactMap { c in
      guard columns[c].isKept else { return nil }
      switch columns[c].place {
      case .intercept: return (c, [Double](repeating: 0, count: p) + own(0))
      case .column(let j):
        if let a = reported.given.firstIndex(of: j) {
          return (c, [Double](repeating: 0, count: p) + own(first + a))
        }
        let k = position[j]!
        var unit = [Double](repeating: 0, count: p)
        unit[k] = 1
        var ρ = [Double](repeating: 0, count: r)
        for a in reported.given.indices {
          for (i, value) in own(first + a).enumerated() { ρ[i] -= reported.shares[k, a] * value }
        }
        return (c, model.fixed.workingRow(unit) + ρ)
      case .coordinate, .dependent: return nil
      }
    }
  }

  /// The results with tests where factors are set apart.
  ///
  /// - Throws: as `tested()`.
  func testedSetApart(_ wanted: DegreesOfFreedomMethod) throws -> Fit {
    let (columns, levels) = (model.reportedColumns!, model.fixedLevels!)
    let reported = levels.reported!
    // Without a Hessian there are standard errors alone.
    let hasTests =
      wanted != .satterthwaite || curvature != nil || isLeastSquares
    let tests = try LevelTests(
      self, hasTests ? wanted : .none, functions: reported.referenceFunctions,
      shares: reported.referenceShares.behind(columns: model.fixedEffectCount), of: .coefficients)
    var tested = fit
    func set(_ column: Int, variance: Double, _ denominator: Denominator?) {
      guard let estimate = fit.fixedEffects[column].estimate else { return }
      let test = tTest(
        columns[column].name, estimate: estimate, value: 0, level: 0.95, variance: variance,
        hasTests ? denominator : nil)
      tested.fixedEffects[column].standardError = test.standardError
      tested.fixedEffects[column].degreesOfFreedom = test.df
      tested.fixedEffects[column].pValue = test.pValue
      tested.fixedEffects[column].confidenceInterval =
        test.confidenceInterval ?? waldInterval(estimate, test.standardError)
    }
    let few = setApartRows(columns, reported)
    let rows = DenseMatrix(
      rows: tests.estimates.count, columns: few.count, storage: few.flatMap { tests.turned($0.row) })
    let variances = tests.ddf.covariance.quadraticForms(rows)
    let denominators = try tests.ddf.denominators(rows)
    for (k, (column, _)) in few.enumerated() {
      set(column, variance: variances[k], denominators[k])
    }
    let starts = levels.starts
    for (column, own) in columns.enumerated() {
      guard own.isKept, case .coordinate(let factor, let coordinate) = own.place else { continue }
      guard !tests.levels.isEmpty else {
        tested.fixedEffects[column].standardError = nil
        continue
      }
      let (variance, df) = tests.levels[starts[factor] + coordinate]
      set(column, variance: variance, df.map { Denominator(degreesOfFreedom: $0) })
    }
    let covariance = rows.multipliedByTransposeOnLeft(tests.ddf.covariance * rows)
    tested.vcov = few.indices.map { i in few.indices.map { covariance[i, $0] } }
    tested.covarianceNames = few.map { columns[$0.column].name }
    tested.coefficientsWithoutCovariance = columns.count(where: \.isKept) - few.count
    if let kind = robustCovariance {
      tested.robustCovariance = try robustDescription
      tested.convergence.messages += tested.robustCovariance?.notes ?? []
      if tests.levels.isEmpty {
        tested.convergence.messages.append(
          "standard errors by \(kind.rawValue) of the \(starts.last!) levels' coefficients are left out: test those that matter as hypotheses"
        )
      }
    }
    if let error = tests.levelError {
      // A standard error is off by half of what its square is.
      let percent = fixedNotation(50 * error, decimals: 50 * error < 0.1 ? 3 : 1)
      tested.convergence.messages.append(
        "standard errors of the \(starts.last!) levels' coefficients are estimated with random vectors, to about \(percent) % each; those of the other coefficients and of hypotheses are exact"
      )
    }
    if hasTests {
      tested.degreesOfFreedomMethod = actual(wanted)
      if tests.levels.contains(where: { $0.degreesOfFreedom == nil }) {
        tested.convergence.messages.append(
          "degrees of freedom of the \(starts.last!) levels' coefficients would take long and are left out: test those that matter as hypotheses, or use \(Setting.degreesOfFreedom(["residual", "none"]))"
        )
      }
    }
    return tested
  }
}

extension DenseMatrix {
  /// The same columns behind so many zeros.
  func behind(columns count: Int) -> DenseMatrix {
    DenseMatrix(
      rows: rows, columns: count + columns, storage: [Double](repeating: 0, count: rows * count) + storage)
  }
}
