// SPDX-License-Identifier: GPL-2.0-or-later

/// Whether conjugate gradients on a written core are worth a preconditioner, and when it has become too old: by the steps
/// that were counted, by the spectrum and by what a step takes (`Cost`), never by a clock, so that no digit depends on the
/// machine.
///
/// How many evaluations follow is not known. So one is made as soon as the evaluations since the last one, and the one at
/// hand, take so much longer than they would have with a new one as it takes to be made: whatever follows, no more than
/// twice the least is spent.
struct PreconditioningChoice {
  enum Step {
    case none, former, new
  }

  /// Seconds of a step without and with it, and of making one.
  private let step: Double
  private let preconditionedStep: Double
  private let making: Double
  /// Steps of one that is new.
  private var newSteps: Double
  /// Steps by the one there is, the last time; nil: there is none.
  private var formerSteps: Double?
  /// Steps without one, for a root of the spectrum's condition of 1.
  private var ratio = 0.0
  /// Seconds since the last one was made that a new one would have spared.
  private var excess = 0.0

  /// What one leaves to do on graphs of any kind, to `CoreSolver.tolerance(besideProbes:)`.
  static let usualSteps = 13.0

  /// - Parameters:
  ///   - entries: Of the core off its diagonal.
  ///   - core: Its scalars.
  ///   - blocks: Of eight right-hand sides.
  init(entries: Double, core: Double, blocks: Int) {
    (step, preconditionedStep) = Self.steps(entries: entries, core: core)
    making = Self.making(entries: entries, core: core)
    newSteps = Self.usualSteps * Double(blocks)
  }

  /// Seconds of a step without and with a preconditioner.
  static func steps(entries: Double, core: Double) -> (without: Double, with: Double) {
    let step = entries * Cost.panelLookup + core * Cost.panelStep
    return (step, step + entries * Cost.eliminatedEntry + core * Cost.eliminatedRow)
  }

  private static func making(entries: Double, core: Double) -> Double {
    (entries / 2 + core) * Cost.elimination
  }

  /// Evaluations of a fit, about.
  private static let usualEvaluations = 16.0

  /// Seconds that an evaluation is expected to take for its solves with a preconditioner, its making included.
  static func expected(entries: Double, core: Double, blocks: Double) -> Double {
    blocks * usualSteps * steps(entries: entries, core: core).with
      + making(entries: entries, core: core) / usualEvaluations
  }

  /// What to take at the present Λ.
  ///
  /// - Parameter condition: Of the spectrum.
  func next(condition: Double) -> Step {
    let plain = ratio * condition.squareRoot() * step
    let former = formerSteps.map { $0 * preconditionedStep } ?? .infinity
    let gain = min(plain, former) - newSteps * preconditionedStep
    if gain > 0, excess + gain > making { return .new }
    return former < plain ? .former : .none
  }

  /// Takes note of the steps of an evaluation.
  mutating func count(_ steps: Int, condition: Double, _ taken: Step) {
    let steps = Double(steps)
    switch taken {
    case .none: ratio = steps / condition.squareRoot()
    case .former: formerSteps = steps
    case .new: (newSteps, formerSteps, excess) = (steps, steps, 0)
    }
    let seconds = steps * (taken == .none ? step : preconditionedStep)
    excess += max(0, seconds - newSteps * preconditionedStep)
  }
}
