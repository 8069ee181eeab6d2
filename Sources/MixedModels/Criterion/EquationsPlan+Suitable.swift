// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension EquationsPlan {
  /// The plan for equations that a fit's options ask for.
  ///
  /// - Parameter solver: In place of the options' own.
  /// - Throws: `FitError`, `CholmodError`.
  init(_ model: LinearMixedModel, _ options: FitOptions, solver: String? = nil) throws {
    try self.init(
      model, solver: solver ?? options.solver, accuracy: options.accuracy,
      threads: threadCount(options.threads))
  }

  /// The plan for exact equations on one thread, as many models of one shape need them: what is asked
  /// for if it is exact, else the best that is.
  ///
  /// - Throws: `FitError`, `CholmodError`.
  package static func exact(_ model: LinearMixedModel, insteadOf solver: String) throws -> EquationsPlan {
    try EquationsPlan(model, solver: exactSolver(insteadOf: solver), threads: 1)
  }

  /// What to ask a plan for where an estimated criterion will not do: the solver given if it is
  /// exact, else the best of those that are.
  static func exactSolver(insteadOf solver: String) -> String {
    ["auto", "matrix-free"].contains(solver) ? "exact" : solver
  }

  /// Why the matrix-free equations that were chosen do not suit the model, by an evaluation at
  /// Λ = I; nil where they do, or where others were chosen.
  ///
  /// Counts of pairs do not tell how slowly a spectrum converges or how much probes differ.
  ///
  /// - Throws: `FitError`, `CholmodError`.
  func misfit(_ model: LinearMixedModel, threads: Int) throws -> FitError? {
    guard chosenIndex != nil, choice.isEstimated else { return nil }
    let criterion = try Criterion(
      model, model.fixedLevels == nil ? .ml : .reml, choice, threads: threads)
    do {
      _ = try criterion.value(model.covariance.identity)
      try criterion.refine()
      return nil
    } catch let error as FitError where error.asksForExactEquations {
      return error
    }
  }
}

extension Criterion {
  /// By the equations that were chosen for models of this shape.
  ///
  /// - Throws: `CholmodError` when a sparse system cannot be analyzed.
  convenience init(
    _ model: LinearMixedModel, _ kind: CriterionKind, _ choice: EquationsPlan.Choice,
    threads: Int = 1
  ) throws {
    self.init(model, kind, try choice.equations(model, threads: threads))
  }

  /// By the equations that a fit with these options takes in the end, as exact as they are wanted.
  ///
  /// - Throws: `FitError`, `CholmodError`.
  convenience init(_ model: LinearMixedModel, _ options: FitOptions) throws {
    let threads = threadCount(options.threads)
    var plan = try EquationsPlan(model, options)
    if options.solver == "auto", try plan.misfit(model, threads: threads) != nil,
      let exact = try? EquationsPlan(model, options, solver: "exact")
    {
      plan = exact
    }
    try self.init(
      model, options.criterion, plan.choice.drawing(seed: options.probeSeed), threads: threads)
    guard isPreliminary else { return }
    _ = try value(model.covariance.identity)
    try refine()
  }
}
