// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// Marginal means beside absorbed factors: the fixed part and the mean of all absorbed levels' effects, which take the
/// place of the intercept.
///
/// Where the factors' levels fall into several connected sets that mean is not determined, differences of means are.
/// Rows have one number more than X has columns: how much of the mean is in them.
struct AbsorbedMeans {
  private let fitted: FittedModel
  private let ddf: any DenominatorDegreesOfFreedom
  private let columns: FixedColumns
  private let mean: MeanOfLevels

  /// The mean over absorbed levels.
  private enum MeanOfLevels {
    /// (β, mean), and for every dropped column what it has of kept ones and of the mean.
    case determined(LevelTests, [(column: Int, shares: [Double], ofMean: Double)])
    /// Why it cannot be had.
    case unknown(String)
  }

  /// - Throws: `InferenceError` where the method does not fit the model; `FitError`, `CholmodError`.
  init(_ fitted: FittedModel, _ options: MeansOptions) throws {
    self.fitted = fitted
    ddf = try fitted.degreesOfFreedom(options.method)
    columns = try fitted.fixedColumns(.fitted)
    mean = options.trend == nil ? try Self.mean(fitted, options) : .unknown("")
  }

  private static func mean(_ fitted: FittedModel, _ options: MeansOptions) throws -> MeanOfLevels {
    let (model, levels) = (fitted.model, fitted.model.fixedLevels!)
    let names = levels.factors.map(\.name).joined(separator: ", ")
    guard levels.isConnected else {
      return .unknown("the levels of \(names) fall into sets that no row connects: differences are determined, means are not")
    }
    if let kind = fitted.robustCovariance {
      return .unknown("\(kind.rawValue) is of coefficients, and the mean over the levels of \(names) is none: take differences")
    }
    let shares = levels.shares(options.weights).flatMap(\.self)
    let functions = DenseMatrix(rows: shares.count, columns: 1, storage: shares)
    do {
      let tests = try LevelTests(fitted, options.method, functions: functions)
      let kept = Set(model.fixed.kept)
      let aliased = try AliasedColumns(
        model.fixed.names.indices.filter { !kept.contains($0) },
        DesignBuilder(products: fitted.products, options: fitted.options), model.fixed, levels)
      return .determined(
        tests,
        aliased.columns.indices.map { a in
          (aliased.columns[a], aliased.shares.column(a), dot(aliased.directions.column(a), shares))
        })
    } catch FitError.memoryShortage(let problem) { return .unknown(problem) }
  }

  /// The test of a row, or why there is none.
  ///
  /// - Throws: `InferenceError`.
  func tested(_ name: String, _ c: [Double], level: Double) throws -> (test: TTest?, reason: String?) {
    let (own, share) = (Array(c.dropLast()), c.last!)
    let size = own.reduce(1) { max($0, abs($1)) }
    let (row, aliased) = fitted.estimableRow(own, columns)
    if share == 0 {
      if let aliased { return (nil, MarginalMeans.reason(dropped: aliased)) }
      return (try fitted.test(name, row: row, level: level, ddf), nil)
    }
    switch mean {
    case .unknown(let reason): return (nil, reason)
    case .determined(let tests, let dropped):
      for (column, shares, ofMean) in dropped {
        let parts = zip(shares, fitted.model.fixed.kept).map { $0 * own[$1] } + [share * ofMean]
        let scale = parts.reduce(size) { $0 + abs($1) }
        guard abs(own[column] - parts.reduce(0, +)) <= 1e-7 * scale else {
          return (nil, MarginalMeans.reason(dropped: fitted.model.fixed.names[column]))
        }
      }
      return (
        try fitted.test(
          name, row: tests.turned(row + [share]), level: level, tests.ddf, estimates: tests.estimates), nil
      )
    }
  }
}
