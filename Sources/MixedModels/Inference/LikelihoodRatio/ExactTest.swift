// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames
import NumericalMethods

/// The finite-sample distribution of the (restricted) likelihood-ratio statistic of one variance
/// component that is zero (Crainiceanu & Ruppert 2004, JRSS B 66, 165–185), by simulation.
///
/// With μ the eigenvalues of Zᵀ(W − WX(XᵀWX)⁻¹XᵀW)Z and ξ those of ZᵀWZ, of the tested component:
///
///     RLRT = sup (n − p) log(1 + N/D) − Σ log(1 + λμₛ)      LRT = sup n log(1 + N/D) − Σ log(1 + λξₛ)
///     N = Σ λμₛ/(1 + λμₛ) wₛ²      D = Σ wₛ²/(1 + λμₛ) + χ²(n − p − K)
///
/// over λ ≥ 0. Where other variance components are in both models, the distribution is that of a
/// model without them, an approximation (Greven, Crainiceanu, Küchenhoff & Peters 2008, JCGS 17,
/// 870–891).
public struct ExactTest: Sendable {
  public struct Result: Sendable {
    /// (1 + exceedances) / (1 + simulations).
    public let pValue: Double
    /// Monte-Carlo standard error of the p-value.
    public let standardError: Double
    public let simulations: Int
    /// Other variance components were left out of the simulation.
    public let isApproximate: Bool
  }

  /// Distinct μ > 0 with their multiplicities.
  let μ: [(value: Double, count: Int)]
  /// Distinct ξ > 0 with their multiplicities.
  let ξ: [(value: Double, count: Int)]
  private let isRestricted: Bool
  private let observations: Int
  private let fixedEffects: Int
  private let isApproximate: Bool
  private let threads: Int

  /// More distinct eigenvalues are not computed.
  private static let largestMatrix = 3000

  /// `column` of the group's working columns is the only one of its term.
  ///
  /// - Throws: `InferenceError` where there are too many different levels.
  package init(
    _ model: LinearMixedModel, group: Int, column: Int, criterion: CriterionKind,
    isApproximate: Bool, threads: Int
  ) throws {
    guard model.estimatesSigma else { throw InferenceError.exactTestOfOther }
    try model.requireSupport(of: .exactTest)
    (observations, fixedEffects) = (model.observations, model.fixedEffectCount)
    isRestricted = criterion == .reml
    (self.isApproximate, self.threads) = (isApproximate, threads)
    let classes = Self.classes(model.groups[group], column, p: fixedEffects)
    ξ = classes.filter { $0.weight > 0 }.map { ($0.weight, $0.count) }

    // Levels of equal weight a: in the directions that X does not reach the eigenvalue is a itself;
    // the others make up a small matrix.
    var rest: [(value: Double, count: Int)] = []
    var (weights, rows): ([Double], [DenseMatrix]) = ([], [])
    for one in classes {
      let factor = DenseCholesky.pivoted(one.gram, relativeTolerance: 1e-14)
      let rank = min(factor.rank, one.count)
      if one.count > rank { rest.append((one.weight, one.count - rank)) }
      weights += Array(repeating: one.weight, count: rank)
      rows.append(
        factor.factor.submatrix(rows: Array(0..<fixedEffects), columns: Array(0..<rank)))
    }
    let size = weights.count
    guard size <= Self.largestMatrix else {
      throw InferenceError.refused(
        "the exact test needs the eigenvalues of a matrix of order \(size), and \(Self.largestMatrix) is the limit: the levels have too many different sums of weights. With so many levels the mixture is accurate: \(Setting.boundary("mixture"))."
      )
    }
    let joined = DenseMatrix.joined(rows)  // p × size
    var matrix = -1 * joined.multipliedByTransposeOnLeft(joined)
    for i in 0..<size { matrix[i, i] += weights[i] }
    let largest = classes.map(\.weight).max() ?? 0
    rest += symmetricEigenvalues(matrix).map { ($0, 1) }
    μ = rest.filter { $0.value > 1e-10 * largest }
  }

  private struct LevelClass {
    var weight: Double
    var count: Int
    /// Σ cⱼcⱼᵀ over the levels, c = XᵀWz.
    var gram: DenseMatrix
  }

