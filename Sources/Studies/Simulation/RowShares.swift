// SPDX-License-Identifier: GPL-2.0-or-later

import Glibc
import ModelFrames
import NumericalMethods

/// By which weights the levels of a factor share the rows.
package enum RowShares: Sendable, Equatable {
  case equal
  /// Drawn from a gamma distribution: the smaller the shape, the more unequal.
  case gamma(shape: Double)
  /// exp(N(0, sd²)).
  case lognormal(sd: Double)
  /// Level k has weight k^−exponent.
  case zipf(exponent: Double)

  /// Reads `gamma(2)`; nil for what is none.
  ///
  /// - Throws: `SimulationError` for a number that is out of its range.
  init?(_ text: String) throws(SimulationError) {
    guard let call = StatedCall(text), call.arguments.count == 1, let x = call.arguments.first,
      x > 0
    else { return nil }
    let range: ValueRange<Double>
    switch call.name {
    case "gamma": (self, range) = (.gamma(shape: x), .shape)
    case "lognormal": (self, range) = (.lognormal(sd: x), .logarithmicDeviation)
    case "zipf": (self, range) = (.zipf(exponent: x), .exponent)
    default: return nil
    }
    guard range.contains(x) else {
      throw .stated(.imbalance, ": '\(text)': the number \(range.rule), not \(x).")
    }
  }

  func weights(_ count: Int, from stream: inout RandomStream) -> [Double] {
    switch self {
    case .equal: return Array(repeating: 1, count: count)
    case .zipf(let exponent): return (1...count).map { pow(Double($0), -exponent) }
    case .lognormal(let sd):
      var z = [Double](repeating: 0, count: count)
      stream.fillNormal(&z)
      return z.map { max(exp(sd * $0), .leastNormalMagnitude) }
    case .gamma(let shape):
      return (0..<count).map { _ in
        max(Gamma(shape: shape).quantile(stream.uniform()), .leastNormalMagnitude)
      }
    }
  }

  /// First rows of the levels and the end: every level has at least one row, and the others are
  /// shared in proportion to the weights.
  func runs(rows: Int, levels: Int, from stream: inout RandomStream) -> [Int] {
    let weights = weights(levels, from: &stream)
    let total = weights.reduce(0, +)
    let free = Double(rows - levels)
    var sum = 0.0
    var starts = [0]
    starts.reserveCapacity(levels + 1)
    for (level, weight) in weights.enumerated() {
      sum += weight
      starts.append(level + 1 + Int((free * min(sum / total, 1)).rounded()))
    }
    starts[levels] = rows
    return starts
  }
}
