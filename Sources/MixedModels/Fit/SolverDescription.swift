// SPDX-License-Identifier: GPL-2.0-or-later

/// How the equations were solved.
public struct SolverDescription: Sendable {
  /// `absorbed`: one term's levels eliminated one by one, the rest as one matrix; `cholmod`: the
  /// whole system as one sparse matrix; `matrix-free`: one term's levels eliminated, and of the
  /// rest no matrix is made.
  public let strategy: String
  /// Grouping factor of the term that is absorbed.
  public let leadingTerm: String?
  public let coreSize: Int?
  public let coreDensity: Double?
  public let factorNonzeros: Int?
  public let threads: Int
  /// nil when the criterion is exact.
  public let criterionStandardError: Double?
  /// Random vectors that the criterion was estimated with; nil when it is exact.
  public let probes: Int?
  /// What the criterion's error means for the estimates; nil when it is exact, or where the Hessian
  /// is not known.
  public let monteCarloErrors: MonteCarloErrors?
  /// The same for the conditional variances of every grouping factor, relative and root mean
  /// square, where they were asked for.
  public let conditionalVarianceErrors: [Double]?
  /// What the strategies looked at were expected to cost, one line each; the chosen one has an
  /// asterisk.
  public let plan: [String]
}

extension SolverDescription {
  package init(
    _ strategy: String, leadingTerm: String? = nil, coreSize: Int? = nil,
    coreDensity: Double? = nil, factorNonzeros: Int? = nil, threads: Int,
    criterionStandardError: Double? = nil, probes: Int? = nil,
    monteCarloErrors: MonteCarloErrors? = nil, plan: [String] = []
  ) {
    self.init(
      strategy: strategy, leadingTerm: leadingTerm, coreSize: coreSize, coreDensity: coreDensity,
      factorNonzeros: factorNonzeros, threads: threads,
      criterionStandardError: criterionStandardError, probes: probes,
      monteCarloErrors: monteCarloErrors, conditionalVarianceErrors: nil, plan: plan)
  }
}
