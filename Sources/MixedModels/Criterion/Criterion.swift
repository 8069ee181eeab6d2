// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// −2 log-likelihood, or the REML criterion, of one model and its data, profiled over β and σ, unless
/// σ is known, as a function of the covariance parameters: θ (lme4's `devFunOnly`), or φ, see `RelativeCovariance`.
///
/// It owns the factorization that an evaluation overwrites: use it on one thread at a time.
public final class Criterion {
  let model: LinearMixedModel
  let kind: CriterionKind
  /// What solves the model's equations now.
  package private(set) var equations: any MixedModelEquations
  /// Makes the equations that take the place of rough ones, which led near the optimum for less.
  private var finer: (() throws -> any MixedModelEquations)?
  /// Λ's block of every group, ℓ × ℓ, for the φ of the last evaluation.
  private var factors: [[Double]]
  /// Of the last evaluation.
  private var φ: [Double] = []

  /// - Parameter finer: Makes the equations that follow on these at `refine`.
  package init(
    _ model: LinearMixedModel, _ kind: CriterionKind, _ equations: any MixedModelEquations,
    finer: (() throws -> any MixedModelEquations)? = nil
  ) {
    (self.model, self.kind) = (model, kind)
    (self.equations, self.finer) = (equations, finer)
    factors = model.covariance.emptyFactors
    equations.prepare(for: kind)
  }

  /// The criterion at φ; Bates et al. 2015, eqs. 34 and 41.
  ///
  /// - Throws: `FitError.zeroResidualVariance`, `CholmodError`.
  package func value(_ φ: [Double]) throws -> Double {
    self.φ = φ
    model.covariance.factors(φ, into: &factors)
    let sumOfLogWeights = try weigh(φ)
    let logDeterminantQ = try relate(φ)
    try equations.update(factors)
    var value = equations.logDeterminantM - logDeterminantQ - sumOfLogWeights
    if kind == .reml { value += equations.logDeterminantRX + model.fixed.logDeterminantShift }
    guard let known = knownVariance else {
      return value + df * (1 + log(2 * .pi * residualVariance))
    }
    return value + df * log(2 * .pi * known) + squares / known
  }

  /// Makes the equations those of A(φ), where residuals have parameters.
  ///
  /// - Returns: Σ log w − log |R|.
  /// - Throws: `FitError`.
  private func weigh(_ φ: [Double]) throws -> Double {
    guard let residual = model.covariance.residual else { return model.sumOfLogWeights }
    guard let parts = model.parts else {
      throw FitError.numerical("the sums by stratum that this needs are not there")
    }
    let c = model.coefficients(φ)
    try residual.check(model.covariance.residualCoordinates(φ))
    try equations.weigh(c)
    return parts.sumOfLogWeights
      - residual.logDeterminant(model.covariance.residualCoordinates(φ))
  }

  /// Makes the equations those of Q(φ), where levels are correlated by parameters.
  ///
  /// - Returns: log |Q ⊗ I| over all groups.
  /// - Throws: `FitError`.
  private func relate(_ φ: [Double]) throws -> Double {
    guard model.covariance.hasLevelParameters else { return model.logDeterminantQ }
    try model.covariance.checkPrecisions(φ)
    let precisions = model.covariance.precisions(φ)
    try equations.relate(precisions)
    return model.logDeterminantQ(precisions)
  }

  /// Derivatives at the φ of the last evaluation.
  ///
  /// The equations' factor is used up: until the next evaluation they have no other answers.
  ///
  /// - Throws: `CholmodError`.
  func derivatives() throws -> CriterionDerivatives {
    let weight = residualWeight
    let covariance = try equations.fixedEffectsCovariance()
    let error = roundingError(residualWeight: weight)
    let probes = equations.probeLogDeterminants
    let coefficients = probes.isEmpty ? [] : try equations.coefficients()
    let squares = equations.penalizedResidualSumOfSquares
    let slopes = try equations.slopes(kind)
    var gradient = model.covariance.gradient(slopes, at: φ, residualWeight: weight)
    if let (_, sigmaSlopes) = model.covariance.logSigma(φ) {
      // of df log σ² + r²/σ²
      for k in gradient.indices { gradient[k] += 2 * (df - weight * squares) * sigmaSlopes[k] }
    }
    return CriterionDerivatives(
      φ: φ, gradient: gradient, slopes: slopes,
      residualWeight: weight, df: knownVariance == nil ? df : .infinity,
      fixedEffectsCovariance: covariance, probes: probes,
      coefficients: coefficients,
      roundingError: error)
  }

