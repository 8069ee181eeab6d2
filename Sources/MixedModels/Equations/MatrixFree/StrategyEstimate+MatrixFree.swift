// SPDX-License-Identifier: GPL-2.0-or-later

extension StrategyEstimate {
  /// Vectors that are kept, eight numbers for every scalar each.
  private static let vectors = 60.0

  /// No matrix but A: from counts and the core's spectrum.
  ///
  /// - Parameter accuracy: Standard error wanted of the criterion; nil: any.
  init(matrixFree model: LinearMixedModel, leading: Int, accuracy: Double?, threads: Int) {
    let sizes = model.groups.map(\.size)
    let values = Self.numbers(ofPairs: model)
    let pairs = model.pairs.reduce(0.0) { $0 + Double($1.rowLevels.count) }
    let kept = Self.keptBytes(model, leading: leading)
    let work = MatrixFreeWork(model, leading: leading, accuracy: accuracy)
    self.init(
      leading: leading,
      coreSize: model.randomEffectCount - model.groups[leading].levelCount * sizes[leading],
      isDense: false, coreDensity: 0, factorNonzeros: 0, flops: work.operations,
      bytes: Int(
        min(8 * pairs + 16 * values + kept.vectors + (work.isPreconditioned ? 2 : 1) * kept.entries, 9e18)),
      evaluation: work.evaluation, derivatives: work.derivatives, threads: threads)
    strategy = .matrixFree
  }

  /// Numbers of the blocks of all pairs of levels.
  static func numbers(ofPairs model: LinearMixedModel) -> Double {
    let sizes = model.groups.map(\.size)
    return model.pairs.reduce(0) { sum, pair in
      sum + Double(pair.rowLevels.count * sizes[pair.rowGroup] * sizes[pair.columnGroup])
    }
  }

  /// Bytes of those vectors.
  func vectorBytes(_ model: LinearMixedModel) -> Double {
    Self.keptBytes(model, leading: leading ?? 0).vectors
  }

  /// A number of B, one of E and one of the derivative, and the partner, for every entry.
  private static let entryBytes = 28.0
  /// H, its slopes, places and A_jj of a leading level's scalar.
  private static let leadingBytes = 64.0

  /// Where the core is written out vectors are its own only, and nothing but sums is kept of leading levels.
  private static func keptBytes(
    _ model: LinearMixedModel, leading: Int
  ) -> (vectors: Double, entries: Double) {
    let scalars = Double(model.randomEffectCount)
    let meetings = LeadingMeetings(model, leading: leading)
    guard meetings.areFew else { return (scalars * 64 * vectors, 0) }
    let ofLeaders = Double(model.groups[leading].levelCount * model.groups[leading].size)
    return (
      (scalars - ofLeaders) * 64 * vectors,
      meetings.entries * entryBytes + ofLeaders * leadingBytes
    )
  }
}
