// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import NumericalMethods

/// What every level's own rows say about its random effects, by least squares from the level's
/// block of the cross-products, beside what the mixed model says.
///
/// The fixed effects that the level's columns do not overlap with are held at their estimates; the
/// effects of other grouping factors are not taken off. Of effects with a fixed counterpart the
/// sums β + b are given.
package struct WithinGroupEstimates {
  /// Level after level, one value for every column; NaN where the level's rows do not determine
  /// them.
  package let own: [Double]
  package let mixed: [Double]
  package let columns: [String]
  package let levels: [String]

  package init(_ source: FigureSource, term: Int) {
    let model = source.model
    let block = model.covariance.blocks[term]
    let group = model.groups[block.group]
    (columns, levels) = (model.terms[term].columns, group.levels)
    let β = columns.map { source.fixedEffect($0) }
    func withFixed(_ values: [Double]) -> [Double] {
      values.enumerated().map { $1 + β[$0 % β.count] }
    }
    let scale = model.fixed.responseScale
    let own = Self.workingEstimates(group, Self.fixedDeviation(source)).map { $0 * scale }
    self.own = withFixed(source.reported(block, level: own, levels: group.levelCount))
    mixed = withFixed(source.modes(term))
  }

  /// What the mixed model's β differs by from that of least squares, in working coordinates and
  /// units of the scaled response.
  private static func fixedDeviation(_ source: FigureSource) -> [Double] {
    let fixed = source.model.fixed
    let β = source.fitted.optimum.estimates.working.β
    return β.indices.map { k in
      let level = k == 0 && fixed.level != 0 ? fixed.R[0, 0] * fixed.level : 0
      return (β[k] - level - fixed.predictor[k]) / fixed.responseScale - fixed.leastSquares[k]
    }
  }

  /// (ZⱼᵀWZⱼ)⁻¹ZⱼᵀW(y − Xδ) of every level j, ℓ values each.
  private static func workingEstimates(_ group: RandomEffectsGroup, _ δ: [Double]) -> [Double] {
    let (ℓ, p) = (group.size, δ.count)
    var estimates = [Double](repeating: 0, count: group.levelCount * ℓ)
    var factor = [Double](repeating: 0, count: ℓ * ℓ)
    var right = [Double](repeating: 0, count: ℓ)
    for level in 0..<group.levelCount {
      let (zz, zx) = (level * ℓ * ℓ, level * ℓ * (p + 1))
      for i in 0..<ℓ {
        right[i] = group.zx[zx + p * ℓ + i]
        for k in 0..<p { right[i] -= group.zx[zx + k * ℓ + i] * δ[k] }
        for j in 0..<ℓ { factor[j * ℓ + i] = group.zz[zz + j * ℓ + i] }
      }
      let isSolved = solve(&factor, &right)
      for i in 0..<ℓ { estimates[level * ℓ + i] = isSolved ? right[i] : .nan }
    }
    return estimates
  }

  /// A pivot below this part of its diagonal entry is rounding.
  private static let tolerance = 1e-10

  /// Overwrites `b` with the solution of A x = b, and A with its Cholesky factor.
  ///
  /// - Returns: whether A is positive definite.
  private static func solve(_ a: inout [Double], _ b: inout [Double]) -> Bool {
    let n = b.count
    for j in 0..<n {
      let diagonal = a[j * n + j]
      for k in 0..<j { a[j * n + j] -= a[k * n + j] * a[k * n + j] }
      guard a[j * n + j] > tolerance * diagonal else { return false }
      let root = a[j * n + j].squareRoot()
      a[j * n + j] = root
      for i in j + 1..<max(n, j + 1) {
        for k in 0..<j { a[j * n + i] -= a[k * n + i] * a[k * n + j] }
        a[j * n + i] /= root
      }
    }
    for i in 0..<n {  // L z = b
      for k in 0..<i { b[i] -= a[k * n + i] * b[k] }
      b[i] /= a[i * n + i]
    }
    for i in (0..<n).reversed() {  // Lᵀ x = z
      for k in i + 1..<max(n, i + 1) { b[i] -= a[i * n + k] * b[k] }
      b[i] /= a[i * n + i]
    }
    return true
  }
}