  /// What r²'s derivatives are multiplied by in the gradient, for the scaled response.
  private var residualWeight: Double {
    let s = model.fixed.responseScale
    return knownVariance.map { s * s / $0 } ?? df / equations.penalizedResidualSumOfSquares
  }

  private func roundingError(residualWeight: Double) -> Double {
    let tail = model.parts?.tail(model.coefficients(φ)) ?? model.tail
    let whole = tail[tail.rows - 1, tail.columns - 1]
    return Double.ulpOfOne * (residualWeight * whole + Double(model.randomEffectCount))
  }

  /// By about how much rounding may have moved the last value, but for what it leaves of fixed effects' columns.
  var roundingErrorOfSquares: Double { roundingError(residualWeight: residualWeight) }

  /// By about how much rounding may have moved the last value, what it leaves of fixed effects' columns
  /// beside huge variances included.
  ///
  /// - Throws: `CholmodError`.
  func roundingError() throws -> Double {
    let Φ = try equations.fixedEffectsCovariance()
    return roundingError(residualWeight: residualWeight)
      + LostDigits.error(symmetricEigenvalues(Φ).last ?? 0)
  }

  /// The criterion and its gradient in φ.
  package func valueAndGradient(_ φ: [Double]) throws -> (value: Double, gradient: [Double]) {
    (try value(φ), try derivatives().gradient)
  }

  /// n − p for REML, n for ML.
  var df: Double { model.degreesOfFreedom(kind) }

  /// σ² = r²/df at the φ of the last evaluation, or what it is known to be, in units of the response.
  var residualVariance: Double { knownVariance ?? squares / df }

  /// σ² where it is known, or follows from a standard deviation that is.
  private var knownVariance: Double? {
    model.knownVariance ?? model.covariance.knownVariance(φ)
  }

  /// r² at the φ of the last evaluation, in units of the response.
  private var squares: Double {
    let s = model.fixed.responseScale
    return equations.penalizedResidualSumOfSquares * s * s
  }

  /// Whether values are rougher than they are wanted, for the way to the optimum.
  var isPreliminary: Bool { finer != nil || equations.isPreliminary }

  /// Makes all later values as exact as they are wanted near the φ of the last evaluation: from then
  /// on it is another function.
  ///
  /// - Throws: `FitError`, `CholmodError`.
  package func refine() throws {
    guard let finer else { return try equations.refine() }
    self.finer = nil
    equations = try finer()
    equations.prepare(for: kind)
  }

  /// Takes so many times as many random vectors: from then on it is another function.
  ///
  /// - Returns: false for a criterion that is exact.
  /// - Throws: `FitError`.
  func refine(growth: Double) throws -> Bool { try equations.refine(growth: growth) }

  /// Evaluates at φ, and makes the criterion as exact there as it is wanted.
  ///
  /// - Throws: `FitError`, `CholmodError`.
  func refinedValue(_ φ: [Double]) throws -> Double {
    let value = try value(φ)
    guard isPreliminary else { return value }
    try refine()
    return try self.value(φ)
  }

  /// Standard error of the last value over the choice of random vectors; nil where values are exact.
  ///
  /// The vectors stay the same, so that differences of values at points near each other have much
  /// less of an error.
  public var standardError: Double? { equations.description.criterionStandardError }
}

/// First derivatives of a criterion and what else the equations tell at one φ.
struct CriterionDerivatives {
  let φ: [Double]
  /// In φ.
  let gradient: [Double]
  let slopes: CovarianceSlopes
  /// What r²'s derivatives are multiplied by in the gradient: df / r², or 1 / σ² where σ is known.
  let residualWeight: Double
  /// n − p for REML, n for ML; infinite where σ is known, so that the weight does not change.
  let df: Double
  /// [K⁻¹] for X: Cov(β) / σ² in working coordinates.
  let fixedEffectsCovariance: DenseMatrix
  /// The log-determinant by each probe alone, where it is the mean over probes; else none.
  let probes: [Double]
  /// β in working coordinates, where there are probes.
  let coefficients: [Double]
  /// Of the criterion: that of r² = yᵀWy − …, where little is left of yᵀWy, and of a sum of many
  /// logarithms.
  let roundingError: Double
}
