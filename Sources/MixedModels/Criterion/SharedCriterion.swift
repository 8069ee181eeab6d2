// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The criterion of one model, whatever strategy solves its equations, for those who search, and
/// its derivatives.
///
/// One thread at a time: an evaluation overwrites the factorization.
protocol DifferentiableCriterion: AnyObject {
  /// - Throws: `FitError.zeroResidualVariance`, `CholmodError`.
  func value(_ φ: [Double]) throws -> Double
  /// Whether values are rougher than they are wanted, for the way to the optimum.
  var isPreliminary: Bool { get }
  /// Makes all later values as exact as they are wanted near the φ of the last evaluation: from then on
  /// it is another function.
  ///
  /// - Throws: `FitError`, `CholmodError`.
  func refine() throws
  /// At the φ of the last evaluation, once for each.
  func derivatives() throws -> CriterionDerivatives
  /// Of the criterion at the φ of the last evaluation; nil where it is exact.
  var standardError: Double? { get }
}

struct CriterionDerivatives {
  /// In φ.
  let gradient: [Double]
  let slopes: CovarianceSlopes
  /// What r²'s derivatives are multiplied by in the gradient: df / r².
  let residualWeight: Double
  /// n − p for REML, n for ML.
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

/// Keeps a criterion, which cannot be copied, where several can reach it.
final class SharedCriterion<Equations: MixedModelEquations & ~Copyable>: DifferentiableCriterion {
  var profiled: ProfiledCriterion<Equations>

  init(_ criterion: consuming ProfiledCriterion<Equations>) { profiled = criterion }

  func value(_ φ: [Double]) throws -> Double { try profiled(φ) }

  var isPreliminary: Bool { profiled.equations.isPreliminary }

  func refine() throws { try profiled.equations.refine() }

  func derivatives() throws -> CriterionDerivatives { try profiled.derivatives() }

  var standardError: Double? { profiled.equations.description.criterionStandardError }
}
