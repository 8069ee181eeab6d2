// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension ModelPlan {
  /// Of a model whose residuals have covariances between visits: what an evaluation takes is measured, since
  /// one costs next to nothing whatever the number of subjects.
  ///
  /// - Throws: `FormulaError`, `FitError`.
  package init(repeated products: CrossProducts, _ given: FitOptions) throws {
    let (model, _, products, options) = try FittedModel.assembled(repeated: products, given)
    let formula = products.specification.formula
    let criterion = RepeatedCriterion(
      model: model, kind: options.criterion, threads: threadCount(options.threads))
    let start = model.start()
    let began = monotonicSeconds()
    _ = criterion.solution(start)
    let seconds = monotonicSeconds() - began
    // Derivatives take about twice what the criterion takes.
    let strategy = Strategy(
      name: "patterns", leadingTerm: nil, coreSize: 0, coreDensity: 0, factorNonzeros: 0,
      operations: model.patterns.reduce(0) { $0 + $1.operations }, bytes: model.patterns.reduce(0) { $0 + $1.bytes },
      seconds: seconds, derivativeSeconds: 2 * seconds, isBound: false)
    self.init(
      formula: formula.text, observations: model.observations,
      omittedObservations: products.omittedObservations, fixedEffectCount: model.fixedEffectCount,
      randomEffectCount: 0, thetaNames: [], groups: [], absorbed: [], pairCount: 0, strategies: [strategy],
      chosen: 0,
      search: Search(parameters: model.parameterCount, options, strategy, .usual),
      memory: availableMemory(),
      messages: products.notes,
      subjects: Subjects(
        name: model.term.subject, count: model.subjects, visits: model.visits.count,
        patterns: model.patterns.count, parameters: model.parameterCount))
  }
}

extension VisitPattern {
  /// Of all sums.
  fileprivate var bytes: Int { blocks.reduce(0) { $0 + 8 * $1.count } }

  /// Multiplications and additions: every sum once, Σ's inverse and its product with the columns.
  fileprivate var operations: Double {
    let m = Double(visits.count)
    return m * m * m + 2 * Double(blocks.reduce(0) { $0 + $1.count })
  }
}
