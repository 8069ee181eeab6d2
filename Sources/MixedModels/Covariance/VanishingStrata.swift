// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// Strata whose residual variance is least at zero: each of their rows has a random effect of its own to take its
/// place. The criterion goes to a limit then, by less and less, and log σ_s has no value there; so the standard
/// deviation is put to a share of the largest that is zero but for rounding, and held.
extension VarianceStrata {
  /// Standard deviations as shares of the largest.
  private enum Share {
    /// That stands for zero: variances that differ by 10⁸ leave the criterion 7 digits after the point.
    static let zero = 1e-4
    /// By how much of itself one that stands for zero may differ, since others move after it was put there. An
    /// estimate beside it is one.
    static let tolerance = 1e-3
    /// Above which nobody asks whether it is zero.
    static let small = 0.03
  }

  private func shares(_ φ: ArraySlice<Double>) -> [Double] {
    let all: [Double] = [0] + φ
    let most = all.max() ?? 0
    return all.map { exp($0 - most) }
  }

  /// Of every stratum, whether its residual variance is zero.
  func isZero(_ φ: ArraySlice<Double>) -> [Bool] {
    shares(φ).map { abs($0 / Share.zero - 1) <= Share.tolerance }
  }

  /// Strata that may be such.
  func mayBeZero(_ φ: ArraySlice<Double>) -> [Int] {
    let isZero = isZero(φ)
    return shares(φ).enumerated().filter { $1 < Share.small && !isZero[$0] }.map(\.offset)
  }

  /// By which the standard deviation of a stratum becomes one of zero.
  func factorToZero(_ stratum: Int, _ φ: ArraySlice<Double>) -> Double { Share.zero / shares(φ)[stratum] }

  /// How many times as much as at zero rounding is where a search has gone beyond it.
  ///
  /// No more than what the criterion has fallen by at such a place if it falls without end.
  static func noise(_ factor: Double) -> Double { min(max(factor * factor, 1), 1e5) }

  /// The coordinates of strata with zero; in the place of the first one, which has none, that of the largest.
  func held(_ φ: ArraySlice<Double>) -> [Int] {
    let isZero = isZero(φ)
    var held = isZero.indices.dropFirst().filter { isZero[$0] }.map { $0 - 1 }
    if isZero[0], let largest = φ.indices.max(by: { φ[$0] < φ[$1] }) { held.append(largest - φ.startIndex) }
    return held
  }
}

extension RelativeCovariance {
  /// Points where one stratum more has a residual variance of zero, and all other variances are as at φ; with how many
  /// times as much rounding there is at φ as there.
  func vanishingStrata(_ φ: [Double]) -> [(φ: [Double], noise: Double)] {
    guard let (strata, own) = strata(φ) else { return [] }
    return strata.mayBeZero(own).map { s in
      let factor = strata.factorToZero(s, own)
      if s > 0 {
        var moved = φ
        moved[own.startIndex + s - 1] += log(factor)
        return (moved, VarianceStrata.noise(factor))
      }
      // All else is relative to the first stratum.
      var moved = stretched(φ, by: 1 / factor)
      for k in own.indices { moved[k] -= log(factor) }
      return (moved, VarianceStrata.noise(factor))
    }
  }
}
