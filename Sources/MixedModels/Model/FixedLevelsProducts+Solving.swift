// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension FixedLevelsProducts {
  /// Two factors of fewer levels have a factor at once.
  private static let fewestIterated = 4000

  /// (DᵀWD)⁻b by elimination of the largest factor's levels and conjugate gradients for the others where there are
  /// many levels, else by a sparse factor; and what solved for it.
  ///
  /// - Parameters:
  ///   - b: Levels × columns.
  ///   - solver: As for random effects: `matrix-free` iterates, `absorb` and `cholmod` factor whatever it takes.
  ///   - threads: That take a part of the columns each.
  /// - Throws: `CholmodError`, `FitError`.
  func solved(
    _ b: DenseMatrix, solver: String, threads: Int
  ) throws -> (answers: DenseMatrix, system: any FixedLevelsSystem) {
    func solved(_ solver: String) throws -> (DenseMatrix, any FixedLevelsSystem) {
      var F = b
      let system = try system(solver: solver, threads: threads)
      try system.solve(&F)
      return (F, system)
    }
    do { return try solved(solver) } catch FitError.slowSpectrum where solver == "auto" {
      return try solved("cholmod")
    }
  }

  /// - Throws: `CholmodError`, `FitError`.
  private func system(solver: String, threads: Int) throws -> any FixedLevelsSystem {
    let isLarge = starts.last! >= Self.fewestIterated
    if within == nil, solver == "matrix-free" || solver == "auto" && isLarge,
      let iteration = try FixedLevelsIteration(self, threads: threads)
    {
      return iteration
    }
    return try FixedLevelsFactor(self)
  }
}
