// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension LinearMixedModel {
  /// Whether some levels of the only grouping factor are enough to see that all is determined, so
  /// that the others need not be looked at.
  ///
  /// Error contrasts within chosen levels are a part of all; there V is block-diagonal, and M takes p
  /// dimensions from it. By interlacing ‖MGM‖² is no less than ‖G‖² without its 2p largest squared
  /// singular values, each of which lies in one level. The residual's part of V is of full rank,
  /// where the random effects leave n − q dimensions to it alone.
  var isClearlyDetermined: Bool {
    guard groups.count == 1, let group = groups.first else { return false }
    let (places, p) = (covariance.places, fixedEffectCount)
    guard observations - randomEffectCount - 2 * p > observations / 100 else { return false }
    let parameters = places.count
    let count = min(400 * (p + 1) * parameters, 5_000_000 / (parameters * parameters))
    guard count > 0, group.levelCount >= 2 * count else { return false }  // no gain
    let step = group.levelCount / count
    let levels = (0..<count).map { LevelGram(group, level: $0 * step, places) }
    var gram = DenseMatrix(rows: places.count, columns: places.count)
    for level in levels { gram = gram + level.values }
    let scales = gram.diagonal.map { 1 / $0 }
    guard scales.allSatisfy(\.isFinite) else { return false }
    let largest = levels.reduce(0.0) { largest, level in
      max(largest, zip(level.values.diagonal, scales).reduce(0) { $0 + $1.0 * $1.1 })
    }
    for j in places.indices {
      for i in places.indices { gram[i, j] *= (scales[i] * scales[j]).squareRoot() }
    }
    let least = symmetricEigenvalues(gram).first ?? 0
    return least > 2 * Double(p) * largest + 1e-3
  }
}

/// tr(AE_rAE_s) of one level.
private struct LevelGram {
  let values: DenseMatrix

  init(_ group: RandomEffectsGroup, level: Int, _ places: [ParameterPlace]) {
    let ℓ = group.size
    let base = level * ℓ * ℓ
    var values = DenseMatrix(rows: places.count, columns: places.count)
    for (s, σ) in places.enumerated() {
      for (r, ρ) in places.enumerated().dropFirst(s) {
        var sum = 0.0
        for (a, b) in ρ.units {
          for (c, d) in σ.units {
            sum += group.zz[base + c * ℓ + b] * group.zz[base + d * ℓ + a]
          }
        }
        values[r, s] = sum
        values[s, r] = sum
      }
    }
    self.values = values
  }
}