  /// Levels by their zᵀWz; sums that differ by rounding are one.
  private static func classes(_ group: RandomEffectsGroup, _ column: Int, p: Int) -> [LevelClass] {
    let ℓ = group.size
    let weights = (0..<group.levelCount).map { group.zz[($0 * ℓ + column) * ℓ + column] }
    var result: [LevelClass] = []
    for level in weights.indices.sorted(by: { weights[$0] < weights[$1] }) {
      let weight = weights[level]
      if let last = result.last, weight - last.weight <= 1e-12 * weight {
        result[result.count - 1].count += 1
      } else {
        result.append(
          LevelClass(weight: weight, count: 1, gram: DenseMatrix(rows: p, columns: p)))
      }
      let base = level * ℓ * (p + 1) + column
      for j in 0..<p {
        for i in 0..<p {
          result[result.count - 1].gram.storage[j * p + i] +=
            group.zx[base + i * ℓ] * group.zx[base + j * ℓ]
        }
      }
    }
    return result
  }

  /// P(statistic ≥ the one observed), from so many draws; the same for a seed on any number of
  /// threads.
  package func simulated(_ count: Int, seed: UInt64, statistic: Double) -> Result {
    guard statistic > 0 else {
      return Result(
        pValue: 1, standardError: 0, simulations: count, isApproximate: isApproximate)
    }
    let share = 500
    let parts = (count + share - 1) / share
    var exceedances = [Int](repeating: 0, count: parts)
    exceedances.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let buffer = buffer  // every entry is written by one thread
      inParallel(parts, threads: threads) { part in
        var stream = RandomStream(seed: seed, purpose: 0x524C_5254, block: UInt64(part))
        let draws = min(share, count - part * share)
        buffer[part] = (0..<draws).count { _ in draw(&stream) >= statistic }
      }
    }
    let p = Double(1 + exceedances.reduce(0, +)) / Double(1 + count)
    return Result(
      pValue: p, standardError: (p * (1 - p) / Double(count)).squareRoot(), simulations: count,
      isApproximate: isApproximate)
  }

  /// One value of the statistic under the hypothesis.
  func draw(_ stream: inout RandomStream) -> Double {
    let squares = μ.map { stream.chiSquared($0.count) }
    let free = observations - fixedEffects - μ.reduce(0) { $0 + $1.count }
    let residual = free > 0 ? stream.chiSquared(free) : 0
    let factor = Double(isRestricted ? observations - fixedEffects : observations)
    var best = 0.0
    for λ in grid {
      var (N, D, logarithms) = (0.0, residual, 0.0)
      for (k, eigenvalue) in μ.enumerated() {
        let inflated = 1 + λ * eigenvalue.value
        N += squares[k] * (1 - 1 / inflated)
        D += squares[k] / inflated
        if isRestricted { logarithms += Double(eigenvalue.count) * log(inflated) }
      }
      if !isRestricted {
        for eigenvalue in ξ {
          logarithms += Double(eigenvalue.count) * log(1 + λ * eigenvalue.value)
        }
      }
      best = max(best, factor * log(1 + N / D) - logarithms)
    }
    return best
  }

  /// λ from where it changes nothing to where it changes nothing any more.
  private var grid: [Double] {
    let mean =
      μ.reduce(0) { $0 + $1.value * Double($1.count) }
      / Double(max(μ.reduce(0) { $0 + $1.count }, 1))
    return (0..<160).map { exp(log(1e-4) + Double($0) / 159 * log(1e9)) / mean }
  }
}

extension ExactTest {
  /// The test of one variance that the larger of two models has in addition.
  ///
  /// - Throws: `InferenceError` for other differences.
  init(smaller: FittedModel, larger: FittedModel, nesting: Nesting) throws {
    guard let new = nesting.newVariance, nesting.hasSameFixedPart else {
      throw InferenceError.refused(
        "the exact test is for two models that differ by one variance, a random-effects term with one column such as (1 | g), and have the same fixed part. Use \(Setting.boundary("mixture")), or naive."
      )
    }
    try self.init(
      larger.model, group: new.group, column: new.column, criterion: larger.options.criterion,
      isApproximate: !smaller.isLeastSquares, threads: larger.threads)
  }
}
