// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// What the equations give at the optimum, in R's coordinates and the units of the response.
package struct Estimates: Sendable {
  let sigma: Double
  /// Of the kept columns.
  let β: [Double]
  package let working: WorkingCoefficients
  /// p × p.
  let vcov: DenseMatrix
  /// Every term's λ, in the order of the model's terms.
  let λ: [DenseMatrix]
  /// The fixed part of the linear predictor as coefficients of the raw columns (without y).
  let rawCoefficients: [Double]
  /// For every group, level after level, the conditional modes b of the working columns.
  package let workingModes: [[Double]]
  /// For every absorbed factor the effects of its levels, in units of the response.
  let fixedLevelEffects: [[Double]]
  let modes: [TermModes]?

  /// Conditional modes and variances of one term.
  struct TermModes: Sendable {
    /// Level after level.
    let values: [Double]
    /// ℓ × ℓ, level after level.
    let covariances: [Double]
  }
}

extension Estimates {
  /// - Parameter φ: Of the criterion's last evaluation.
  /// - Throws: `FitError`, `CholmodError`.
  init(_ criterion: Criterion, φ: [Double], wantsModes: Bool) throws {
    let model = criterion.model
    let fixed = model.fixed
    let s = fixed.responseScale
    let (u, working) = try criterion.equations.solution()
    sigma = criterion.residualVariance.squareRoot()
    λ = model.covariance.reportedFactors(φ)

    let p = model.fixedEffectCount
    let total = (0..<p).map { s * (fixed.leastSquares[$0] + working[$0]) }
    let reported = (0..<p).map { total[$0] + fixed.predictor[$0] }
    (rawCoefficients, fixedLevelEffects) = Self.fixedPart(
      model, total: total, reported: reported, u.dropFirst(model.randomEffectCount))
    var β = fixed.solveR(DenseMatrix(rows: p, columns: 1, storage: reported)).storage
    if fixed.level != 0 { β[0] += fixed.level }  // a model with a level has its intercept first
    self.β = β
    // Cov = σ² R⁻¹ [K⁻¹]_xx R⁻ᵀ
    let Φ = try criterion.equations.fixedEffectsCovariance()
    vcov = sigma * sigma * fixed.solveR(fixed.solveR(Φ).transposed)
    // The level is a multiple of the intercept, which is the first column.
    let level = fixed.level != 0 ? fixed.R[0, 0] * fixed.level : 0
    self.working = WorkingCoefficients(
      β: reported.enumerated().map { $0 == 0 ? $1 + level : $1 }, Φ: Φ,
      variance: criterion.residualVariance)

    var factors = model.covariance.emptyFactors
    model.covariance.factors(φ, into: &factors)
    let b = Self.workingModes(model, factors, u, scale: s)
    workingModes = b
    let variances = wantsModes ? try criterion.equations.conditionalCovariances() : nil
    modes = variances.map { inverse in
      model.covariance.blocks.map { block in
        Self.termModes(
          block, model.groups[block.group], factors[block.group], b[block.group],
          inverse[block.group], variance: criterion.residualVariance)
      }
    }
    try checkRange(model, Φ)
  }

  /// The fixed part as coefficients of raw columns and as effects of absorbed factors' levels.
  ///
  /// - Parameters:
  ///   - total: β in working coordinates without what was taken off the response while reading.
  ///   - reported: The same with it, as far as X can express it.
  ///   - u: Of absorbed factors' levels.
  static func fixedPart(
    _ model: LinearMixedModel, total: [Double], reported: [Double], _ u: ArraySlice<Double>
  ) -> (coefficients: [Double], effects: [[Double]]) {
    let fixed = model.fixed
    guard let levels = model.fixedLevels else {
      return (zip(fixed.rawPredictor, fixed.B * total).map { $0 + $1 }, [])
    }
    let coefficients = fixed.B * reported
    return (coefficients, levels.effects(besides: coefficients, u))
  }

  /// b = s Λu, level after level.
  private static func workingModes(
    _ model: LinearMixedModel, _ factors: [[Double]], _ u: [Double], scale s: Double
  ) -> [[Double]] {
    var next = 0
    return zip(model.groups, factors).map { group, T in
      let ℓ = group.size
      var b = [Double](repeating: 0, count: group.levelCount * ℓ)
      for level in 0..<group.levelCount {
        for j in 0..<ℓ {
          for i in j..<ℓ { b[level * ℓ + i] += s * T[j * ℓ + i] * u[next + level * ℓ + j] }
        }
      }
      next += group.levelCount * ℓ
      return b
    }
  }

  /// For every group, level after level, the conditional modes as coefficients of the raw columns.
  func rawModes(_ model: LinearMixedModel) -> [[Double]] {
    model.groups.enumerated().map { g, group in
      let b = workingModes[model.source(of: g)]
      let levels = model.groups[model.source(of: g)].levelCount
      let (rawSize, size, B) = (group.B.rows, group.size, group.B.storage)
      var raw = [Double](repeating: 0, count: levels * rawSize)
      for level in 0..<levels {
        for j in 0..<size {
          let value = b[level * size + j]
          for i in 0..<rawSize { raw[level * rawSize + i] += B[j * rawSize + i] * value }
        }
      }
      return raw
    }
  }

  /// R⁻¹b and σ²R⁻¹λ̃[M⁻¹]λ̃ᵀR⁻ᵀ of one term.
  private static func termModes(
    _ block: RelativeCovariance.Block, _ group: RandomEffectsGroup, _ T: [Double], _ b: [Double],
    _ inverse: [Double], variance: Double
  ) -> TermModes {
    let (ℓ, m, offset) = (group.size, block.size, block.offset)
    var λ = DenseMatrix(rows: m, columns: m)
    for j in 0..<m { for i in 0..<m { λ[i, j] = T[(offset + j) * ℓ + offset + i] } }
    let inverseR = block.solveR(.identity(m)).storage
    let C = block.solveR(λ).storage
    var values = [Double](repeating: 0, count: group.levelCount * m)
    var covariances = [Double](repeating: 0, count: group.levelCount * m * m)
    var half = [Double](repeating: 0, count: m * m)  // C[M⁻¹]
    for level in 0..<group.levelCount {
      let M = (level * ℓ + offset) * ℓ + offset
      for j in 0..<m {
        let value = b[level * ℓ + offset + j]
        for i in 0..<m {
          values[level * m + i] += inverseR[j * m + i] * value
          var sum = 0.0
          for k in 0..<m { sum += C[k * m + i] * inverse[M + j * ℓ + k] }
          half[j * m + i] = sum
        }
      }
      for j in 0..<m {
        for i in j..<m {
          var sum = 0.0
          for k in 0..<m { sum += half[k * m + i] * C[k * m + j] }
          covariances[(level * m + j) * m + i] = variance * sum
          covariances[(level * m + i) * m + j] = variance * sum
        }
      }
    }
    return TermModes(values: values, covariances: covariances)
  }
}
