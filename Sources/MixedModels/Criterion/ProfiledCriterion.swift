// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// −2 log-likelihood, or the REML criterion, profiled over β and σ, as a function of φ (see
/// `RelativeCovariance`).
package struct ProfiledCriterion<Equations: MixedModelEquations & ~Copyable>: ~Copyable {
  let model: LinearMixedModel
  let kind: CriterionKind
  package var equations: Equations
  private var factors: [[Double]]

  package init(_ model: LinearMixedModel, _ kind: CriterionKind, _ equations: consuming Equations) {
    self.model = model
    self.kind = kind
    self.equations = equations
    factors = model.covariance.emptyFactors
  }

  /// Bates et al. 2015, eqs. 34 and 41.
  package mutating func callAsFunction(_ φ: [Double]) throws -> Double {
    model.covariance.factors(φ, into: &factors)
    try equations.update(factors)
    var value = equations.logDeterminantM - model.sumOfLogWeights
    if kind == .reml { value += equations.logDeterminantRX + model.fixed.logDeterminantShift }
    return value + df * (1 + log(2 * .pi * squaredResidualScale))
  }

  /// Derivatives at the φ of the last evaluation. The equations' factor is used up: until the next
  /// evaluation they have no other answers.
  mutating func derivatives() throws -> CriterionDerivatives {
    let weight = df / equations.penalizedResidualSumOfSquares
    let covariance = try equations.fixedEffectsCovariance()
    let whole = model.tail[model.tail.rows - 1, model.tail.columns - 1]
    let error = Double.ulpOfOne * (weight * whole + Double(model.randomEffectCount))
    let probes = equations.probeLogDeterminants
    let coefficients = probes.isEmpty ? [] : try equations.solution().β
    let slopes = try equations.slopes(kind)
    return CriterionDerivatives(
      gradient: model.covariance.gradient(slopes, residualWeight: weight), slopes: slopes,
      residualWeight: weight, df: df, fixedEffectsCovariance: covariance, probes: probes,
      coefficients: coefficients,
      roundingError: error)
  }

  /// The criterion and its gradient in φ.
  package mutating func gradient(_ φ: [Double]) throws -> (value: Double, gradient: [Double]) {
    (try self(φ), try derivatives().gradient)
  }

  /// n − p for REML, n for ML.
  var df: Double { model.degreesOfFreedom(kind) }

  /// σ² at the φ of the last evaluation, in units of the response.
  var squaredResidualScale: Double {
    let s = model.fixed.responseScale
    return equations.penalizedResidualSumOfSquares * s * s / df
  }
}

extension FixedCoordinates {
  /// log |RᵀR|: from the working columns' XᵀV⁻¹X to the reported columns'.
  var logDeterminantShift: Double { (0..<R.rows).reduce(0) { $0 + 2 * log(abs(R[$1, $1])) } }
}
