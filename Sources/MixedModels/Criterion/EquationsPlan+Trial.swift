// SPDX-License-Identifier: GPL-2.0-or-later

extension EquationsPlan {
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
  func obstacle(_ model: LinearMixedModel, threads: Int) throws -> FitError? {
    guard chosenIndex != nil, case .matrixFree(let leading, let accuracy) = choice else {
      return nil
    }
    var identity = model.covariance.emptyFactors
    model.covariance.factors(model.covariance.identity, into: &identity)
    var equations = MatrixFreeEquations(
      model, leading: leading, accuracy: accuracy, threads: threads)
    do {
      try equations.update(identity)
      try equations.refine()
      return nil
    } catch let error as FitError where error.asksForExactEquations {
      return error
    }
  }
}
