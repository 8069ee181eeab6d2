// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames
import NumericalMethods

/// What a model says of single rows, with the names of broom and broom.mixed.
public enum RowColumn: String, Sendable {
  case fitted = ".fitted"
  /// Xβ̂ + offset: without random effects.
  case fixed = ".fixed"
  /// y − fitted
  case residual = ".resid"
  /// √w (y − fitted), R's Pearson residual.
  case weightedResidual = ".wtres"
  /// L⁻¹(y − fitted) within subjects where residuals are correlated, see `CorrelatedResiduals`.
  case normalizedResidual = ".normres"
  case standardError = ".se.fit"
  case lower = ".lower"
  case upper = ".upper"
  /// The diagonal of the hat matrix, lme4's `hatvalues`.
  case leverage = ".hat"
  /// lme4's `cooks.distance`.
  case cooksDistance = ".cooksd"

  var needsStandardErrors: Bool {
    switch self {
    case .standardError, .lower, .upper, .leverage, .cooksDistance: true
    case .fitted, .fixed, .residual, .weightedResidual, .normalizedResidual: false
    }
  }

  var needsResponse: Bool {
    switch self {
    case .residual, .weightedResidual, .normalizedResidual, .leverage, .cooksDistance: true
    case .fitted, .fixed, .standardError, .lower, .upper: false
    }
  }
}

extension RowColumn {
  /// What `augment` adds to the rows of a fit.
  package static func ofRows(_ fitted: FittedModel) -> [RowColumn] {
    let isCorrelated = CorrelatedResiduals(fitted) != nil
    return [.fitted, .residual, .fixed, .weightedResidual] + (isCorrelated ? [.normalizedResidual] : [])
  }
}

/// What an interval around a prediction is to cover, under normality; with degrees of freedom by
/// quantiles of t.
public enum PredictionInterval: Sendable, Equatable {
  /// η, the mean of the response given its random effects.
  case confidence(level: Double)
  /// A new response with that mean and variance σ²/w.
  case prediction(level: Double)

  var level: Double {
    switch self {
    case .confidence(let level), .prediction(let level): level
    }
  }
}

extension PredictionInterval {
  /// - Throws: `OutOfRange`; `InferenceError` for a prediction interval with degrees of freedom.
  func check(_ degreesOfFreedom: DegreesOfFreedomMethod) throws {
    try ValueRange.coverage.check(level, "level")
    guard case .prediction = self, degreesOfFreedom != .none else { return }
    throw InferenceError.refused(
      "degrees of freedom are those of an estimated mean; a prediction interval adds a residual, for which there are none. Take a confidence interval, or leave the method out."
    )
  }
}

/// The values of row columns.
struct RowStatistics: Sendable {
  /// σ²
  let variance: Double
  let p: Int
  let interval: PredictionInterval?
  private let tail: Double
  /// Of the normal distribution.
  private let quantile: Double

  init(_ predictor: LinearPredictor, _ interval: PredictionInterval?) {
    (variance, p) = (predictor.variance, predictor.model.fixedEffectCount)
    self.interval = interval
    switch interval {
    case .confidence(let level), .prediction(let level):
      tail = (1 - level) / 2
      quantile = Normal.quantile(tail, tail: .upper)
    case nil: (tail, quantile) = (.nan, .nan)
    }
  }

  /// An array for every column.
  func values(_ columns: [RowColumn], _ rows: PredictedRows) -> [[Double]] {
    columns.map { column in rows.fitted.indices.map { value(column, rows, $0) } }
  }

  func value(_ column: RowColumn, _ rows: PredictedRows, _ row: Int) -> Double {
    switch column {
    case .fitted: rows.fitted[row]
    case .fixed: rows.fixed[row]
    case .residual: rows.residuals[row]
    case .weightedResidual: rows.residuals[row] * rows.weights[row].squareRoot()
    case .normalizedResidual: rows.normalized[row]
    case .standardError: (variance * max(rows.relativeVariance[row], 0)).squareRoot()
    case .lower: rows.fitted[row] - halfWidth(rows, row)
    case .upper: rows.fitted[row] + halfWidth(rows, row)
    case .leverage: leverage(rows, row)
    case .cooksDistance: cooksDistance(rows, row)
    }
  }

  private func halfWidth(_ rows: PredictedRows, _ row: Int) -> Double {
    var relative = max(rows.relativeVariance[row], 0)
    if case .prediction = interval { relative += 1 / rows.weights[row] }
    let error = (variance * relative).squareRoot()
    guard !rows.degreesOfFreedom.isEmpty else { return quantile * error }
    let df = rows.degreesOfFreedom[row]
    return df.isNaN ? .nan : StudentT(degreesOfFreedom: df).quantile(tail, tail: .upper) * error
  }

  /// NaN for a row that is no part of the fit, as its response is missing.
  private func leverage(_ rows: PredictedRows, _ row: Int) -> Double {
    rows.residuals[row].isNaN ? .nan : rows.weights[row] * rows.relativeVariance[row]
  }

  private func cooksDistance(_ rows: PredictedRows, _ row: Int) -> Double {
    let hat = leverage(rows, row)
    // Without the row some coefficient could not be estimated.
    guard hat < 1 - 1e-10 else { return .nan }
    let residual = value(.weightedResidual, rows, row) / (1 - hat)
    return residual * residual * hat / (variance * Double(p))
  }
}
