// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension LogDeterminantEstimate {
  /// log |I + E| of a core that is written out, and its derivative Ē off the diagonal blocks:
  ///
  ///     log |I + E| = −½ tr E² + tr f(E),   f(x) = log(1 + x) − x + x²/2,
  ///
  /// where probes see the last only. Eight probes at a time leave nothing but their values and their part of
  /// Ē, so that memory does not grow with their number; nearly every evaluation is followed by one of the
  /// derivative.
  func update(
    _ core: CoreOperator, _ entries: CoreEntries, tolerance: Double, limit: Int
  ) throws {
    for pair in entries.pairs {
      let (E, slope) = (pair.E.values.start, pair.slope.start)
      for x in 0..<pair.E.values.count { slope[x] = -E[x] }
    }
    let block = spareBlock(isWritten: true)
    blockValues = []
    steps = 0
    for b in 0..<blockCount {
      draw(b, into: block.lanczos.start)
      try block.lanczos.run(core, tolerance: 8 * tolerance, limit: limit)
      steps = max(steps, block.lanczos.steps)
      blockValues.append(block.lanczos.values)
      let vectors = try SlopeVectors(block.lanczos, weights: weights, reusing: slopeVectors)
      slopeVectors = vectors
      vectors.add(to: entries)
    }
    condition = try block.lanczos.condition
    sum(exact: -0.5 * entries.squares)
  }
}
