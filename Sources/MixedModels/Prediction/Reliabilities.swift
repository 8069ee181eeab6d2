// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// How much is known of the effects of one term whose levels are related, such as breeding values.
public struct Reliabilities: Sendable {
  /// Columns of the term.
  private let columns: Int
  /// Level after level, one for every column.
  private let values: [Double]

  fileprivate init(columns: Int, values: [Double]) {
    (self.columns, self.values) = (columns, values)
  }

  /// 1 − Var(b̂ − b)/Var(b), the squared correlation of the predicted effect with the effect; nil where
  /// the effect has no variance.
  ///
  /// The prediction error has the uncertainty of β in it, and Var(b) is (1 + F)σ² for an animal with
  /// the coefficient of inbreeding F (Mrode 2014, §3.3).
  public func reliability(level: Int, column: Int) -> Double? {
    let value = values[level * columns + column]
    return value.isNaN ? nil : value
  }

  /// The correlation itself.
  public func accuracy(level: Int, column: Int) -> Double? {
    reliability(level: level, column: column).map { max($0, 0).squareRoot() }
  }
}

extension FittedModel {
  /// Of every term, in lme4's order; nil for one whose levels are independent.
  ///
  /// - Throws: `InferenceError` where the equations are too large; `CholmodError`.
  public func reliabilities() throws -> [Reliabilities?] {
    guard !model.hasIndependentLevels else { return model.terms.map { _ in nil } }
    var factors = model.covariance.emptyFactors
    model.covariance.factors(φ, into: &factors)
    let entries = try InverseEntries(model, factors, threads: threads)
    let priors = try model.groups.map { try $0.precision.inverseDiagonal() }
    return model.covariance.blocks.map { block in
      priors[block.group].map { reliabilities(block, factors[block.group], entries, $0) }
    }
  }

  /// The effect of reported column c is the c-th row of R⁻¹λ̃, which is v, times u.
  private func reliabilities(
    _ block: RelativeCovariance.Block, _ T: [Double], _ entries: InverseEntries, _ prior: [Double]
  ) -> Reliabilities {
    let (ℓ, m, offset) = (groupSize(block), block.size, block.offset)
    var λ = DenseMatrix(rows: m, columns: m)
    for j in 0..<m { for i in 0..<m { λ[i, j] = T[(offset + j) * ℓ + offset + i] } }
    let C = block.solveR(λ)
    let Φ = coefficients.Φ
    var values: [Double] = []
    for level in prior.indices {
      for c in 0..<m {
        var v = [Double](repeating: 0, count: ℓ)
        for k in 0..<m { v[offset + k] = C[c, k] }
        let variance = prior[level] * dot(v, v)
        var d = [Double](repeating: 0, count: Φ.rows)
        let error = entries.square(block.group, level, v[...], subtractingFrom: &d)
        values.append(variance > 0 ? 1 - (error + dot(d, Φ * d)) / variance : .nan)
      }
    }
    return Reliabilities(columns: m, values: values)
  }

  private func groupSize(_ block: RelativeCovariance.Block) -> Int {
    model.groups[block.group].size
  }
}

extension LevelPrecision {
  /// Of Q⁻¹; nil for independent levels.
  ///
  /// - Throws: `CholmodError`
  fileprivate func inverseDiagonal() throws -> [Double]? {
    guard case .sparse(let Q) = self else { return nil }
    if let known = Q.variances { return known }
    var factor = try PrecisionFactor(Q.diagonal, Q.edges)
    return try factor.inverseDiagonal()
  }
}
