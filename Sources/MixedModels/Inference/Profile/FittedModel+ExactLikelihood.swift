// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension FittedModel {
  /// This fit if it is one by maximum likelihood and its criterion is exact; otherwise the model
  /// fitted again so.
  ///
  /// - Parameter memory: Bytes there are; 0: unknown.
  /// - Returns: A fit that profiles can start from.
  /// - Throws: `InferenceError` where exact equations do not fit in memory; `FitError`.
  package func exactLikelihoodFit(memory: Int = availableMemory()) throws -> FittedModel {
    let isExact = fit.solver.criterionStandardError == nil
    if isExact, fit.criterionKind == .ml { return self }
    let solver = EquationsPlan.exactSolver(insteadOf: options.solver)
    do {
      _ = try EquationsPlan(model, solver: solver, threads: threads, memory: memory)
    } catch FitError.outOfMemory(let needed, let available, _) {
      func gibibytes(_ bytes: Int) -> String {
        fixedNotation(Double(bytes) / 1_073_741_824, decimals: 1) + " GiB"
      }
      throw InferenceError.refused(
        "a profile is made of small differences of criteria, which must be exact, and exact equations need \(gibibytes(needed)) of memory where \(gibibytes(available)) are left. Use \(Setting.intervals("wald")), or a machine with more memory."
      )
    }
    return try refitted(
      by: .ml, start: isExact ? nil : fit.theta.values, solver: solver, keepingHeld: true)
  }
}
