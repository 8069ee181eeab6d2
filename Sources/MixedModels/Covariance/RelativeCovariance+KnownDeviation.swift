// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

extension RelativeCovariance {
  /// log σ where it follows from a standard deviation that is known, and its derivatives in φ; nil where
  /// none is.
  func logSigma(_ φ: [Double]) -> (value: Double, slopes: [Double])? {
    guard let known = knownDeviation else { return nil }
    let range = blockRanges[known.block]
    let slopes = RelativeSlopes(blocks[known.block], Array(φ[range]))
    let relative = slopes.here.deviations[known.column]
    var all = [Double](repeating: 0, count: φ.count)
    for (k, slope) in zip(range, slopes.deviations[known.column]) { all[k] = -slope / relative }
    return (log(known.value / relative), all)
  }

  /// σ² where it follows from a standard deviation that is known.
  func knownVariance(_ φ: [Double]) -> Double? {
    guard let known = knownDeviation else { return nil }
    let block = blocks[known.block]
    var next = blockRanges[known.block].lowerBound
    let λ = block.solveR(block.working(φ, &next))
    let square = (0..<λ.columns).reduce(0) { $0 + λ[known.column, $1] * λ[known.column, $1] }
    return known.value * known.value / square
  }
}
