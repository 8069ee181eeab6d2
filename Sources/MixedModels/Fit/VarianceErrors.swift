// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Asymptotic standard errors of standard deviations and correlations, by the delta method from
/// (φ, log σ).
///
/// Nil on the boundary: where a standard deviation is zero or a correlation ±1.
struct VarianceErrors: Sendable {
  let sigma: Double
  /// Parallel to the covariance's blocks.
  let terms: [Term]

  struct Term: Sendable {
    let standardDeviations: [Double?]
    /// ℓ × ℓ; nil on the diagonal.
    let correlations: [[Double?]]
  }

  init(
    _ covariance: ParameterCovariance, _ structure: RelativeCovariance, φ: [Double], sigma: Double
  ) {
    let n = φ.count
    var last = [Double](repeating: 0, count: n + 1)
    last[n] = sigma
    self.sigma = covariance.variance(last).squareRoot()
    terms = zip(structure.blocks, structure.blockRanges).map { block, range in
      let slopes = RelativeSlopes(block, Array(φ[range]))
      func error(_ own: [Double], scale: Double, sigmaSlope: Double) -> Double {
        var all = [Double](repeating: 0, count: n + 1)
        for (k, slope) in zip(range, own) { all[k] = scale * slope }
        all[n] = sigmaSlope
        return covariance.variance(all).squareRoot()
      }
      let here = slopes.here
      return Term(
        standardDeviations: (0..<block.size).map { i in
          guard here.isFree(i) else { return nil }
          return error(
            slopes.deviations[i], scale: sigma, sigmaSlope: sigma * here.deviations[i])
        },
        correlations: (0..<block.size).map { i in
          (0..<block.size).map { j in
            guard i != j, here.isFree(i), here.isFree(j), abs(here.correlations[i, j]) < 1 - 1e-8
            else { return nil }
            return error(slopes.correlations[j * block.size + i], scale: 1, sigmaSlope: 0)
          }
        })
    }
  }
}

/// Standard deviations relative to σ, and correlations, of one block's reported columns.
private struct RelativeDeviations {
  var deviations: [Double]
  var correlations: DenseMatrix

  init(_ block: RelativeCovariance.Block, _ φ: [Double]) {
    var next = 0
    let λ = block.reported(RelativeCovariance.lowerTriangle(φ, &next, size: block.size))
    correlations = λ * λ.transposed
    deviations = correlations.diagonal.map { $0.squareRoot() }
    for j in 0..<block.size {
      for i in 0..<block.size { correlations[i, j] /= deviations[i] * deviations[j] }
    }
  }

  /// Whether a standard deviation is positive beyond rounding.
  func isFree(_ i: Int) -> Bool { deviations[i] > 1e-7 * (deviations.max() ?? 0) }
}

/// Their derivatives in the block's φ, by central differences.
private struct RelativeSlopes {
  let here: RelativeDeviations
  private(set) var deviations: [[Double]]
  /// Entry (i, j) at j ℓ + i.
  private(set) var correlations: [[Double]]

  init(_ block: RelativeCovariance.Block, _ φ: [Double]) {
    here = RelativeDeviations(block, φ)
    let size = block.size
    deviations = Array(repeating: [], count: size)
    correlations = Array(repeating: [], count: size * size)
    let step = 1e-5 * max(φ.reduce(0) { max($0, abs($1)) }, 1e-8)
    for k in φ.indices {
      var (ahead, behind) = (φ, φ)
      ahead[k] += step
      behind[k] -= step
      let (a, b) = (RelativeDeviations(block, ahead), RelativeDeviations(block, behind))
      for i in 0..<size {
        deviations[i].append((a.deviations[i] - b.deviations[i]) / (2 * step))
      }
      for x in 0..<size * size {
        let change = a.correlations.storage[x] - b.correlations.storage[x]
        correlations[x].append(change / (2 * step))
      }
    }
  }
}
