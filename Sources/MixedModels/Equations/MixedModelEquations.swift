// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
package import NumericalMethods

/// Henderson's equations K(θ)[u; β] = c in working coordinates, for one θ at a time.
///
/// Strategies differ in how they factor K; what they give is the same, and tests hold them against
/// each other.
package protocol MixedModelEquations: AnyObject {
  /// Says which criterion the answers are for.
  func prepare(for kind: CriterionKind)
  /// Factors K for the given Λ; `factors[g]` is Λ's ℓ × ℓ block for a level of group g,
  /// column-major.
  ///
  /// - Throws: `FitError.zeroResidualVariance` where r² is not positive; `CholmodError`.
  func update(_ factors: [[Double]]) throws
  /// Takes Σ c_k A_k for A from the next update on, where the model has several A_k.
  ///
  /// - Throws: `FitError` where a strategy cannot.
  func weigh(_ coefficients: [Double]) throws
  /// Takes other Q of some groups, on the same patterns, from the next update on.
  ///
  /// - Throws: `FitError` where a strategy cannot.
  func relate(_ precisions: [Int: SparsePrecision]) throws
  /// Whether answers are rougher than they are wanted: good enough for the way to an optimum.
  var isPreliminary: Bool { get }
  /// Makes all later answers as exact as they are wanted near the Λ of the last update.
  ///
  /// - Throws: `FitError`, `CholmodError`.
  func refine() throws
  /// Takes so many times as many random vectors from the next update on.
  ///
  /// - Returns: whether that makes answers more exact; not where there are none.
  /// - Throws: `FitError.tooManyProbes`.
  func refine(growth: Double) throws -> Bool
  /// log |ΛᵀZᵀWZΛ + I|
  var logDeterminantM: Double { get }
  /// log of |XᵀV⁻¹X| for V = I + ZΛΛᵀZᵀ; the sum of both is log |K|.
  var logDeterminantRX: Double { get }
  /// log |ΛᵀZᵀWZΛ + I| by each probe alone, where it is the mean over probes; else none.
  var probeLogDeterminants: [Double] { get }
  /// r² = min over u, β of ‖√W(y − Xβ − ZΛu)‖² + ‖u‖²
  var penalizedResidualSumOfSquares: Double { get }
  /// u (group after group, level after level) and β.
  func solution() throws -> (u: [Double], β: [Double])
  /// β alone.
  func coefficients() throws -> [Double]
  /// [K⁻¹] for X, p × p: Cov(β) / σ².
  func fixedEffectsCovariance() throws -> DenseMatrix
  /// The blocks of M⁻¹ for the levels of every group, level after level, ℓ × ℓ: Var(u | y, β, θ) /
  /// σ².
  func conditionalCovariances() throws -> [[Double]]
  /// First derivatives of log |K| (log |M| for ML) and of r² in Λ's blocks. It overwrites the
  /// factor: until the next update there are no other answers.
  ///
  /// - Throws: `CholmodError`.
  func slopes(_ kind: CriterionKind) throws -> CovarianceSlopes
  var description: SolverSummary { get }
}

extension MixedModelEquations {
  package func prepare(for kind: CriterionKind) {}
  package func coefficients() throws -> [Double] { try solution().β }
  package func weigh(_ coefficients: [Double]) throws { throw Self.needsOneA }
  package func relate(_ precisions: [Int: SparsePrecision]) throws {
    throw FitError.numerical(
      "this strategy is for levels whose correlations are known. Use \(Setting.solver("cholmod")), or auto")
  }
  /// What a strategy says that is for one A.
  static var needsOneA: FitError {
    .numerical(
      "this strategy is for residuals of one variance. Use \(Setting.solver("cholmod")), or auto")
  }
  package var isPreliminary: Bool { false }
  package func refine() throws {}
  package func refine(growth: Double) throws -> Bool { false }
  package var probeLogDeterminants: [Double] { [] }
}

/// What a strategy tells about itself.
package struct SolverSummary: Sendable {
  package var strategy: String
  /// The group that is absorbed.
  package var leadingGroup: Int?
  /// Scalars of the other groups' levels.
  package var coreSize: Int?
  /// Share of the core's entries that are stored.
  package var coreDensity: Double?
  package var factorNonzeros: Int?
  /// nil where the criterion is exact.
  package var criterionStandardError: Double?
  /// Random vectors that the criterion was estimated with, and steps of Lanczos' method for each.
  package var probes: Int?
  package var steps: Int?
  /// log |M| by each of them alone; none where the criterion is exact.
  package var probeLogDeterminants: [Double] = []
  /// For every group the relative standard error of its conditional variances, root mean square;
  /// nil where they are exact or were not asked for.
  package var conditionalErrors: [Double]?

  package init(
    strategy: String, leadingGroup: Int? = nil, coreSize: Int? = nil, coreDensity: Double? = nil,
    factorNonzeros: Int? = nil, criterionStandardError: Double? = nil, probes: Int? = nil,
    steps: Int? = nil, probeLogDeterminants: [Double] = [], conditionalErrors: [Double]? = nil
  ) {
    (self.strategy, self.leadingGroup) = (strategy, leadingGroup)
    (self.coreSize, self.coreDensity) = (coreSize, coreDensity)
    self.factorNonzeros = factorNonzeros
    self.criterionStandardError = criterionStandardError
    (self.probes, self.steps, self.probeLogDeterminants) = (probes, steps, probeLogDeterminants)
    self.conditionalErrors = conditionalErrors
  }
}
