// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension FittedModel {
  /// Standard errors of the effects of absorbed factors' levels, parallel to `absorbedEffects`; NaN for
  /// redundant levels. Where the fit's criterion is an estimate so are they, to about a percent.
  ///
  /// With the levels among the random effects' equations, M⁻¹ of these and Φ = Cov(β̂) / σ², the effects
  /// beside X as it is have Cov = σ²(M⁻¹ + (H + G)Φ(H + G)ᵀ), where H = M⁻¹A_zx and G is what was taken
  /// off X. Of M⁻¹ its diagonal is needed (Erisman & Tinney 1975).
  ///
  /// - Throws: `FitError`, `CholmodError`.
  public func absorbedStandardErrors() throws -> [[Double]] {
    guard let levels = model.fixedLevels else { return [] }
    guard optimum.solver.strategy != StrategyEstimate.Strategy.matrixFree.rawValue else {
      return try estimatedStandardErrors(levels)
    }
    let p = model.fixedEffectCount
    var loadings = levels.regressionOfColumns(model.fixed.B)
    let diagonal: [Double]
    if model.groups.isEmpty {
      diagonal = try levels.inverseDiagonal()
    } else {
      let (inverse, responses) = try fixedLevelAnswers(levels)
      diagonal = inverse
      loadings = loadings + responses
    }
    let products = loadings * coefficients.Φ
    let (unit, variance) = (levels.unit, coefficients.variance)
    return zip(levels.factors, levels.starts).map { factor, start in
      factor.isRedundant.enumerated().map { level, isRedundant in
        guard !isRedundant else { return .nan }
        let k = start + level
        let ofColumns = (0..<p).reduce(0.0) { $0 + products[k, $1] * loadings[k, $1] }
        return unit * (variance * (diagonal[k] + ofColumns)).squareRoot()
      }
    }
  }

  /// By random vectors and conjugate gradients.
  private func estimatedStandardErrors(_ levels: FixedLevels) throws -> [[Double]] {
    let none = DenseMatrix(rows: levels.starts.last!, columns: 0)
    let answers = try LevelAnswers(self)
    let shares = answers.shifted(
      DenseMatrix(rows: 0, columns: model.fixedEffectCount), answers.shift(of: none))
    let variances = try answers.state(φ: φ, functions: none, shares: shares).levels
    return zip(levels.factors, levels.starts).map { factor, start in
      factor.isRedundant.enumerated().map { level, isRedundant in
        isRedundant ? .nan : (coefficients.variance * variances[start + level]).squareRoot()
      }
    }
  }

  /// For the working levels the diagonal of M⁻¹, and H = M⁻¹A_zx, levels × p.
  private func fixedLevelAnswers(
    _ levels: FixedLevels
  ) throws -> (diagonal: [Double], responses: DenseMatrix) {
    let (joined, p) = (model.joinedHoldingRedundant, model.fixedEffectCount)
    var factors = model.covariance.emptyFactors
    model.covariance.factors(φ, into: &factors)
    factors += levels.factors.map { _ in [1] }
    let solver = EquationsPlan.exactSolver(insteadOf: options.solver)
    let equations = try EquationsPlan(joined, solver: solver, threads: threads).choice
      .equations(joined, threads: threads)
    try equations.update(factors)
    let inverse = try equations.conditionalCovariances()
    let count = levels.starts.last!
    var responses = DenseMatrix(rows: count, columns: p)
    var choice: EquationsPlan.Choice?
    for k in 0..<p {
      // The equations with a column of X in the place of y, and no others.
      var map = DenseMatrix(rows: p + 1, columns: 1)
      map[k, 0] = 1
      let single = joined.replacingTail(by: map)
      let own = try choice ?? EquationsPlan(single, solver: solver, threads: threads).choice
      choice = own
      let response = try own.equations(single, threads: threads)
      try response.update(factors)
      for (level, value) in try response.solution().u.suffix(count).enumerated() {
        responses[level, k] = value
      }
    }
    return (inverse.dropFirst(model.groups.count).flatMap(\.self), responses)
  }
}
