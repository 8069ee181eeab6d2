// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// The searches that a trace consists of, told apart by where the criterion jumps up.
struct TracePhases {
  /// Index ranges of the trace, one after another.
  let phases: [Range<Int>]
  /// Of the first that came as low as any, but for what two ends of one minimum differ by.
  let main: Int

  /// A search ends near a minimum, and another begins far above it.
  private static let jump = 1e3
  private static let least = 1e-2
  private static let same = 1e-4

  /// - Parameters:
  ///   - distances: of all evaluations, of the criterion from its best value.
  ///   - starts: searches that were begun; one has no jumps.
  init(_ distances: [Double], starts: Int) {
    var phases: [Range<Int>] = []
    var (begin, lowest) = (0, Double.infinity)
    for (k, distance) in distances.enumerated() {
      if starts > 1, k > begin, distance > Self.least, distance > Self.jump * lowest {
        phases.append(begin..<k)
        (begin, lowest) = (k, .infinity)
      }
      lowest = min(lowest, distance)
    }
    phases.append(begin..<distances.count)
    self.phases = phases
    main = phases.firstIndex { $0.contains { distances[$0] < Self.same } } ?? 0
  }
}
