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
  }

  /// The least expensive first.
  package let estimates: [StrategyEstimate]
  package let choice: Choice

  /// Below so many seconds an evaluation is not worth a look at the alternative.
  private static let negligible = 1e-3

  /// - Parameters:
  ///   - solver: `auto`, `absorb`, `cholmod` or `matrix-free`; one group that is absorbed leaves
  ///     nothing that could be without a matrix, so that `matrix-free` is then `absorb`.
  ///   - accuracy: Standard error wanted of a criterion that is estimated.
  ///   - memory: Bytes there are; 0: unknown, anything fits.
  ///   - compares: Whether to look at all strategies even where the choice is clear.
  ///   - refuses: Whether it is an error that nothing fits.
  /// - Throws: `FitError.unknownSolver`; `.outOfMemory` if nothing fits; `CholmodError`.
  package init(
    _ model: LinearMixedModel, solver given: String = "auto", accuracy: Double = 0.01, threads: Int,
    memory: Int = availableMemory(), compares: Bool = false, refuses: Bool = true
  ) throws {
    guard ["auto", "absorb", "cholmod", "matrix-free"].contains(given) else {
      throw FitError.unknownSolver(given)
    }
    let solver = given == "matrix-free" && model.groups.count == 1 ? "absorb" : given
    var candidates: [(estimate: StrategyEstimate, choice: Choice)] = []
    if solver == "matrix-free" {
      let leading = Self.leadingGroups(model)[0]
      candidates.append(
        (
          StrategyEstimate(matrixFree: model, leading: leading, threads: threads),
          .matrixFree(
            leading: leading, accuracy: MatrixFreeAccuracy(standardError: accuracy))
        ))
    }
    if ["auto", "absorb"].contains(solver) || (compares && solver != "cholmod") {
      for leading in Self.leadingGroups(model) {
        let isSettled = candidates.contains { $0.estimate.isFull && $0.estimate.fits(memory) }
        if isSettled && !compares { break }
        let estimator = AbsorptionEstimate(
          model, leading: leading, threads: threads, memory: memory)
        let (estimate, layout) = try estimator.cheapest()
        candidates.append((estimate, layout.map { .absorbed($0) } ?? .whole))
      }
    }
    let isClear =
      model.groups.count == 1
      || candidates.contains { candidate in
        let estimate = candidate.estimate
        return (estimate.seconds < Self.negligible || estimate.isFull) && estimate.fits(memory)
      }
    if solver == "cholmod" || compares || (solver == "auto" && !isClear) {
      do {
        candidates.append((try StrategyEstimate(whole: model, memory: memory), .whole))
      } catch {
        // What cannot even be analyzed is no alternative.
        guard !candidates.isEmpty, Self.isTooLarge(error) else { throw error }
      }
    }
    candidates.sort { $0.estimate.seconds < $1.estimate.seconds }
    estimates = candidates.map(\.estimate)
    let allowed = candidates.filter { candidate in
      candidate.estimate.fits(memory)
        && (solver == "auto" || candidate.estimate.strategy.rawValue == Self.strategies[solver]!)
    }
    guard let best = allowed.first ?? (refuses ? nil : candidates.first) else {
      throw FitError.outOfMemory(
        needed: estimates.map(\.bytes).min() ?? 0, available: memory,
        core: estimates.filter { $0.leading != nil }.map(\.coreSize).min()
          ?? model.randomEffectCount)
    }
    choice = best.choice
  }

  /// What a solver asked for is called in reports.
  static let strategies = [
    "absorb": "absorbed", "cholmod": "cholmod", "matrix-free": "matrix-free",
  ]

  private static func isTooLarge(_ error: any Error) -> Bool {
    switch error {
    case CholmodError.outOfMemory, CholmodError.tooLarge, FitError.outOfMemory: true
    default: false
    }
  }

  /// Groups worth absorbing, the largest first: those that leave not much more of a core than that
  /// one.
  private static func leadingGroups(_ model: LinearMixedModel) -> [Int] {
    let sizes = model.groups.map { $0.levelCount * $0.size }
    let largest = sizes.max() ?? 0
    return sizes.indices.filter { 2 * sizes[$0] >= largest }
      .sorted { (-sizes[$0], $0) < (-sizes[$1], $1) }
  }

  /// The estimate of what was chosen.
  package var chosen: StrategyEstimate {
    switch choice {
    case .whole: estimates.first { $0.strategy == .whole }!
    case .absorbed(let layout):
      estimates.first {
        $0.strategy == .absorbed && $0.leading == layout.leading
          && $0.isDense == (layout.pattern == nil)
      }!
    case .matrixFree: estimates.first { $0.strategy == .matrixFree }!
    }
  }
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

  /// Whether absorption leaves a core that is nearly full.
  ///
  /// Then the largest group is the one to absorb, for the same pairs of levels would fill another
  /// core as well, and any order of the whole system ends in a block like this one: nothing else
  /// needs to be looked at.
  var isFull: Bool {
    strategy == .absorbed && isDense && coreSize > 0 && coreDensity >= AbsorptionEstimate.fullCore
  }

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
