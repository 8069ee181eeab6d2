// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// What an evaluation without a matrix takes, and its derivatives: from counts of levels and pairs, and from how many
/// steps the core's spectrum asks for.
struct MatrixFreeWork {
  let evaluation: Work
  let derivatives: Work
  /// Multiplications and additions of an evaluation.
  let operations: Double
  /// Whether a core that is written out is expected to be worth a preconditioner.
  private(set) var isPreconditioned = false

  /// About the standard error that the fewest probes leave where levels are well connected.
  private static let error = 0.002
  /// Scalars of a core of which all unit vectors may be taken.
  private static let mostUnits = Double(MatrixFreeAccuracy().probeLimit)
  /// What a probe's value is, for every scalar of the core.
  private static let value = 0.03

  /// - Parameter accuracy: Standard error wanted of the criterion; nil: any.
  init(_ model: LinearMixedModel, leading: Int, accuracy: Double?) {
    let meetings = LeadingMeetings(model, leading: leading)
    let isWritten = meetings.areFew
    let size = model.groups[leading].size
    let core = Double(model.randomEffectCount - model.groups[leading].levelCount * size)
    let spectrum = CoreSpectrum(model, leading: leading, deflates: !isWritten)
    let tolerance = MatrixFreeAccuracy(standardError: accuracy).tolerance(coreSize: Int(core))
    let ratio = Self.error / (accuracy ?? .infinity)
    let growth = max(1, ratio * ratio)
    let steps = min(
      spectrum.quadratureSteps(tolerance: tolerance / (Self.value * max(core, 1))), max(core, 1))
    let blocks = Double((model.tail.columns + 7) / 8)
    let solverSteps = blocks * min(
      spectrum.solverSteps(tolerance: CoreSolver.tolerance(besideProbes: isWritten)), max(core, 1))
    if isWritten {
      self.init(
        written: meetings, core: core, steps: growth * steps, solverSteps,
        preconditioned: Self.canBePreconditioned(model) ? blocks : nil)
    } else {
      // The vectors that are deflated, and the probes, eight at a time.
      let probes = 1 + growth * Double(MatrixFreeAccuracy.pilot / 8)
      self.init(
        sweeping: model, leading: leading, core: core, probes: probes, steps: steps, solverSteps)
    }
  }

  /// A core that is written out: its entries are made from all meetings, and looked up at every step.
  ///
  /// - Parameters:
  ///   - steps: Of eight probes.
  ///   - solverSteps: Of X and y, without a preconditioner.
  ///   - preconditioned: Blocks of eight columns of X and y where there can be one.
  private init(
    written meetings: LeadingMeetings, core: Double, steps: Double, _ solverSteps: Double,
    preconditioned: Double?
  ) {
    let (levels, pairs) = (meetings.leadingScalars, meetings.values)
    let entries = meetings.entries
    let plain = PreconditioningChoice.steps(entries: entries, core: core).without
    var (solverSteps, solving) = (solverSteps, solverSteps * plain)
    if let blocks = preconditioned {
      let expected = PreconditioningChoice.expected(entries: entries, core: core, blocks: blocks)
      isPreconditioned = expected < solving
      // Its steps count as so many without one.
      if isPreconditioned { (solverSteps, solving) = (expected / plain, expected) }
    }
    let lookups = entries * (steps + solverSteps)
    operations =
      8 * 2 * lookups + 8 * 8 * core * (steps + solverSteps) + meetings.products + 4 * (levels + pairs)
    evaluation = Work(
      shared: steps * plain + solving + core * steps * Cost.slopeVectors + entries * Cost.slopeEntry
        + meetings.products * Cost.meeting + pairs * Cost.pair + levels * Cost.leadingScalar)
    derivatives = Work(
      shared: meetings.products * Cost.meetingSlope + entries * Cost.entry + levels * Cost.leadingScalar)
  }

  /// Whether the core is one of one scalar a level, and without positive entries, see `CorePreconditioner`.
  private static func canBePreconditioned(_ model: LinearMixedModel) -> Bool {
    model.groups.count == 2 && model.groups.allSatisfy { $0.size == 1 }
      && model.pairs.allSatisfy { $0.blocks.allSatisfy { $0 >= 0 } }
  }

  /// A core that is not: every step goes over all pairs twice.
  private init(
    sweeping model: LinearMixedModel, leading: Int, core: Double, probes: Double, steps: Double, _ solverSteps: Double
  ) {
    let values = StrategyEstimate.numbers(ofPairs: model)
    let scalars = Double(model.randomEffectCount)
    // Once more for the right-hand sides, and for what the solver leaves.
    let sweeps = probes * steps + solverSteps + 3
    let sweep = 2 * (values + scalars)
    let basis = probes * steps * steps * scalars
    let slopes = 2 * values * Double(model.groups[leading].size) * Cost.pairSlope
    let probing = sweeps * sweep * Cost.sweepLookup + 4 * basis * Cost.panelSum
    // All unit vectors, and a factor, where the core is small.
    let units = core / 8 * sweep * Cost.sweepLookup + core * core * core / 6 * Cost.cholesky
    guard core > Self.mostUnits || probing <= units else {
      operations = core * sweep + core * core * core / 6
      evaluation = Work(shared: units)
      derivatives = Work(shared: 2 * units + slopes)
      return
    }
    operations = 8 * (sweeps * sweep + 4 * basis)
    evaluation = Work(shared: probing)
    derivatives = Work(shared: slopes + basis * Cost.panelSum)
  }
}
