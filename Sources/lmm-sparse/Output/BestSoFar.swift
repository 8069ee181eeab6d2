// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import NumericalMethods

/// Remembers the best θ of a search, so that an interrupt can say how to go on from it.
///
/// `@unchecked Sendable`: progress is reported by the fitting thread alone.
final class BestSoFar: @unchecked Sendable {
  private var best: TracePoint?
  private var isTold = true
  private var lastTold = -Double.infinity

  func note(_ event: FitProgress) {
    guard case .evaluating(let point, _) = event else { return }
    if best.map({ point.criterion < $0.criterion }) ?? true { (best, isTold) = (point, false) }
    // Text for the interrupt, ten times a second at most.
    let now = monotonicSeconds()
    guard !isTold, now - lastTold > 0.1, let best else { return }
    (isTold, lastTold) = (true, now)
    let theta = best.theta.map(\.description).joined(separator: ",")
    tellOnInterrupt(
      "interrupted at criterion \(best.criterion), evaluation \(best.evaluation). To go on from there:\n"
        + "    --start \(theta)\n")
  }
}
