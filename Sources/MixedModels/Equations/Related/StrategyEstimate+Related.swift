// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension StrategyEstimate {
  /// Steps of Lanczos' method, and vectors that the slopes of eight probes are made of.
  private static let (steps, slopeVectors) = (14.0, 12.0)
  /// Their derivatives by what an evaluation takes.
  private static let relatedDerivatives = 0.6

  /// Levels with few neighbours are eliminated, and what is left is estimated: from counts alone.
  ///
  /// - Parameter accuracy: Standard error wanted of the criterion; nil: any.
  init(
    _ elimination: BoundedElimination, _ model: LinearMixedModel, accuracy: Double?, threads: Int
  ) {
    let width = Double(model.tail.columns)
    let (left, entries) = Self.remainder(elimination, model)
    let blocks = Double(MatrixFreeAccuracy.pilot / 8)
    let sweeps = 16 * entries * blocks * (Self.steps + Self.slopeVectors)
    let own = elimination.factorEntries * (width + 2) + elimination.updates * 2
    let columns = Double(model.randomEffectCount) * (width + 4)
    let work = Work(shared: sweeps * Cost.lookup, alone: (own + columns) * Cost.entry)
    self.init(
      leading: nil, coreSize: Int(left), isDense: false,
      coreDensity: left > 0 ? entries / (left * (left + 1) / 2) : 0,
      factorNonzeros: Int(elimination.factorEntries), flops: sweeps + own,
      bytes: Int(
        min(
          32 * (columns + elimination.factorEntries) + 4 * elimination.updates + 64 * entries
            + 64 * left * (2 * Self.steps + Self.slopeVectors), 9e18)),
      evaluation: work, derivatives: Self.relatedDerivatives * work, threads: threads)
    strategy = .matrixFree
  }

  /// What the whole system costs at least, if the same levels are eliminated first.
  init(whole elimination: BoundedElimination, _ model: LinearMixedModel) {
    let (left, entries) = Self.remainder(elimination, model)
    let products = elimination.updates + entries * entries / max(left, 1) / 2
    let nonzeros = elimination.factorEntries + entries
    let work = Work(alone: products * Cost.supernodal + nonzeros * Cost.entry)
    self.init(
      leading: nil, coreSize: model.randomEffectCount, isDense: false, coreDensity: 0,
      factorNonzeros: Int(nonzeros), flops: products, bytes: Int(min(nonzeros * 8, 9e18)),
      evaluation: work, derivatives: Self.exactDerivatives * work, threads: 1)
    isBound = true
  }

  /// Scalars that are left, and their pairs.
  private static func remainder(
    _ elimination: BoundedElimination, _ model: LinearMixedModel
  ) -> (scalars: Double, entries: Double) {
    let sizes = model.groups.flatMap { group in repeatElement(group.size, count: group.levelCount) }
    let left = elimination.order[elimination.eliminatedCount...].reduce(0) { $0 + sizes[$1] }
    return (Double(left), elimination.remainingEntries)
  }
}
