// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// What absorbing one group would cost, with the core dense or sparse.
struct AbsorptionEstimate {
  private let model: LinearMixedModel
  private let leading: Int
  private let threads: Int
  private let memory: Int
  private let incidence: Incidence

  /// A core so small is dense without further thought.
  private static let smallCore = 48
  /// Nodes whose neighbours are counted to guess the core's density.
  private static let sampleSize = 48

  init(_ model: LinearMixedModel, leading: Int, threads: Int, memory: Int) {
    (self.model, self.leading, self.memory) = (model, leading, memory)
    self.threads = threads
    incidence = Incidence(model, leading: leading)
  }

  private var leader: RandomEffectsGroup { model.groups[leading] }
  private var coreSize: Int {
    incidence.coreNodes.reduce(0) { $0 + model.groups[Int(incidence.groupOfNode[$1])].size }
  }
  private var tail: Int { model.tail.columns }

  /// The better of a dense and a sparse core. There is no layout if neither can be made in the
  /// memory there is.
  func cheapest() throws -> (StrategyEstimate, CoreLayout?) {
    let graph = CoreGraph(model, incidence)
    let density = graph.sampledDensity(Self.sampleSize)
    let dense = denseEstimate(density)
    if coreSize <= Self.smallCore || (density >= StrategyEstimate.fullCore && dense.0.fits(memory))
    {
      return dense
    }
    let nodes = Double(incidence.coreNodes.count)
    let graphBytes = density * nodes * nodes / 2 * 32
    guard memory == 0 || graphBytes < Double(memory) / 2 else { return dense }
    let sparse = try sparseEstimate(graph)
    if !dense.0.fits(memory) { return sparse }
    return sparse.0.effort < dense.0.effort ? sparse : dense
  }

  private func denseEstimate(_ density: Double) -> (StrategyEstimate, CoreLayout?) {
    let n = Double(coreSize + tail)
    var estimate = StrategyEstimate(
      leading: leading, coreSize: coreSize, isDense: true, coreDensity: density,
      factorNonzeros: Int(n * (n + 1) / 2), flops: n * n * n / 6 + absorptionFlops,
      bytes: Int(min(n * n * 8 + absorptionBytes, 9e18)), evaluation: Work(alone: .infinity),
      derivatives: Work(), threads: threads)
    guard estimate.fits(memory) else { return (estimate, nil) }
    // The most frequent nodes last: the others' columns are short where they are long.
    let order = incidence.coreNodes.sorted {
      (incidence.degree($0), $0) < (incidence.degree($1), $1)
    }
    let layout = CoreLayout(model, incidence, order: order, pattern: nil)
    let frequent = Double(layout.size - layout.scalarStart[layout.firstFrequent])
    let inner = Double(leader.levelCount * leader.size)
    let entries = layout.work[..<layout.firstFrequent].reduce(0, +)
    let products = frequent > 0 ? frequent * (frequent / 2 + Double(tail)) * inner : 0
    estimate.flops += entries + products
    estimate.bytes += frequent > 0 ? Int((frequent + Double(tail)) * inner * 8) : 0
    estimate.evaluation = Work(
      shared: absorptionSeconds + entries * Cost.scatter + products * Cost.product
        + n * n * n / 6 * Cost.cholesky + n * n * 8 * Cost.byte,
      alone: Double(incidence.leaves.count) * Cost.leaf)
    estimate.derivatives = derivatives(estimate.evaluation)
    return (estimate, layout)
  }

  private func sparseEstimate(_ graph: CoreGraph) throws -> (StrategyEstimate, CoreLayout?) {
    let natural = graph.pattern()
    let order = try fillReducingOrder(natural)
    let pattern = natural.permuted(by: order).pattern
    let layout = CoreLayout(
      model, incidence, order: order.map { incidence.coreNodes[$0] }, pattern: pattern)
    let scalars = layout.scalarPattern(tail: tail)
    let factor = try SparseCholesky(analyzing: scalars)
    let entries = layout.work.reduce(0, +)
    let n = Double(coreSize)
    let ownEntries = Double(scalars.entryCount) - (n + Double(tail) / 2) * Double(tail)
    let factorSeconds =
      factor.flops * (factor.isSupernodal ? Cost.supernodal : Cost.simplicial)
      + Double(factor.supernodeCount) * Cost.supernode
      + Double(factor.factorNonzeros + scalars.entryCount) * Cost.entry
    let evaluation = Work(
      shared: absorptionSeconds + entries * Cost.scatter
        + Double(incidence.coreNodes.count) * Cost.node,
      alone: factorSeconds + Double(incidence.leaves.count) * Cost.leaf)
    let estimate = StrategyEstimate(
      leading: leading, coreSize: coreSize, isDense: false,
      coreDensity: min(1, ownEntries / (n * (n + 1) / 2)), factorNonzeros: factor.factorNonzeros,
      flops: absorptionFlops + entries + factor.flops,
      bytes: factor.factorBytes + factor.updateBytes + scalars.entryCount * 24
        + Int(min(absorptionBytes, 1e18)),
      evaluation: evaluation, derivatives: derivatives(evaluation), threads: threads)
    return (estimate, layout)
  }

  /// Where there is one group only, nothing is inverted but its levels' blocks.
  private func derivatives(_ evaluation: Work) -> Work {
    (model.groups.count > 1 ? StrategyEstimate.exactDerivatives : Self.packedDerivatives) * evaluation
  }
  private static let packedDerivatives = 1.2

  /// Columns of all [A_jo A_jX A_jy].
  private var columns: Double {
    var total = Double(leader.levelCount * tail)
    for node in 0..<incidence.nodeCount {
      total +=
        Double(incidence.degree(node)) * Double(model.groups[Int(incidence.groupOfNode[node])].size)
    }
    return total
  }

  private var absorptionFlops: Double {
    let ℓ = Double(leader.size)
    let tailProducts = Double(leader.levelCount) * Double(tail * tail) / 2 * ℓ
    return columns * ℓ * ℓ + tailProducts + Double(leader.levelCount) * (ℓ * ℓ * ℓ + 4)
  }

  /// On one thread.
  ///
  /// Where there is one group only, eight levels are absorbed at a time and roots cost nothing.
  private var absorptionSeconds: Double {
    guard model.groups.count > 1 else { return absorptionFlops * Cost.packedAbsorption }
    return absorptionFlops * Cost.absorption + Double(leader.levelCount) * Cost.level
  }

  /// A and W, their rows, and the nodes' entries.
  private var absorptionBytes: Double {
    columns * (16 * Double(leader.size) + 4) + Double(incidence.partners.count) * 28
  }
}

extension CoreLayout {
  /// What is left when the levels of a given group are absorbed, as the planner would store it.
  ///
  /// - Throws: `CholmodError`; `FitError.outOfMemory`.
  package init(_ model: LinearMixedModel, absorbing leading: Int) throws {
    let estimate = AbsorptionEstimate(model, leading: leading, threads: 1, memory: 0)
    guard let layout = try estimate.cheapest().1 else {
      throw FitError.numerical("group \(leading) cannot be absorbed")
    }
    self = layout
  }

  /// Levels that are eliminated before those of the leading group.
  package var leafCount: Int { incidence.leaves.count }
}
