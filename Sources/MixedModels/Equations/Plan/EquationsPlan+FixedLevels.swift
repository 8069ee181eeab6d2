// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension EquationsPlan {
  /// For a model with absorbed factors, whose levels are groups of equations like others. Their criterion
  /// is not estimated: nothing bounds how small the eigenvalues of their matrix are.
  ///
  /// - Throws: as other plans; `FitError.numerical` for `matrix-free`.
  init(
    besideFixedLevels model: LinearMixedModel, solver: String, threads: Int, memory: Int,
    compares: Bool, refuses: Bool
  ) throws {
    guard solver != "matrix-free" else {
      throw FitError.numerical(
        "absorbed factors are solved for exactly, and not without a matrix. Leave \(Setting.solver("matrix-free")) out"
      )
    }
    let exact = solver == "auto" ? "exact" : solver
    let joint = try EquationsPlan(
      model.joined, solver: exact, threads: threads, memory: memory, refuses: refuses)
    var choice = joint.choice
    if joint.chosenIndex != nil {
      let alone = try EquationsPlan(
        model.withoutFixedLevels, solver: "exact", threads: threads, memory: memory,
        refuses: refuses)
      choice = .besideFixedLevels(joint.choice, alone: alone.choice)
    }
    self.init(estimates: joint.estimates, chosenIndex: joint.chosenIndex, choice: choice)
  }
}
