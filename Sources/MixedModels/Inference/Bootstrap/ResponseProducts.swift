// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
package import NumericalMethods

/// [Z X y]ᵀWy of one response in working coordinates: all that a model keeps of it.
package struct ResponseProducts: Sendable {
  /// ZᵀWy, for every group level after level.
  package var z: [[Double]]
  /// XᵀWy.
  package var x: [Double]
  /// yᵀWy.
  package var square: Double
}

/// Draws responses y* = Zb* + ε* with b* = Fu* by their cross-products; no rows are needed. u* are
/// independent, or have the covariance matrix Q⁻¹ of related levels.
///
/// Exact: Zb* is a combination of columns whose cross-products are known, [Z X]ᵀWε* is normal with
/// covariance σ²[Z X]ᵀW[Z X], and the part of ε* outside of the columns' space contributes to y*ᵀWy*
/// an independent σ²χ² with n − rank[Z X] degrees of freedom.
package struct ResponseSimulator: Sendable {
  let model: LinearMixedModel
  let factor: CrossProductFactor
  let effects: EffectDraws
  /// F for a level of every group: its columns × independent effects u*.
  package var spreads: [DenseMatrix] { effects.spreads }
  /// In units of the scaled response.
  package var sigma: Double { effects.sigma }

  /// From the fitted covariance parameters.
  ///
  /// - Throws: `InferenceError` if the crossed factors are too large.
  package init(_ fitted: FittedModel, memory: Int = availableMemory()) throws {
    try fitted.requireIndependentResiduals("responses are simulated")
    try fitted.requireEstimates()
    let model = fitted.model
    try self.init(
      model, spreads: model.levelFactors(fitted.φ), sigma: fitted.fit.sigma / model.fixed.responseScale,
      memory: memory)
  }

  /// - Throws: `InferenceError` if the crossed factors are too large.
  package init(
    _ model: LinearMixedModel, spreads: [DenseMatrix], sigma: Double,
    memory: Int = availableMemory()
  ) throws {
    try model.requireSupport(of: .bootstrap)
    try self.init(rowsOf: model, spreads: spreads, sigma: sigma, memory: memory)
  }

  /// Of rows whose residuals are independent and of one variance, some of those of a fit.
  ///
  /// - Throws: `InferenceError` if the crossed factors are too large.
  init(
    rowsOf model: LinearMixedModel, spreads: [DenseMatrix], sigma: Double, memory: Int
  ) throws {
    effects = try EffectDraws(model, spreads: spreads, sigma: sigma)
    factor = try CrossProductFactor(model, memory: memory)
    self.model = model
  }

  package var levelCounts: [Int] { model.groups.map(\.levelCount) }

  /// Rank of [Z X].
  package var rank: Int { factor.rank }

  /// The products of one response, in units of the scaled response, relative to its fixed part.
  package func draw(_ stream: inout RandomStream) -> ResponseProducts {
    draw(effects(&stream), &stream)
  }

  /// The same with known random effects.
  func draw(_ b: [[Double]], _ stream: inout RandomStream) -> ResponseProducts {
    let residuals = factor.draw(&stream)
    var square = residuals.square
    let outside = model.observations - factor.rank
    if outside > 0 { square += stream.chiSquared(outside) }
    square *= sigma * sigma
    var products = systematic(b)
    for g in b.indices {
      for k in b[g].indices {
        let w = sigma * residuals.z[g][k]
        square += b[g][k] * (products.z[g][k] + 2 * w)
        products.z[g][k] += w
      }
    }
    for k in products.x.indices { products.x[k] += sigma * residuals.x[k] }
    products.square = square
    return products
  }

  /// [Z X]ᵀWZb; the square is left zero.
  private func systematic(_ b: [[Double]]) -> ResponseProducts {
    let p = model.fixedEffectCount
    var products = ResponseProducts(
      z: b.map { $0.map { _ in 0 } }, x: Array(repeating: 0, count: p), square: 0)
    for (g, group) in model.groups.enumerated() {
      let ℓ = group.size
      for level in 0..<group.levelCount {
        for j in 0..<ℓ {
          let value = b[g][level * ℓ + j]
          for i in 0..<ℓ {
            products.z[g][level * ℓ + i] += group.zz[(level * ℓ + j) * ℓ + i] * value
          }
          for x in 0..<p { products.x[x] += group.zx[(level * (p + 1) + x) * ℓ + j] * value }
        }
      }
    }
    for pair in model.pairs {
      let (r, c) = (pair.rowGroup, pair.columnGroup)
      let (m, n) = (model.groups[r].size, model.groups[c].size)
      for k in pair.rowLevels.indices {
        let (row, column) = (Int(pair.rowLevels[k]) * m, Int(pair.columnLevels[k]) * n)
        for j in 0..<n {
          for i in 0..<m {
            let entry = pair.blocks[(k * n + j) * m + i]
            products.z[r][row + i] += entry * b[c][column + j]
            products.z[c][column + j] += entry * b[r][row + i]
          }
        }
      }
    }
    return products
  }
}

extension LinearMixedModel {
  /// Λ of one level of every group.
  func levelFactors(_ φ: [Double]) -> [DenseMatrix] {
    var factors = covariance.emptyFactors
    covariance.factors(φ, into: &factors)
    return zip(groups, factors).map { DenseMatrix(rows: $0.size, columns: $0.size, storage: $1) }
  }

  /// The same model with another response, in units of the scaled one.
  package func replacingResponse(_ response: ResponseProducts) -> LinearMixedModel {
    let part = ModelPart(groups: groups, pairs: pairs, tail: tail).replacingResponse(response)
    return LinearMixedModel(
      observations: observations, sumOfLogWeights: sumOfLogWeights, groups: part.groups,
      fixedLevels: nil, pairs: pairs,
      tail: part.tail, covariance: covariance, fixed: fixed, terms: terms,
      knownVariance: knownVariance)
  }
}

extension ModelPart {
  /// The same rows with another response.
  func replacingResponse(_ response: ResponseProducts) -> ModelPart {
    let p = tail.columns - 1
    let groups = zip(groups, response.z).map { group, zy in
      let ℓ = group.size
      var zx = group.zx
      for level in 0..<group.levelCount {
        for i in 0..<ℓ { zx[(level * (p + 1) + p) * ℓ + i] = zy[level * ℓ + i] }
      }
      return group.with(zz: group.zz, zx: zx)
    }
    var tail = tail
    for k in 0..<p { (tail[k, p], tail[p, k]) = (response.x[k], response.x[k]) }
    tail[p, p] = response.square
    return ModelPart(groups: groups, pairs: pairs, tail: tail)
  }
}
