// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension StrategyEstimate {
  /// What absorbing a group costs, from a sample of the core: at least, where the core is not full.
  init(absorbing leading: Int, _ sample: CoreSample, _ model: LinearMixedModel, threads: Int) {
    let n = Double(sample.size + model.tail.columns)
    guard sample.density >= Self.fullCore else {
      self.init(leading, size: sample.size, density: sample.density, model, threads: threads)
      return
    }
    let leader = model.groups[leading]
    let inner = Double(leader.levelCount * leader.size)
    let products = min(
      sample.squaredDegrees * Double(leader.size) / 2 * Cost.scatter,
      inner * n * n / 2 * Cost.product)
    let work = Work(shared: n * n * n / 6 * Cost.cholesky + products + n * n * 8 * Cost.byte)
    self.init(
      leading: leading, coreSize: sample.size, isDense: true, coreDensity: sample.density,
      factorNonzeros: Int(n * (n + 1) / 2), flops: n * n * n / 6, bytes: Int(min(n * n * 8, 9e18)),
      evaluation: work, derivatives: Self.exactDerivatives * work, threads: threads)
    isBound = true
  }

  /// What the whole system costs at least, if the levels but for hubs are eliminated first as any
  /// good order would do it.
  package init(whole sample: CoreSample, _ model: LinearMixedModel, threads: Int) {
    self.init(
      nil, size: sample.size, density: sample.densityWithoutHubs, model, threads: threads)
    coreSize = model.randomEffectCount
  }

  /// A factor has at least the entries of what is factored, N of them in n columns, and takes at
  /// least N²/2n multiplications: as many as with columns of one length.
  private init(
    _ leading: Int?, size: Int, density: Double, _ model: LinearMixedModel, threads: Int
  ) {
    let n = Double(max(size, 1))
    let entries = density * n * n / 2 + n
    let products = entries * entries / n / 2
    let work = Work(shared: products * Cost.cholesky)
    self.init(
      leading: leading, coreSize: size, isDense: false, coreDensity: density,
      factorNonzeros: Int(entries), flops: products, bytes: Int(min(entries * 8, 9e18)),
      evaluation: work, derivatives: Self.exactDerivatives * work, threads: threads)
    isBound = true
  }
}
