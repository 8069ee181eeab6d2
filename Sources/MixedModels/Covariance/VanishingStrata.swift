// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// Strata whose residual variance is least at zero: each of their rows has a random effect of its own to take its
/// place. The criterion goes to a limit then, by less and less, and log σ_s has no value there; so the standard
/// deviation is put to a share of the largest that is zero but for rounding, and held.
extension VarianceStrata {
  /// Standard deviations as shares of the largest.
  private enum Share {
    /// That stand for zero, from the coarsest to the finest. Variances that differ by 10⁸ leave the criterion 7 digits
    /// after the point, and are far apart enough unless another stratum has a small one, too.
    static let zeros = [1e-4, 5.62e-5, 3.16e-5, 1.78e-5, 1e-5, 5.62e-6, 3.16e-6]
    /// By how much of itself one that stands for zero may differ, since others move after it was put there. An
    /// estimate beside it is one.
    static let tolerance = 5e-4
    /// Above which nobody asks whether it is zero.
    static let small = 0.03
    /// From which a search finds out whether one that is small is best so.
    static let lifted = 0.1
  }

  private func shares(_ φ: ArraySlice<Double>) -> [Double] {
    let all: [Double] = [0] + φ
    let most = all.max() ?? 0
    return all.map { exp($0 - most) }
  }

  /// Of every stratum, whether its residual variance is zero.
  func isZero(_ φ: ArraySlice<Double>) -> [Bool] {
    shares(φ).map { share in Share.zeros.contains { abs(share / $0 - 1) <= Share.tolerance } }
  }

  /// Strata that may be such.
  func mayBeZero(_ φ: ArraySlice<Double>) -> [Int] {
    let isZero = isZero(φ)
    return shares(φ).enumerated().filter { $1 < Share.small && !isZero[$0] }.map(\.offset)
  }

  /// A ratio of standard deviations that stands for zero where that is held, beside a first stratum that has a variance.
  static var zeroRatio: Double { Share.zeros[0] }

  /// The coordinates with a tenth of the largest standard deviation where there is nearly none, unless they are held.
  fileprivate func lifted(_ φ: ArraySlice<Double>, except held: Int?) -> [Double] {
    let largest = max(φ.max() ?? 0, 0)
    return zip(φ.indices, φ).map { k, φ in
      k != held && φ - largest < log(Share.small) ? largest + log(Share.lifted) : φ
    }
  }

  /// The same with less of a way beyond what stands for zero: rounding spoils what is told there.
  func bounded(near φ: ArraySlice<Double>) -> VarianceStrata {
    guard isZero(φ).contains(true), let least = shares(φ).min() else { return self }
    var bounded = self
    bounded.largestRatio = min(3 / least, Self.mostRatio)
    return bounded
  }

  /// By which the standard deviation of a stratum becomes one of zero, for each that stands for it.
  func factorsToZero(_ stratum: Int, _ φ: ArraySlice<Double>) -> [Double] {
    let share = shares(φ)[stratum]
    return Share.zeros.map { $0 / share }
  }

  /// The stratum of the largest standard deviation.
  func largest(_ φ: ArraySlice<Double>) -> Int {
    shares(φ).firstIndex(of: 1) ?? 0
  }

  /// The coordinates of strata with zero; in the place of the first one, which has none, that of the largest.
  func held(_ φ: ArraySlice<Double>) -> [Int] {
    let isZero = isZero(φ)
    var held = isZero.indices.dropFirst().filter { isZero[$0] }.map { $0 - 1 }
    if isZero[0] { held.append(largest(φ) - 1) }
    return held
  }
}

/// A point where a stratum has a residual variance of zero.
struct VanishedStratum {
  let φ: [Double]
  /// Its standard deviation's over that where it comes from.
  let factor: Double

  /// How many times as much as here rounding is where it comes from, beyond where the criterion has digits.
  var noise: Double { max(factor * factor, 1) }
}

extension RelativeCovariance {
  /// φ with the strata lifted that have nearly no residual variance.
  func liftingStrata(_ φ: [Double], except held: Int?) -> [Double] {
    guard let (strata, own) = strata(φ) else { return φ }
    var lifted = φ
    lifted.replaceSubrange(own.indices, with: strata.lifted(own, except: held))
    return lifted
  }

  /// Of every stratum that may have a residual variance of zero points where it has, from the coarsest to the finest of
  /// what stands for zero, and where all other variances are as at φ.
  func vanishingStrata(_ φ: [Double]) -> [[VanishedStratum]] {
    guard let (strata, own) = strata(φ) else { return [] }
    return strata.mayBeZero(own).map { s in
      strata.factorsToZero(s, own).map { factor in
        if s > 0 {
          var moved = φ
          moved[own.startIndex + s - 1] += log(factor)
          return VanishedStratum(φ: moved, factor: factor)
        }
        return VanishedStratum(φ: relative(φ, to: factor), factor: factor)
      }
    }
  }
}
