// SPDX-License-Identifier: GPL-2.0-or-later

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

  package init() {}

  package mutating func add(_ x: Double) {
    count += 1
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

  package func quantile(_ probability: Double) -> Double { quantiles([probability])[0] }

  package func quantiles(_ probabilities: [Double]) -> [Double] {
    let sorted = values.sorted()
    return probabilities.map { quantile($0, sorted) }
  }

  /// - Parameter sorted: the values, while they are kept.
  private func quantile(_ probability: Double, _ sorted: [Double]) -> Double {
    guard count > 0 else { return .nan }
    if probability <= 0 { return minimum }
    if probability >= 1 { return maximum }
    let position = Double(count - 1) * probability
    if bins.isEmpty {
      let below = Int(position)
      let above = min(below + 1, count - 1)
      return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
    }
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
