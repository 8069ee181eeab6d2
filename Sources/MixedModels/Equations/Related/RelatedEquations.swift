// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The whole system without the factor that fills in, for levels that hang together, such as a million animals:
/// levels with few neighbours are eliminated exactly (`BoundedElimination`), and of what is left, S, the
/// log-determinant is estimated.
///
///     log |M| = log |M₁₁| + log |D| + log |I + E|,   S = M₂₂ − M₂₁M₁₁⁻¹M₁₂ = D^½(I + E)D^½,
///
/// where the last is the mean over probes, which stay the same for all θ: the criterion is a smooth function of θ
/// whose error is stated, with its own exact derivatives. X and y go exactly, as right-hand sides of conjugate
/// gradients. Small systems are written out, and then there is no error. Nothing depends on the number of threads.
package final class RelatedEquations: MixedModelEquations {
  let system: WholeSystem
  let factor: PartialCholesky
  let remainder: ScaledRemainder
  let estimate: RemainderEstimate
  let accuracy: MatrixFreeAccuracy
  /// Whether there are the few probes only that a search begins with.
  package private(set) var isPreliminary: Bool
  /// M⁻¹Λᵀ ZᵀW[X y], q × (p + 1) by rows in the order of the equations, and what is left of [X y]ᵀW[X y].
  var responses: [Double] = []
  var tailFactor: DenseMatrix
  var solverSteps = 0
  /// Of conditional variances.
  var conditionalErrors: [Double]?

  /// - Parameter layout: With levels to eliminate first, of a model of the same shape.
  /// - Throws: `CholmodError.tooLarge`.
  init(
    _ model: LinearMixedModel, _ layout: WholePattern, accuracy: MatrixFreeAccuracy, threads: Int
  ) throws {
    setBLASThreads(1)
    self.accuracy = accuracy
    system = WholeSystem(model, layout)
    factor = try PartialCholesky(
      layout.pattern, size: layout.randomEffectCount, leading: layout.leadingCount)
    remainder = ScaledRemainder(factor.remainder, ThreadTeam(count: threads))
    estimate = RemainderEstimate(
      remainder, scalars: Self.remainingScalars(model, layout),
      probes: accuracy.probes ?? MatrixFreeAccuracy.pilot, seed: accuracy.seed)
    isPreliminary = accuracy.growsTowardsGoal
    tailFactor = DenseMatrix(rows: model.tail.columns, columns: model.tail.columns)
  }

  /// By a bounded elimination of the model's own levels.
  ///
  /// - Throws: `CholmodError.tooLarge`.
  package convenience init(
    _ model: LinearMixedModel, accuracy: MatrixFreeAccuracy = .init(), limit: Int? = nil, threads: Int
  ) throws {
    try self.init(model, WholePattern(bounded: model, limit: limit), accuracy: accuracy, threads: threads)
  }

  /// Numbers of the scalars that are left, group after group, level after level, in the order of the equations.
  private static func remainingScalars(_ model: LinearMixedModel, _ layout: WholePattern) -> [Int] {
    var scalars = [Int](repeating: 0, count: layout.randomEffectCount - layout.leadingCount)
    var scalar = 0
    for (g, group) in model.groups.enumerated() {
      for level in 0..<group.levelCount {
        let first = layout.scalarStart[layout.firstNode[g] + level] - layout.leadingCount
        for i in 0..<group.size where first >= 0 { scalars[first + i] = scalar + i }
        scalar += group.size
      }
    }
    return scalars
  }

  var q: Int { system.q }
  var p: Int { system.p }
  var width: Int { p + 1 }

  package func weigh(_ coefficients: [Double]) { system.weigh(coefficients) }
  package func relate(_ precisions: [Int: SparsePrecision]) { system.relate(precisions) }

  /// - Throws: also `FitError.slowSpectrum`.
  package func update(_ factors: [[Double]]) throws {
    system.assemble(factors)
    try factor.factorize(system.values)
    try remainder.update(factor.remainderValues)
    try estimate.update(tolerance: tolerance, limit: accuracy.stepLimit)
    try respond()
  }

  /// What log |I + E| may lack for want of steps.
  var tolerance: Double { accuracy.tolerance(coreSize: remainder.size) }

  /// Takes as many probes as are needed at the Λ of the last update.
  ///
  /// - Throws: `FitError.slowSpectrum`, `FitError.tooManyProbes`: take an exact strategy.
  package func refine() throws {
    guard isPreliminary else { return }
    isPreliminary = false
    guard let goal = accuracy.standardError else { return }
    while let error = estimate.standardError, error > goal {
      try addProbes(growth: MatrixFreeAccuracy.growth(from: error, to: goal))
      try estimate.update(tolerance: tolerance, limit: accuracy.stepLimit)
    }
  }

  package func refine(growth: Double) throws -> Bool {
    guard !estimate.isExact else { return false }
    try addProbes(growth: growth)
    return true
  }

  private func addProbes(growth: Double) throws {
    let wanted = min(Double(estimate.probeCount) * growth, Double(remainder.size))
    guard wanted <= Double(accuracy.probeLimit) else {
      throw FitError.tooManyProbes(wanted: wanted, limit: accuracy.probeLimit)
    }
    estimate.setProbeCount(Int(wanted))
  }

  /// What of log |M| is no matter of chance.
  private var exactLogDeterminant: Double { factor.logDeterminant + remainder.logDiagonal }
  package var logDeterminantM: Double { exactLogDeterminant + estimate.value }
  package var probeLogDeterminants: [Double] { estimate.probeValues.map { exactLogDeterminant + $0 } }

  package var description: SolverSummary {
    SolverSummary(
      strategy: "matrix-free", coreSize: remainder.size, factorNonzeros: factor.factorEntries,
      criterionStandardError: estimate.standardError,
      probes: estimate.isExact ? remainder.size : estimate.probeCount, steps: estimate.steps,
      probeLogDeterminants: probeLogDeterminants, conditionalErrors: conditionalErrors)
  }
}

extension WholePattern {
  /// Levels with few neighbours first.
  ///
  /// - Parameter limit: Scalars that a level's neighbours may have for it to be eliminated.
  init(bounded model: LinearMixedModel, limit: Int? = nil) {
    let graph = NodeGraph(model)
    let elimination = graph.boundedElimination(limit: limit ?? Self.limit(model))
    self.init(model, graph, order: elimination.order, leading: elimination.eliminatedCount)
  }

  /// A longer column leaves less to chance, and takes more.
  static func limit(_ model: LinearMixedModel) -> Int { 16 * (model.groups.map(\.size).max() ?? 1) }
}
