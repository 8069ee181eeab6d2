// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

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

  /// - Throws: `InferenceError` where the rows, whose residuals the covariance takes, cannot be read.
  func requireRows(_ kind: CoefficientCovariance) throws(InferenceError) {
    guard let reason = obstacleToReadingAgain else { return }
    throw .refused(
      "\(kind.rawValue) needs the residual of every row, and \(reason). Fit again from files of rows, or take \(Setting.coefficientCovariance(["model"]))."
    )
  }
}
