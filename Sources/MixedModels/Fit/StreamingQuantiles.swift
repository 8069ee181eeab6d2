// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Quantiles of a stream in bounded memory: exact (R's type 7) up to a million values, beyond that
/// read off a histogram of the range −16 … 16 that is fine enough for four decimals.
package struct StreamingQuantiles {
  private static let exactLimit = 1 << 20
  private static let binsPerUnit = 1 << 15
  private static let range = 16.0

  private var values: [Double] = []
  private var bins: [Int] = []
  private var count = 0
  private var minimum = Double.infinity
  private var maximum = -Double.infinity
  private var hasNaN = false

  package init() {}

  package mutating func add(_ x: Double) {
    count += 1
    guard !x.isNaN else {
      hasNaN = true
      return
    }
    minimum = min(minimum, x)
    maximum = max(maximum, x)
    if bins.isEmpty {
      values.append(x)
      if values.count > Self.exactLimit {
        bins = Array(repeating: 0, count: 2 * Int(Self.range) * Self.binsPerUnit)
        for value in values { bin(value) }
        values = []
      }
    } else {
      bin(x)
    }
  }

  private mutating func bin(_ x: Double) {
    let clamped = min(max(x, -Self.range), Self.range.nextDown)
    bins[min(Int((clamped + Self.range) * Double(Self.binsPerUnit)), bins.count - 1)] += 1
  }

  /// NaN where there is no value, or one of them is NaN.
  package func quantiles(_ probabilities: [Double]) -> [Double] {
    guard count > 0, !hasNaN else { return probabilities.map { _ in .nan } }
    let positions = probabilities.map { Double(count - 1) * min(max($0, 0), 1) }
    guard bins.isEmpty else { return positions.map(binned) }
    let statistics = OrderStatistics(
      values, places: positions.flatMap { [Int($0), min(Int($0) + 1, count - 1)] })
    return positions.enumerated().map { k, position in
      let (below, above) = (statistics[2 * k], statistics[2 * k + 1])
      return below + (position - position.rounded(.down)) * (above - below)
    }
  }

  private func binned(_ position: Double) -> Double {
    if position <= 0 { return minimum }
    if position >= Double(count - 1) { return maximum }
    var seen = 0
    for (bin, occupancy) in bins.enumerated() where occupancy > 0 {
      if Double(seen + occupancy) > position {
        let inside = (position - Double(seen) + 0.5) / Double(occupancy)
        return (Double(bin) + min(inside, 1)) / Double(Self.binsPerUnit) - Self.range
      }
      seen += occupancy
    }
    return maximum
  }
}
