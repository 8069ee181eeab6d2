// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// How a coordinate without bounds becomes a correlation.
enum CorrelationCoordinate: Sendable {
  /// c / √(1 + c²), in (−1, 1).
  case between
  /// (1 + a) / (1 + e⁻ᶜ) − a, in (−a, 1).
  case above(Double)

  /// The correlation with its first and second derivative in the coordinate.
  func value(_ c: Double) -> (value: Double, slope: Double, curvature: Double) {
    switch self {
    case .between:
      let r = 1 / (1 + c * c).squareRoot()
      return (c * r, r * r * r, -3 * c * r * r * r * r * r)
    case .above(let a):
      let s = 1 / (1 + exp(-c))
      let slope = (1 + a) * s * (1 - s)
      return ((1 + a) * s - a, slope, slope * (1 - 2 * s))
    }
  }

  /// The coordinate of a correlation, which is kept away from the ends.
  func coordinate(_ correlation: Double) -> Double {
    switch self {
    case .between:
      let ρ = min(max(correlation, -0.95), 0.95)
      return ρ / (1 - ρ * ρ).squareRoot()
    case .above(let a):
      let share = min(max((correlation + a) / (1 + a), 0.02), 0.98)
      return log(share / (1 - share))
    }
  }
}
