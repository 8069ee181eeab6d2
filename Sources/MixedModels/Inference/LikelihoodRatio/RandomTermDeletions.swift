// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// Likelihood-ratio tests of single parts of the random effects (lmerTest's `ranova`).
public struct RandomTermDeletions: Sendable {
  public struct Row: Sendable {
    /// What was taken out; nil for the model as it is.
    public let name: String?
    public let parameterCount: Int
    public let logLikelihood: Double
    public let aic: Double
    /// nil for the model as it is.
    public let test: LikelihoodRatioTest?
    /// Why there is no mixture, or no exact p-value; the error of estimated criteria.
    public let note: String?
  }
  public let formula: String
  public let criterionKind: CriterionKind
  public let boundary: BoundaryMethod
  public let rows: [Row]
}

extension FittedModel {
  /// Takes out one part of the random effects after the other and fits what is left, by the same
  /// criterion and from the same cross-products; without random effects by least squares.
  ///
  /// The mixture is that of one variance with its covariances (`BoundaryMixture`). For parts of
  /// several columns its weights depend on the information; there is a note instead, and the naive
  /// p-value is an upper bound.
  /// - Throws: `FitError`, `InferenceError`.
  public func randomTermDeletions(
    boundary: BoundaryMethod = .mixture, simulations: Int = 10_000, seed: UInt64 = 1,
    replicates: BootstrapOptions = BootstrapOptions()
  ) throws -> RandomTermDeletions {
    try ValueRange.simulations.check(simulations, "simulations")
    try requireEstimates()
    guard !model.groups.isEmpty else {
      throw InferenceError.nothingToTakeOut(of: formula.text, repeated?.model.term)
    }
    let kind = options.criterion
    var rows = [
      RandomTermDeletions.Row(
        name: nil, parameterCount: fit.parameterCount, logLikelihood: fit.logLikelihood,
        aic: fit.aic, test: nil,
        note: options.held.isEmpty ? nil : "terms of which parameters are known are not tested")
    ]
    let deletions = try randomDeletions()
    let within = structureReductions() + covarianceDeletions()
    for deletion in deletions + jointDeletions(deletions) + within {
      let (rest, maps) = try reduced(by: deletion, kind)
      if rest.groups.isEmpty {
        try model.requireEqualVariances("a test of all random effects at once", nil)
      }
      let optimum =
        rest.groups.isEmpty ? nil : try rest.bestFit(options, without: deletion.name)
      let criterion = optimum?.outcome.value ?? model.leastSquaresCriterion(kind)
      try Fit.requireCriterion(criterion, of: "the model without \(deletion.name)")
      let statistic = max(0, criterion - fit.criterion)
      let count = model.fixedRank + rest.determinedCount + (rest.estimatesSigma ? 1 : 0)
      let isTest = count < fit.parameterCount
      let test = boundary == .exact && isTest ? try exactTest(deletion, rest) : nil
      var bootstrap: BootstrapTest?
      if boundary == .bootstrap, isTest {
        let null = optimum.map {
          NullModel(reduced: rest, maps: maps, φ: $0.outcome.φ, sigma: $0.estimates.sigma)
        }
        bootstrap = try self.bootstrap(
          without: deletion.name, null, statistic, df: fit.parameterCount - count, replicates)
      }
      rows.append(
        row(
          deletion, criterion: criterion, count: count,
          error: StatisticError(optimum?.solver, self.optimum.solver, sharesProbes: false),
          exact: test?.simulated(simulations, seed: seed, statistic: statistic),
          bootstrap: bootstrap))
    }
    return RandomTermDeletions(
      formula: fit.formula, criterionKind: kind, boundary: boundary, rows: rows)
  }

  private func reduced(
    by deletion: RandomDeletion, _ kind: CriterionKind
  ) throws -> (model: LinearMixedModel, maps: [DenseMatrix]) {
    switch deletion.special {
    case nil: try model.reduction(keeping: deletion.kept, determinedBy: kind)
    case .structure(let term, let structure):
      (model.replacing(term, by: structure), model.groups.map { DenseMatrix.identity($0.size) })
    case .parts(let pieces): try model.reduction(to: pieces, determinedBy: kind)
    }
  }

