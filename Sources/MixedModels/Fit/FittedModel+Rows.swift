// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension FittedModel {
  /// Fitted values and residuals, from reading the rows again; those of a fit that was saved are
  /// named by `rows`.
  ///
  /// - Throws: `DataError`, `FitError`.
  package func residualPass(of rows: [any TableSource]? = nil) throws -> ResidualPass {
    let reading =
      try rows.map { try ModelReading(products.specification, $0, options) }
      ?? ModelReading(formula, data, options)
    return ResidualPass(
      reading, products, model, optimum.estimates, strata: model.stratumWeights(φ))
  }

  /// Quantiles of the scaled residuals, if they are wanted and the rows can be read again.
  ///
  /// - Throws: `DataError`, `FitError`.
  func scaledResiduals(readingAgain data: [any TableSource]) throws -> ResidualQuantiles? {
    guard options.wantsScaledResiduals, repeated == nil, data.allSatisfy(\.canBeReadAgain) else { return nil }
    return try residualPass().scaledQuantiles()
  }

  /// Why the rows cannot be read once more; nil if they can.
  var obstacleToReadingAgain: String? {
    if data.isEmpty { return "this fit was made of cross-products" }
    if let once = data.first(where: { !$0.canBeReadAgain }) {
      return "\(once.name) can be read once only"
    }
    if let file = data.first(where: { $0.name.hasSuffix(".lmm") }) {
      return "\(file.name) holds cross-products"
    }
    return nil
  }

  /// - Parameters:
  ///   - what: What takes the rows.
  ///   - count: How many were read.
  ///   - squares: Their weighted residual sum of squares, in units of the response.
  /// - Throws: `InferenceError` where they are not those of this fit of least squares.
  func requireSameRows(_ what: String, count: Int, squares: Double) throws(InferenceError) {
    let (p, s) = (model.fixedEffectCount, model.fixed.responseScale)
    let expected = s * s * model.tail[p, p]
    guard count == model.observations, abs(squares - expected) <= 1e-6 * expected else {
      throw .otherRows(what)
    }
  }

  /// - Throws: `InferenceError` where the rows, whose residuals the covariance takes, cannot be read.
  func requireRows(_ kind: CoefficientCovariance) throws(InferenceError) {
    guard let reason = obstacleToReadingAgain else { return }
    throw .refused(
      "\(kind.rawValue) needs the residual of every row, and \(reason). Fit again from files of rows, or take \(Setting.coefficientCovariance(["model"]))."
    )
  }
}
