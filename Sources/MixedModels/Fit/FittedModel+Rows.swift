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

  /// The same with weights by which all residuals have one variance, that of `scaledDeviation`: those at a visit
  /// have one of their own.
  ///
  /// - Throws: `DataError`, `FitError`.
  package func scaledResidualPass(of rows: [any TableSource]? = nil) throws -> ResidualPass {
    guard repeated != nil else { return try residualPass(of: rows) }
    let reading =
      try rows.map { try ModelReading(products.specification, $0, options) }
      ?? ModelReading(formula, data, options)
    return ResidualPass(
      reading, products, model, optimum.estimates, strata: try varianceWeights(), sigma: scaledDeviation)
  }

  /// σ, or 1 where residuals have a matrix of visits.
  package var scaledDeviation: Double { repeated == nil ? fit.sigma : 1 }

  /// What a row's prior weight is multiplied by so that its residual has the variance σ²/w: of strata, or
  /// of visits with variances of their own; nil where all rows have one residual variance.
  ///
  /// - Throws: `FitError`.
  func varianceWeights() throws -> StratumWeights? {
    guard let residual = products.specification.residual, let model = repeatedModel,
      let components = fit.residual?.components
    else { return model.stratumWeights(φ) }
    let builder = DesignBuilder(products: products, options: options)
    let visits = try builder.levels(of: residual.visit).rank
    func factors(_ arm: Int) -> [Double] {
      visits.map { coefficients.variance / components[arm].covariances[$0][$0] }
    }
    guard model.arms.count > 1, let arm = residual.arm, let armCells = residual.armCells else {
      return StratumWeights(cellSet: residual.visitCells, factors: factors(0))
    }
    return StratumWeights(
      cellSets: (armCells, residual.visitCells),
      factors: try builder.levels(of: arm).rank.map(factors))
  }

  /// Quantiles of the scaled residuals, if they are wanted and the rows can be read again.
  ///
  /// - Throws: `DataError`, `FitError`.
  func scaledResiduals(readingAgain data: [any TableSource]) throws -> ResidualQuantiles? {
    guard options.wantsScaledResiduals, model.observations <= options.scaledResidualRows, repeated == nil,
      data.allSatisfy(\.canBeReadAgain)
    else { return nil }
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