  /// Simulates the model without a part of its random effects; `null` is nil without any.
  private func bootstrap(
    without name: String, _ null: NullModel?, _ statistic: Double, df: Int,
    _ replicates: BootstrapOptions
  ) throws -> BootstrapTest {
    let (kind, solver) = (options.criterion, options.solver)
    let simulation =
      try null?.simulation(in: model, kind: kind, start: φ, solver: solver)
      ?? model.leastSquaresSimulation(kind: kind, start: φ, solver: solver)
    return BootstrapTest(
      smaller: "without \(name)", larger: fit.formula, criterionKind: kind, seed: replicates.seed,
      statistic: statistic, df: df,
      naivePValue: ChiSquared(degreesOfFreedom: Double(df)).cumulative(statistic, tail: .upper),
      replicates: try simulation.run(replicates, threads: threads), messages: [])
  }

  /// nil unless one variance is taken out, without covariances.
  private func exactTest(_ deletion: RandomDeletion, _ rest: LinearMixedModel) throws -> ExactTest?
  {
    guard deletion.columns == 1, deletion.of == 1,
      let t = deletion.kept.indices.first(where: {
        deletion.kept[$0].count < model.covariance.blocks[$0].size
      })
    else { return nil }
    let block = model.covariance.blocks[t]
    return try ExactTest(
      model, group: block.group, column: block.offset, criterion: options.criterion,
      isApproximate: !rest.groups.isEmpty, threads: threads)
  }

  private func row(
    _ deletion: RandomDeletion, criterion: Double, count: Int, error: StatisticError?,
    exact: ExactTest.Result?, bootstrap: BootstrapTest?
  ) -> RandomTermDeletions.Row {
    let df = fit.parameterCount - count
    // A model that the data do not tell from this one has the same criterion.
    let statistic = df > 0 ? max(0, criterion - fit.criterion) : 0
    let isOne = deletion.columns == 1
    let notes = [
      df == 0
        ? "\(deletion.name): the data do not determine it apart from the rest of the model; taking it out changes nothing"
        : nil,
      isOne || df == 0 || deletion.special != nil
        ? nil
        : "\(deletion.name): \(deletion.columns) variances at once have a mixture whose weights depend on the data; the naive p-value is an upper bound",
      error.map { "\(deletion.name): \($0.note(statistic, df: df))" },
      deletion.remark.map { "\(deletion.name): \($0)" },
    ].compactMap(\.self)
    return RandomTermDeletions.Row(
      name: deletion.name, parameterCount: count, logLikelihood: -criterion / 2,
      aic: criterion + 2 * Double(count),
      test: LikelihoodRatioTest(
        statistic: statistic, error: error, df: df,
        mixture: isOne && df > 0 ? BoundaryMixture(oneMoreEffectIn: df) : nil,
        exact: exact, bootstrap: bootstrap),
      note: notes.isEmpty ? nil : notes.joined(separator: "; "))
  }
}

extension LinearMixedModel {
  /// The same with another structure of one term.
  fileprivate func replacing(
    _ term: Int, by structure: any CovarianceStructure
  ) -> LinearMixedModel {
    var blocks = covariance.blocks
    let old = blocks[term]
    blocks[term] = RelativeCovariance.Block(
      group: old.group, offset: old.offset, size: old.size, R: old.R, structure: structure)
    var model = self
    model.covariance = RelativeCovariance(
      blocks: blocks, groupSizes: covariance.groupSizes, residual: covariance.residual,
      knownDeviation: covariance.knownDeviation)
    return model
  }

  /// - Throws: `FitError`; `InferenceError` if the search did not converge.
  fileprivate func bestFit(_ options: FitOptions, without part: String) throws -> Optimum {
    var options = options
    (options.start, options.startByName) = (nil, nil)
    options.wantsConditionalModes = false
    let optimum = try optimum(options).optimum
    guard optimum.outcome.converged else {
      throw InferenceError.refused(
        "the search for the model without \(part) did not converge. Allow more evaluations, or try another optimizer."
      )
    }
    return optimum
  }
}
