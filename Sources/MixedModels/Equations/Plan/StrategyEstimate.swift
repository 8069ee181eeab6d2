// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

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
  /// Of the criterion, and of its derivatives after that.
  package var evaluation: Work
  package var derivatives: Work
  private let threads: Int
  /// Whether this is the least that it can cost, from counts alone.
  package var isBound = false

  /// A core of which this share is filled is dense without further thought.
  static let fullCore = 0.5

  /// Whether absorption leaves a core that is nearly full.
  ///
  /// Then the largest group is the one to absorb, for the same pairs of levels would fill another
  /// core as well, and any order of the whole system ends in a block like this one: nothing else
  /// needs to be looked at.
  var isFull: Bool {
    strategy == .absorbed && isDense && coreSize > 0 && coreDensity >= Self.fullCore
  }

  /// Predicted seconds of an evaluation with the threads there are, and of its derivatives.
  package var seconds: Double { evaluation.seconds(threads: threads) }
  package var derivativeSeconds: Double { derivatives.seconds(threads: threads) }
  /// Seconds of both on one thread: what choices rest on.
  var effort: Double { evaluation.total + derivatives.total }

  /// Whether an evaluation takes a good part of a second, so that every one counts.
  package var isExpensive: Bool { strategy == .matrixFree ? evaluation.total > 0.03 : flops > 2e9 }

  /// About what a pair of levels takes while the whole system's pattern is made and ordered.
  private static let analysisBytes = 200

  func fits(_ memory: Int) -> Bool { memory == 0 || Double(bytes) < 0.9 * Double(memory) }

  /// The whole system: needs its pattern and analyzes it.
  ///
  /// - Throws: `FitError.outOfMemory` if that alone takes more than there is; `CholmodError`.
  static func whole(
    _ model: LinearMixedModel, memory: Int
  ) throws -> (estimate: StrategyEstimate, layout: WholePattern) {
    let pairs = model.pairs.reduce(0) { $0 + $1.rowLevels.count }
    guard memory == 0 || pairs * analysisBytes < memory else {
      throw FitError.outOfMemory(
        needed: pairs * analysisBytes, available: memory, core: model.randomEffectCount)
    }
    let layout = try WholePattern(model)
    let factor = try SparseCholesky(analyzing: layout.pattern)
    return (StrategyEstimate(layout, factor, model), layout)
  }

  private init(_ layout: WholePattern, _ factor: borrowing SparseCholesky, _ model: LinearMixedModel) {
    strategy = .whole
    leading = nil
    coreSize = model.randomEffectCount
    isDense = false
    let (n, entries) = (Double(layout.pattern.size), Double(layout.pattern.entryCount))
    coreDensity = entries / (n * (n + 1) / 2)
    factorNonzeros = factor.factorNonzeros
    flops = factor.flops
    bytes = factor.factorBytes + factor.updateBytes + layout.pattern.entryCount * 24
    threads = 1
    evaluation = Work(
      alone: flops * (factor.isSupernodal ? Cost.narrow : Cost.simplicial)
        + Double(factor.supernodeCount) * Cost.supernode
        + (Double(factorNonzeros) + entries) * Cost.entry)
    derivatives = Self.exactDerivatives * evaluation
  }

  /// Derivatives of exact equations by what an evaluation takes: the entries of the inverse that they need are
  /// two or three times the work of the factor.
  static let exactDerivatives = 2.0

  init(
    leading: Int?, coreSize: Int, isDense: Bool, coreDensity: Double, factorNonzeros: Int,
    flops: Double, bytes: Int, evaluation: Work, derivatives: Work, threads: Int
  ) {
    strategy = leading == nil ? .whole : .absorbed
    self.leading = leading
    self.coreSize = coreSize
    self.isDense = isDense
    self.coreDensity = coreDensity
    self.factorNonzeros = factorNonzeros
    self.flops = flops
    self.bytes = bytes
    (self.evaluation, self.derivatives, self.threads) = (evaluation, derivatives, threads)
  }
}
