// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension EquationsPlan {
  /// - Parameters:
  ///   - solver: `auto`, `absorb`, `cholmod`, `matrix-free`, or `exact` for any that estimates
  ///     nothing; one group that is absorbed leaves nothing that could be without a matrix, so that
  ///     `matrix-free` is then `absorb`.
  ///   - accuracy: Standard error wanted of a criterion that is estimated; nil: one that hardly moves the
  ///     estimates.
  ///   - memory: Bytes there are; 0: unknown, anything fits.
  ///   - compares: Whether to look at all strategies even where the choice is clear.
  ///   - refuses: Whether it is an error that nothing fits.
  /// - Throws: `FitError.unknownSolver`; `.outOfMemory` if nothing fits; `CholmodError`.
  package init(
    _ model: LinearMixedModel, solver given: String = "auto", accuracy: Double? = nil, threads: Int,
    memory: Int = availableMemory(), compares: Bool = false, refuses: Bool = true
  ) throws {
    guard given == "auto" || given == "exact" || Self.strategies[given] != nil else {
      throw FitError.unknownSolver(given)
    }
    guard model.fixedLevels == nil else {
      self = try EquationsPlan(
        besideFixedLevels: model, solver: given, accuracy: accuracy, threads: threads,
        memory: memory, compares: compares, refuses: refuses)
      return
    }
    let solver = try Self.solver(given, model)
    var comparison = StrategyComparison(
      model, solver: solver, threads: threads, memory: memory,
      compares: compares && !(model.hasIndependentLevels && model.hasLinkedLevels))
    if !model.hasIndependentLevels {
      comparison.addRelated(accuracy: accuracy)
    } else if !model.needsWholeSystem {
      comparison.addMatrixFree(accuracy: accuracy)
    }
    // Beside levels that hang together others are absorbed on request: the core is not what any order would leave.
    if model.hasIndependentLevels ? !model.needsWholeSystem : solver == "absorb" {
      try comparison.addAbsorbed()
    }
    try comparison.addWhole()
    let candidates = comparison.candidates.sorted { $0.estimate.seconds < $1.estimate.seconds }
    let estimates = candidates.map(\.estimate)
    let allowed = candidates.indices.filter { k in
      let strategy = candidates[k].estimate.strategy
      return candidates[k].choice != nil && candidates[k].estimate.fits(memory)
        && (Self.strategies[solver] ?? strategy.rawValue) == strategy.rawValue
        && (solver != "exact" || strategy != .matrixFree)
    }
    let byEffort = allowed.sorted { (estimates[$0].effort, $0) < (estimates[$1].effort, $1) }
    let exact = byEffort.first { k in
      estimates[k].strategy != .matrixFree && estimates[k].effort <= comparison.allowedSeconds
    }
    let chosen = exact ?? byEffort.first
    guard chosen != nil || !refuses else {
      throw FitError.outOfMemory(
        needed: estimates.map(\.bytes).min() ?? 0, available: memory,
        core: estimates.filter { $0.leading != nil }.map(\.coreSize).min()
          ?? model.randomEffectCount)
    }
    (self.estimates, chosenIndex) = (estimates, chosen)
    choice = chosen.flatMap { candidates[$0].choice } ?? .whole(nil)
  }

  /// - Throws: `FitError` where only the whole system will do and another is asked for.
  private static func solver(_ given: String, _ model: LinearMixedModel) throws(FitError) -> String
  {
    guard model.hasIndependentLevels else {
      guard given != "absorb" || model.canBeAbsorbed else {
        throw .numerical(
          "levels that hang together cannot be eliminated one by one, and there is no other grouping factor whose levels could be. Use \(Setting.solver("cholmod")) or \(Setting.solver("matrix-free")), or leave it out"
        )
      }
      return given
    }
    if model.needsWholeSystem {
      guard ["auto", "exact", "cholmod"].contains(given) else {
        throw .numerical(
          "residuals that are correlated or of different variances, beside several grouping factors, are for the whole system of equations. Use \(Setting.solver("cholmod")), or auto"
        )
      }
      return "cholmod"
    }
    return given == "matrix-free" && model.groups.count == 1 ? "absorb" : given
  }
}

extension LinearMixedModel {
  /// Whether residuals are such that levels are not eliminated one by one, which are independent.
  fileprivate var needsWholeSystem: Bool { parts != nil && (groups.count > 1 || hasLinkedLevels) }

  /// Whether there are levels to eliminate one by one, and what they leave is of one A and known Q.
  fileprivate var canBeAbsorbed: Bool {
    guard !hasIndependentLevels else { return true }
    return !leadingGroups.isEmpty && !covariance.hasLevelParameters && !hasLinkedLevels && parts == nil
  }
}
