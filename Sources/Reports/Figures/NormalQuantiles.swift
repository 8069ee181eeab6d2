// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import NumericalMethods

/// Quantiles of a sample against those of the standard normal distribution.
package struct NormalQuantiles: Sendable {
  /// Of more values only so many quantiles are kept, equally spaced on the normal axis.
  package static let pointLimit = 201

  let count: Int
  /// Ascending.
  package let points: [(normal: Double, sample: Double)]
  /// The line through the quartiles.
  package let intercept: Double
  package let slope: Double

  /// From a function that gives the sample's quantiles of some probabilities.
  init(count: Int, _ quantiles: ([Double]) -> [Double]) {
    self.count = count
    let n = Double(count)
    let probabilities: [Double]
    let places: [Double]  // where the same values stand among quantiles of R's type 7
    if count <= 2 * Self.pointLimit {
      // R's ppoints
      let a = count <= 10 ? 0.375 : 0.5
      probabilities = (0..<count).map { (Double($0) + 1 - a) / (n + 1 - 2 * a) }
      places = (0..<count).map { n > 1 ? Double($0) / (n - 1) : 0.5 }
    } else {
      let end = Normal.quantile(0.5 / n, tail: .upper)
      let last = Double(Self.pointLimit - 1)
      probabilities = (0..<Self.pointLimit).map {
        Normal.cumulative(end * (2 * Double($0) / last - 1))
      }
      places = probabilities.map { min(max(($0 * n - 0.5) / (n - 1), 0), 1) }
    }
    let values = quantiles([0.25, 0.75])
    let sample = quantiles(places)
    points = zip(probabilities, sample).map { (Normal.quantile($0), $1) }
    slope = (values[1] - values[0]) / (2 * Normal.quantile(0.75))
    intercept = (values[0] + values[1]) / 2
  }

  /// Of values in memory.
  package init(_ values: [Double]) {
    let sorted = values.sorted()
    self.init(count: sorted.count) { probabilities in
      probabilities.map { p in
        let position = Double(sorted.count - 1) * p
        let below = Int(position)
        let above = min(below + 1, sorted.count - 1)
        return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
      }
    }
  }

  /// Half the width of the band that holds 95 of 100 samples' quantiles at one place.
  func halfWidth(at normal: Double) -> Double {
    let p = Normal.cumulative(normal)
    return 1.96 * abs(slope) / Normal.density(normal) * (p * (1 - p) / Double(count)).squareRoot()
  }
}
