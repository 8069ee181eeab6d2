// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
package import NumericalMethods

/// Crossed factors without the core that fills in: the levels of one group are absorbed, and what
/// is left, S, is known by its products with vectors only.
///
///     log |M| = Σ log |D_j| + log |P| + log |I + E|,   P the diagonal blocks of S,   E = L⁻¹SL⁻ᵀ − I,
///
/// where the last is exact on a deflation space and elsewhere the mean over probes, which stay the
/// same for all θ: the criterion is a smooth function of θ whose error is stated. A core that is small
/// is written out where that is less work than the probes wanted, and then there is no error. X and y
/// go exactly, as right-hand sides. Nothing depends on the number of threads.
package final class MatrixFreeEquations: MixedModelEquations {
  let model: LinearMixedModel
  let system: CrossedSystem
  let team: ThreadTeam
  let accuracy: MatrixFreeAccuracy
  let core: CoreOperator
  let estimate: LogDeterminantEstimate
  let tail: TailSystem
  /// Whether there are the few probes only that a search begins with.
  package private(set) var isPreliminary: Bool
  private var isFirst = true
  /// Of conditional variances, see `conditionalCovariances`.
  var conditionalErrors: [Double]?

  /// - Parameter leading: The group that is absorbed; there must be others.
  package init(
    _ model: LinearMixedModel, leading: Int, accuracy: MatrixFreeAccuracy = .init(), threads: Int
  ) {
    precondition(model.groups.count > 1, "one group leaves no core")
    setBLASThreads(1)
    self.model = model
    self.accuracy = accuracy
    isPreliminary = accuracy.growsTowardsGoal
    team = ThreadTeam(count: threads)
    system = CrossedSystem(model, leading: leading)
    core = CoreOperator(system, team, written: accuracy.writesCore)
    let pilot = core.entries == nil ? MatrixFreeAccuracy.pilot : MatrixFreeAccuracy.fewest
    estimate = LogDeterminantEstimate(
      core, probes: accuracy.probes ?? pilot, memory: accuracy.memory, seed: accuracy.seed)
    tail = TailSystem(system, team, core.entries, preconditions: accuracy.preconditions)
  }

  /// - Throws: also `FitError.slowSpectrum`.
  package func update(_ factors: [[Double]]) throws {
    try core.update(factors)
    do {
      try estimate.update(core, tolerance: tolerance, limit: stepLimit)
    } catch FitError.slowSpectrum where isFirst && canBeWrittenOut {
      estimate.setProbeCount(system.coreSize)
      try estimate.update(core, tolerance: tolerance, limit: stepLimit)
    }
    isFirst = false
    try tail.update(core, estimate)
  }

  /// Takes as many probes as are needed at the Λ of the last update. From few probes to all that are
  /// wanted is a step from one function of θ to another: so it is taken once.
  ///
  /// - Throws: `FitError.slowSpectrum`, `FitError.tooManyProbes`: take an exact strategy.
  package func refine() throws {
    guard isPreliminary else { return }
    isPreliminary = false
    guard let goal = accuracy.standardError else { return }
    while let error = estimate.standardError, error > goal {
      try addProbes(growth: MatrixFreeAccuracy.growth(from: error, to: goal))
      try estimate.update(core, tolerance: tolerance, limit: stepLimit)
    }
  }

  /// Takes so many times as many probes from the next update on, or all unit vectors.
  ///
  /// - Returns: false where nothing is left to chance.
  /// - Throws: `FitError.tooManyProbes`.
  package func refine(growth: Double) throws -> Bool {
    guard !estimate.isExact else { return false }
    try addProbes(growth: growth)
    return true
  }

  private func addProbes(growth: Double) throws {
    let work = Double(estimate.probeCount) * growth * Double(estimate.steps)
    // All unit vectors are as good as any number of probes, and take one step, derivatives and the
    // factorization about two more.
    let wanted =
      work > 3 * Double(system.coreSize) && canBeWrittenOut
      ? Double(system.coreSize)
      : min(Double(estimate.probeCount) * growth, Double(system.coreSize))
    guard wanted <= Double(accuracy.probeLimit), Int(wanted) < system.coreSize || hasRoomToWrite
    else {
      throw FitError.tooManyProbes(wanted: wanted, limit: accuracy.probeLimit)
    }
    estimate.setProbeCount(Int(wanted))
  }

  /// What log |I + E| may lack for want of steps.
  var tolerance: Double { accuracy.tolerance(coreSize: system.coreSize) }

  /// Whether all unit vectors are no more probes than may be taken.
  private var canBeWrittenOut: Bool {
    !estimate.isExact && system.coreSize <= accuracy.probeLimit && hasRoomToWrite
  }

  /// Whether there is memory for the core in full, its factor, its inverse and its products.
  private var hasRoomToWrite: Bool {
    40 * Double(system.coreSize) * Double(system.coreSize) < accuracy.memory
  }

  /// As many steps as allowed, if there is memory for the vectors of four blocks.
  var stepLimit: Int {
    guard core.entries == nil else { return accuracy.stepLimit }
    let scalars = 2 * system.coreSize + system.leadingPlaces.count * system.size
    let fitting = accuracy.memory / (4 * Double(scalars) * 64)
    return max(8, min(accuracy.stepLimit, Int(min(fitting, 1e6))))
  }

  /// Steps of conjugate gradients for X and y at the last update.
  package var solverSteps: Int { tail.steps }

  package var logDeterminantM: Double {
    core.leadingLogDeterminant + core.diagonalLogDeterminant + estimate.value
  }
  package var probeLogDeterminants: [Double] {
    let exact = core.leadingLogDeterminant + core.diagonalLogDeterminant
    return estimate.probeValues.map { exact + $0 }
  }
  package var logDeterminantRX: Double { tail.logDeterminant }
  package var penalizedResidualSumOfSquares: Double { tail.residualSumOfSquares }

  package func coefficients() throws -> [Double] { tail.coefficients }

  package func fixedEffectsCovariance() throws -> DenseMatrix { tail.fixedInverse }

  package var description: SolverSummary {
    SolverSummary(
      strategy: "matrix-free", leadingGroup: system.leading, coreSize: system.coreSize,
      criterionStandardError: estimate.standardError,
      probes: estimate.isExact ? system.coreSize : estimate.probeCount, steps: estimate.steps,
      probeLogDeterminants: probeLogDeterminants,
      conditionalErrors: conditionalErrors)
  }
}
