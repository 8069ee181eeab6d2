// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// Likelihood-ratio tests of nested models, each against the next smaller one (lme4's `anova`).
public struct ModelComparison: Sendable {
  public struct Row: Sendable {
    public let name: String
    public let formula: String
    public let parameterCount: Int
    public let aic: Double
    public let bic: Double
    public let logLikelihood: Double
    /// −2 log L, or the REML criterion.
    public let deviance: Double
    /// Against the next smaller model; the smallest has none.
    public let test: LikelihoodRatioTest?
  }
  public let criterionKind: CriterionKind
  public let boundary: BoundaryMethod
  /// By number of parameters.
  public let rows: [Row]
  /// What was done, and why a p-value is missing.
  public let messages: [String]
  /// Whether the fixed parts of all models span the same.
  let keepsFixedPart: Bool
}

extension ModelComparison {
  /// Sorts the models, makes sure that they are nested and fitted to the same rows, and refits REML
  /// fits by maximum likelihood where the fixed parts differ (or some are ML fits): REML criteria
  /// of different fixed parts say nothing about each other.
  ///
  /// There are two models or more, with what to call them.
  ///
  /// - Throws: `InferenceError` where models cannot be compared; `FitError`.
  public init(
    _ models: [(name: String, model: FittedModel)], boundary: BoundaryMethod = .naive,
    simulations: Int = 10_000, seed: UInt64 = 1,
    replicates: BootstrapOptions = BootstrapOptions()
  ) throws {
    guard models.count >= 2 else {
      throw InferenceError.refused("a likelihood-ratio test needs two models or more.")
    }
    try Self.checkData(models)
    if boundary == .bootstrap {
      for (_, model) in models {
        try model.model.requireEqualVariances("the bootstrap", .boundary("mixture"))
      }
    }
    func size(_ fit: Fit) -> Int { fit.fixedEffectCount + fit.theta.values.count }
    var sorted = models.enumerated().sorted {
      let (a, b) = ($0.element.model.fit, $1.element.model.fit)
      return (a.parameterCount, size(a), $0.offset) < (b.parameterCount, size(b), $1.offset)
    }.map(\.element)
    let nestings = try zip(sorted, sorted.dropFirst()).map { smaller, larger in
      let nesting = try larger.model.nesting(of: smaller.model)
      if let lacking = nesting.lacking {
        throw InferenceError.refused(
          "\(smaller.name) is not nested in \(larger.name): \(lacking) of “\(smaller.model.fit.formula)” is not contained in “\(larger.model.fit.formula)”. A likelihood-ratio test needs nested models; AIC and BIC of both are in their reports."
        )
      }
      return nesting
    }
    var messages: [String] = []
    let kinds = Set(sorted.map(\.model.fit.criterionKind))
    let keepsREML = kinds == [.reml] && nestings.allSatisfy(\.hasSameFixedPart)
    if !keepsREML, kinds.contains(.reml) {
      messages.append(
        kinds.count > 1
          ? "refitting the REML fits by ML, as the others are"
          : "refitting all models by ML instead of REML, since their fixed parts differ")
      sorted = try sorted.map {
        ($0.name, $0.model.fit.criterionKind == .ml ? $0.model : try $0.model.refitted(by: .ml))
      }
      if let stopped = sorted.first(where: { !$0.model.fit.convergence.converged }) {
        throw InferenceError.refused(
          "the search for the ML fit of \(stopped.name) did not converge. Allow more evaluations, or try another optimizer."
        )
      }
    }
    for (name, model) in sorted { try model.fit.requireCriterion(of: name) }
    keepsFixedPart = nestings.allSatisfy(\.hasSameFixedPart)
    self.boundary = boundary
    criterionKind = keepsREML ? .reml : .ml
    var rows = [Row(sorted[0])]
    for (k, nesting) in nestings.enumerated() {
      let (smaller, larger) = (sorted[k], sorted[k + 1])
      var exact: ExactTest.Result?
      if boundary == .exact {
        try ValueRange.simulations.check(simulations, "simulations")
        let test = try ExactTest(smaller: smaller.model, larger: larger.model, nesting: nesting)
        exact = test.simulated(
          simulations, seed: seed, statistic: Row.statistic(smaller.model, larger.model))
      }
      var bootstrap: BootstrapTest?
      if boundary == .bootstrap,
        larger.model.fit.parameterCount > smaller.model.fit.parameterCount
      {
        bootstrap = try BootstrapComparison(smaller, larger).test(replicates)
      }
      let error = Row.statisticError(smaller.model, larger.model)
      let test = LikelihoodRatioTest(
        statistic: Row.statistic(smaller.model, larger.model), error: error,
        df: larger.model.fit.parameterCount - smaller.model.fit.parameterCount,
        mixture: boundary == .mixture ? nesting.mixture : nil, exact: exact, bootstrap: bootstrap)
      rows.append(Row(larger, test))
      if test.df == 0, !larger.model.fit.convergence.notDetermined.isEmpty {
        messages.append(
          "\(larger.name) against \(smaller.name): the data do not determine what the models differ in"
        )
      }
      if let error {
        messages.append(
          "\(larger.name) against \(smaller.name): \(error.note(test.statistic, df: test.df))")
      }
      if boundary == .mixture {
        messages += [nesting.note, smaller.model.boundaryNote].compactMap(\.self).map {
          "\(larger.name) against \(smaller.name): \($0)"
        }
      }
    }
    (self.rows, self.messages) = (rows, messages)
  }

  private static func checkData(_ models: [(name: String, model: FittedModel)]) throws {
    let first = DataFingerprint(models[0].model)
    for other in models.dropFirst() {
      if let difference = DataFingerprint(other.model).difference(from: first) {
        throw InferenceError.refused(
          "\(models[0].name) and \(other.name) were not fitted to the same data: \(difference).")
      }
    }
  }
}

extension FittedModel {
  /// Mixtures suppose that variances which are not tested are inside the parameter space.
  fileprivate var boundaryNote: String? {
    fit.convergence.isSingular
      ? "a variance that is not tested is estimated as zero, so that the mixture is only a guide"
      : nil
  }
}

extension ModelComparison.Row {
  fileprivate init(
    _ entry: (name: String, model: FittedModel), _ test: LikelihoodRatioTest? = nil
  ) {
    let fit = entry.model.fit
    self.init(
      name: entry.name, formula: fit.formula, parameterCount: fit.parameterCount, aic: fit.aic,
      bic: fit.bic, logLikelihood: fit.logLikelihood, deviance: fit.criterion, test: test)
  }

  fileprivate static func statisticError(
    _ smaller: FittedModel, _ larger: FittedModel
  ) -> StatisticError? {
    StatisticError(smaller, larger)
  }

  /// REML criteria are compared for orthonormal columns of X: of one space in other columns they
  /// differ by a constant.
  fileprivate static func statistic(_ smaller: FittedModel, _ larger: FittedModel) -> Double {
    func criterion(_ fitted: FittedModel) -> Double {
      fitted.fit.criterion
        - (fitted.fit.criterionKind == .reml ? fitted.model.fixed.logDeterminantShift : 0)
    }
    return max(0, criterion(smaller) - criterion(larger))
  }
}
