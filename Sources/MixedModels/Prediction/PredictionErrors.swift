// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Variances of η̂ − η for η = xᵀβ + zᵀb, relative to σ².
///
/// With v = Λᵀz they are [v; x]ᵀK⁻¹[v; x], computed as
///
///     vᵀM⁻¹v + (x − Hᵀv)ᵀ Φ (x − Hᵀv),   M = ΛᵀZᵀWZΛ + I,   H = M⁻¹ΛᵀZᵀWX,   Φ = [K⁻¹]_xx,
///
/// where little cancels. A level that the fit has not seen contributes vᵀv, the prior variance.
struct PredictionErrors: Sendable {
  /// PᵀΛ by columns, ℓ × ℓ, of every group, P making the selected part of b: v = ΛᵀPᵀz.
  private let spreads: [[Double]]
  private let isSelected: [Bool]
  private let Φ: DenseMatrix
  private let entries: InverseEntries?
  private let p: Int

  /// - Throws: `InferenceError` where crossed factors are too large; `CholmodError`.
  init(_ predictor: LinearPredictor, _ projections: [[Double]], groups: [Bool]) throws {
    try predictor.model.requireNoAbsorbedFactors("standard errors of predictions are")
    let model = predictor.model
    var factors = model.covariance.emptyFactors
    model.covariance.factors(predictor.φ, into: &factors)
    spreads = model.groups.indices.map { g in
      let (ℓ, source) = (model.groups[g].size, model.source(of: g))
      let P = DenseMatrix(rows: ℓ, columns: ℓ, storage: projections[source])
      return (P * DenseMatrix(rows: ℓ, columns: ℓ, storage: factors[source])).storage
    }
    isSelected = groups
    (Φ, p) = (predictor.coefficients.Φ, model.fixedEffectCount)
    entries =
      groups.contains(true)
      ? try InverseEntries(model, factors, threads: predictor.options.threads) : nil
  }

  /// - Throws: `CholmodError`.
  func variances(_ columns: WorkingRows.Columns) throws -> [Double] {
    let count = columns.rows.count
    let v = columns.z.indices.map { isSelected[$0] ? effects(columns.z[$0], spreads[$0]) : [] }
    let blocks = try entries?.blocks(columns.levels, selected: isSelected)
    var d = [Double](repeating: 0, count: p)
    return (0..<count).map { row in
      guard columns.rows.isComplete[row] else { return .nan }
      for k in 0..<p { d[k] = columns.x[row * p + k] }
      var sum = 0.0
      if let entries, let blocks {
        for g in v.indices where isSelected[g] {
          let level = columns.levels[g][row]
          let ℓ = v[g].count / count
          let own = v[g][row * ℓ..<(row + 1) * ℓ]
          if level < 0 {
            sum += own.reduce(0) { $0 + $1 * $1 }
          } else {
            sum += entries.square(g, Int(level), own, subtractingFrom: &d)
          }
        }
        sum += entries.crossProducts(blocks, row, v, columns.levels)
      }
      for j in 0..<p {
        var product = 0.0
        for i in 0..<p { product += Φ.storage[j * p + i] * d[i] }
        sum += product * d[j]
      }
      return sum
    }
  }

  /// v = (PᵀΛ)ᵀ z row by row; `S` is PΛ by columns.
  private func effects(_ z: [Double], _ S: [Double]) -> [Double] {
    let ℓ = Int(Double(S.count).squareRoot().rounded())
    var v = [Double](repeating: 0, count: z.count)
    for base in stride(from: 0, to: z.count, by: ℓ) {
      for j in 0..<ℓ {
        var sum = 0.0
        for i in 0..<ℓ { sum += S[j * ℓ + i] * z[base + i] }
        v[base + j] = sum
      }
    }
    return v
  }
}
