// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The F distribution whose mean and variance are those of Kenward and Roger's expansion.
struct KenwardRogerApproximation: Sendable {
  /// Cov(β) without adjustment, in any unit.
  let Φ: DenseMatrix
  /// ΦP_rΦ with P_r = −XᵀV⁻¹V̇_rV⁻¹X.
  let ΦPΦ: [DenseMatrix]
  /// The asymptotic covariance of the parameters.
  let W: DenseMatrix

  /// Halekoh & Højsgaard (2014), section 4; for r = 1 their formulae give scaling 1 and 2 / A₂.
  func denominator(_ hypothesis: LinearHypothesis) -> Denominator {
    let (A1, A2) = expansion(hypothesis.basis)
    let q = Double(hypothesis.rank)
    guard hypothesis.rank > 1 else { return Denominator(degreesOfFreedom: A2 > 0 ? 2 / A2 : nil) }
    let B = (A1 + 6 * A2) / (2 * q)
    let g = ((q + 1) * A1 - (q + 4) * A2) / ((q + 2) * A2)
    let d = 3 * q + 2 * (1 - g)
    let (c1, c2, c3) = (g / d, (q - g) / d, (q + 2 - g) / d)
    // E and V of F, matched to those of an F distribution.
    let (v0, v1, v2) = (1 + c1 * B, 1 - c2 * B, 1 - c3 * B)
    // Both vanish at two degrees of freedom; in balanced designs, where A₁ = qA₂, they are the same.
    let e = 1 - A2 / q
    let ratio = abs(e - v1) < 1e-8 ? 1 : e / v1
    let ρ = ratio * ratio * v0 / v2  // q V / (2E²)
    let df = 4 + (q + 2) / (ρ - 1)
    guard df.isFinite, df > 0 else { return Denominator(degreesOfFreedom: nil) }
    let scaling = abs(df - 2) < 1e-2 ? 1 : df * e / (df - 2)
    return Denominator(degreesOfFreedom: df, scaling: scaling)
  }

  /// A₁ = Σ W_rs tr(ΘΦP_rΦ) tr(ΘΦP_sΦ) and A₂ = Σ W_rs tr(ΘΦP_rΦ ΘΦP_sΦ), Θ = Lᵀ(LΦLᵀ)⁻¹L.
  private func expansion(_ Lᵀ: DenseMatrix) -> (A1: Double, A2: Double) {
    var C = Lᵀ.multipliedByTransposeOnLeft(Φ * Lᵀ)  // LΦLᵀ = CCᵀ
    guard (try? DenseCholesky.factorize(&C)) != nil else { return (0, 0) }
    let M = ΦPΦ.map { middle -> DenseMatrix in  // C⁻¹LΦP_rΦLᵀC⁻ᵀ
      var a = Lᵀ.multipliedByTransposeOnLeft(middle * Lᵀ)
      DenseCholesky.solveLower(C, &a)
      a = a.transposed
      DenseCholesky.solveLower(C, &a)
      return a
    }
    var (A1, A2) = (0.0, 0.0)
    for r in M.indices {
      for s in M.indices {
        A1 += W[r, s] * M[r].trace * M[s].trace
        A2 += W[r, s] * dot(M[r].storage, M[s].transposed.storage)
      }
    }
    return (A1, A2)
  }
}
