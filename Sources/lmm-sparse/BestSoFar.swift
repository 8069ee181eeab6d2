// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import NumericalMethods

/// Remembers the best θ of a search, so that an interrupt can say how to go on from it.
///
/// `@unchecked Sendable`: progress is reported by the fitting thread alone.
final class BestSoFar: @unchecked Sendable {
  private var best: TracePoint?
  private var lastTold = 0.0

  func note(_ event: FitProgress) {
    guard case .evaluating(let point) = event else { return }
    if let best, best.criterion <= point.criterion { return }
    best = point
    // Text for the interrupt, ten times a second at most.
    let now = monotonicSeconds()
    guard now - lastTold > 0.1 else { return }
    lastTold = now
    let theta = point.theta.map(\.description).joined(separator: ",")
    tellOnInterrupt(
      "interrupted at criterion \(point.criterion), evaluation \(point.evaluation). To go on from there:\n"
        + "    --start \(theta)\n")
  }
}
