// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// What each way to solve the equations would cost, from counts and patterns alone, and which one
/// to take.
package struct EquationsPlan {
  package enum Choice {
    case whole
    case absorbed(CoreLayout)
    /// The group that is absorbed.
    case matrixFree(leading: Int, accuracy: MatrixFreeAccuracy)

    /// The same with other probes, where there are any.
    func drawing(seed: UInt64) -> Choice {
      guard case .matrixFree(let leading, var accuracy) = self else { return self }
      accuracy.seed = seed
      return .matrixFree(leading: leading, accuracy: accuracy)
    }
  }

  /// The least expensive first.
  package let estimates: [StrategyEstimate]
  /// Index of the one that is chosen; nil if none fits.
  package let chosenIndex: Int?
  package let choice: Choice

  /// - Parameters:
  ///   - solver: `auto`, `absorb`, `cholmod`, `matrix-free`, or `exact` for any that estimates
  ///     nothing; one group that is absorbed leaves nothing that could be without a matrix, so that
  ///     `matrix-free` is then `absorb`.
  ///   - accuracy: Standard error wanted of a criterion that is estimated.
  ///   - memory: Bytes there are; 0: unknown, anything fits.
  ///   - compares: Whether to look at all strategies even where the choice is clear.
  ///   - refuses: Whether it is an error that nothing fits.
  /// - Throws: `FitError.unknownSolver`; `.outOfMemory` if nothing fits; `CholmodError`.
  package init(
    _ model: LinearMixedModel, solver given: String = "auto", accuracy: Double = 0.01, threads: Int,
    memory: Int = availableMemory(), compares: Bool = false, refuses: Bool = true
  ) throws {
    guard given == "auto" || given == "exact" || Self.strategies[given] != nil else {
      throw FitError.unknownSolver(given)
    }
    let solver = given == "matrix-free" && model.groups.count == 1 ? "absorb" : given
    var comparison = StrategyComparison(
      model, solver: solver, threads: threads, memory: memory, compares: compares)
    comparison.addMatrixFree(accuracy: accuracy)
    try comparison.addAbsorbed()
    try comparison.addWhole()
    let candidates = comparison.candidates.sorted { $0.estimate.seconds < $1.estimate.seconds }
    let estimates = candidates.map(\.estimate)
    let allowed = candidates.indices.filter { k in
      let strategy = candidates[k].estimate.strategy
      return candidates[k].choice != nil && candidates[k].estimate.fits(memory)
        && (Self.strategies[solver] ?? strategy.rawValue) == strategy.rawValue
        && (solver != "exact" || strategy != .matrixFree)
    }
    let exact = allowed.first { k in
      estimates[k].strategy != .matrixFree && estimates[k].seconds <= comparison.patience
    }
    let chosen = exact ?? allowed.first
    guard chosen != nil || !refuses else {
      throw FitError.outOfMemory(
        needed: estimates.map(\.bytes).min() ?? 0, available: memory,
        core: estimates.filter { $0.leading != nil }.map(\.coreSize).min()
          ?? model.randomEffectCount)
    }
    (self.estimates, chosenIndex) = (estimates, chosen)
    choice = chosen.flatMap { candidates[$0].choice } ?? .whole
  }

  /// What a solver asked for is called in reports.
  static let strategies = [
    "absorb": "absorbed", "cholmod": "cholmod", "matrix-free": "matrix-free",
  ]

  /// Groups worth absorbing, the largest first: those that leave not much more of a core than that
  /// one.
  static func leadingGroups(_ model: LinearMixedModel) -> [Int] {
    let sizes = model.groups.map { $0.levelCount * $0.size }
    let largest = sizes.max() ?? 0
    return sizes.indices.filter { 2 * sizes[$0] >= largest }
      .sorted { (-sizes[$0], $0) < (-sizes[$1], $1) }
  }

  /// The estimate of what was chosen.
  package var chosen: StrategyEstimate { estimates[chosenIndex ?? 0] }
}

/// The expected cost of one evaluation of the criterion.
package struct StrategyEstimate {
  /// By the names that reports give.
  package enum Strategy: String {
    case whole = "cholmod"
    case absorbed
    case matrixFree = "matrix-free"
  }

  package var strategy: Strategy
  /// The group that is absorbed; nil for the whole system in CHOLMOD.
  package var leading: Int?
  /// Scalars of the other groups' levels.
  package var coreSize: Int
  package var isDense: Bool
  /// Share of the core's lower triangle that is not zero before its factorization.
  package var coreDensity: Double
  /// Entries of the factor that is computed, of the core or of the whole.
  package var factorNonzeros: Int
  /// Multiplications and additions.
  package var flops: Double
  package var bytes: Int
  package var seconds: Double
  /// Whether this is the least that it can cost, from counts alone.
  package var isBound = false

  /// Whether absorption leaves a core that is nearly full.
  ///
  /// Then the largest group is the one to absorb, for the same pairs of levels would fill another
  /// core as well, and any order of the whole system ends in a block like this one: nothing else
  /// needs to be looked at.
  var isFull: Bool {
    strategy == .absorbed && isDense && coreSize > 0 && coreDensity >= AbsorptionEstimate.fullCore
  }

  /// Whether an evaluation takes a good part of a second, so that every one counts.
  var isDear: Bool { strategy == .matrixFree ? seconds > 0.05 : flops > 2e9 }

  /// About what a pair of levels takes while the whole system's pattern is made and ordered.
  private static let analysisBytes = 200

  func fits(_ memory: Int) -> Bool { memory == 0 || Double(bytes) < 0.9 * Double(memory) }

  /// The whole system: needs its pattern and analyzes it.
  ///
  /// - Throws: `FitError.outOfMemory` if that alone takes more than there is; `CholmodError`.
  init(whole model: LinearMixedModel, memory: Int) throws {
    let pairs = model.pairs.reduce(0) { $0 + $1.rowLevels.count }
    guard memory == 0 || pairs * Self.analysisBytes < memory else {
      throw FitError.outOfMemory(
        needed: pairs * Self.analysisBytes, available: memory, core: model.randomEffectCount)
    }
    let layout = try WholePattern(model)
    let factor = try SparseCholesky(analyzing: layout.pattern)
    strategy = .whole
    leading = nil
    coreSize = model.randomEffectCount
    isDense = false
    let (n, entries) = (Double(layout.pattern.size), Double(layout.pattern.entryCount))
    coreDensity = entries / (n * (n + 1) / 2)
    factorNonzeros = factor.factorNonzeros
    flops = factor.flops
    bytes = factor.factorBytes + factor.updateBytes + layout.pattern.entryCount * 24
    seconds =
      flops * (factor.isSupernodal ? Cost.narrow : Cost.simplicial)
      + (Double(factorNonzeros) + entries) * Cost.entry
  }

  init(
    leading: Int?, coreSize: Int, isDense: Bool, coreDensity: Double, factorNonzeros: Int,
    flops: Double, bytes: Int, seconds: Double
  ) {
    strategy = leading == nil ? .whole : .absorbed
    self.leading = leading
    self.coreSize = coreSize
    self.isDense = isDense
    self.coreDensity = coreDensity
    self.factorNonzeros = factorNonzeros
    self.flops = flops
    self.bytes = bytes
    self.seconds = seconds
  }
}
