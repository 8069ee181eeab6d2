// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension EquationsPlan {
  /// For a model with fixed levels, which are groups of equations like others.
  ///
  /// Beside a random factor of ratio θ² and at most n rows a level the scaled equations of one fixed factor have
  /// no eigenvalue below 1 / (1 + nθ²): their log-determinant can be estimated like that of random factors.
  /// Nothing bounds those of several fixed factors that are weakly connected; there a spectrum that is too slow
  /// asks for exact equations.
  ///
  /// - Throws: as other plans.
  init(
    besideFixedLevels model: LinearMixedModel, solver: String, accuracy: Double?, threads: Int,
    memory: Int, compares: Bool, refuses: Bool
  ) throws {
    var solver = solver
    if model.fixedLevels!.hasSlopes {
      // What is estimated of the inverse is its diagonal, and a level's columns share more.
      guard solver != "matrix-free" else {
        throw FitError.numerical(
          "slopes of levels with sparse columns (\(model.fixedLevels!.factors.last!.name)) take exact equations. Use \(Setting.solver("auto")), or another solver")
      }
      if solver == "auto" { solver = "exact" }
    }
    let joint = try EquationsPlan(
      model.joined, solver: solver, accuracy: accuracy, threads: threads, memory: memory,
      compares: compares, refuses: refuses)
    var choice = joint.choice
    if joint.chosenIndex != nil {
      let ofRandomEffects = ["auto", "matrix-free"].contains(solver) ? "auto" : "exact"
      let alone = try EquationsPlan(
        model.withoutFixedLevels, solver: ofRandomEffects, accuracy: accuracy, threads: threads,
        memory: memory, refuses: refuses)
      choice = .besideFixedLevels(joint.choice, alone: alone.choice)
    }
    self.init(estimates: joint.estimates, chosenIndex: joint.chosenIndex, choice: choice)
  }
}
