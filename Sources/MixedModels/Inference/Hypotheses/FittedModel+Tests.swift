// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames
import NumericalMethods

extension FittedModel {
  /// The results with tests of the coefficients by the method of the options.
  ///
  /// - Throws: `InferenceError` where the method does not fit the model.
  public func tested() throws -> Fit {
    var tested = fit
    let method = options.knownTheta == nil ? options.degreesOfFreedom : .none
    if model.fixedLevels?.reported != nil { return try testedSetApart(method) }
    if method == .satterthwaite, curvature == nil, robustCovariance == nil, !isLeastSquares,
      repeated == nil
    {
      return fit
    }
    let tests = try coefficientTests(method)
    if robustCovariance != nil {
      tested.vcov = try coefficientCovariance(.none)
      tested.robustCovariance = try robustDescription
      tested.convergence.messages += tested.robustCovariance?.notes ?? []
    }
    for (column, test) in zip(model.fixed.kept, tests) {
      tested.fixedEffects[column].standardError = test.standardError
      tested.fixedEffects[column].degreesOfFreedom = test.df
      tested.fixedEffects[column].pValue = test.pValue
      tested.fixedEffects[column].confidenceInterval = test.confidenceInterval
    }
    tested.degreesOfFreedomMethod = actual(method)
    tested.convergence.messages += probeNotes(tests.map { ($0.df, $0.dfError) })
    return tested
  }

  /// The results with tests, the quantiles of the residuals if they are wanted and `rows` can be read
  /// again, and the time that all took.
  ///
  /// - Throws: `DataError`, `FitError`, `InferenceError`.
  package func finished(readingAgain rows: [any TableSource] = []) throws -> Fit {
    let residuals = rows.isEmpty ? nil : try scaledResiduals(readingAgain: rows)
    let beganTests = monotonicSeconds()
    var fit = try tested()
    if let residuals { fit.scaledResiduals = residuals }
    if let began {
      let now = monotonicSeconds()
      fit.timing.inference += now - beganTests
      fit.timing.total = now - began
    }
    return fit
  }
}

extension Fit {
  /// Fits a model to data in one pass over the rows (a second one only for the scaled residuals).
  ///
  /// - Throws: `FormulaError`, `DataError` or `FitError`, each saying what to do.
  public init(_ formula: Formula, data: [any TableSource], options: FitOptions = FitOptions()) throws {
    self = try FittedModel(formula, data: data, options: options.discardingCrossProducts)
      .finished(readingAgain: data)
  }

  /// Fits the model that cross-products were made for; no rows are read.
  ///
  /// - Throws: `FitError`.
  public init(_ products: CrossProducts, options: FitOptions = FitOptions()) throws {
    self = try FittedModel(products, options: options.discardingCrossProducts).finished()
  }
}
