// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The variance of a corrected form, yᵀCy with Cᵢᵢ = 0:
///
///     C_il = B_il − ½ M_il (Bᵢᵢ/Mᵢᵢ + B_ll/M_ll),   M = I − P,
///     Var = 4 Σ (Cμ)ᵢ² σᵢ² + 2 tr CSCS,   of which 4 Σ (Cy)ᵢ² σᵢ² − 2 tr CSCS is an estimate (KSS, Lemma 5).
///
/// σᵢ² is taken for a function of the leverage, so that it does not depend on the row's own y.
struct SamplingVariance {
  private let equations: LeaveOutEquations
  private let forms: QuadraticForms
  private let form: EffectForm
  /// Bᵢᵢ/Mᵢᵢ.
  private let ratio: [Double]
  private let σ²: [Double]
  /// 4 Σ (Cy)ᵢ² σᵢ².
  let linear: Double

  /// Rows for which tr CSCS is exact, and random vectors for it elsewhere.
  private static let (mostExact, vectors) = (2000, 32)

  /// - Throws: `CholmodError`.
  init(
    _ equations: LeaveOutEquations, _ forms: QuadraticForms, _ form: EffectForm, _ B: [Double],
    _ y: [Double], _ σ²: [Double]
  ) throws {
    (self.equations, self.forms, self.form, self.σ²) = (equations, forms, form, σ²)
    let ratio = zip(B, equations.leverages.inverseRests).map { $0 * $1 }
    self.ratio = ratio
    linear = try zip(
      Self.product([y], equations, forms, form, ratio)[0], σ²
    ).reduce(0) { $0 + 4 * $1.0 * $1.0 * $1.1 }
  }

  /// - Throws: `CholmodError`.
  func total(seed: UInt64) throws -> Double {
    let n = equations.rows.count
    let isExact = n <= Self.mostExact
    let roots = σ².map { $0.squareRoot() }
    let count = isExact ? n : Self.vectors
    var trace = 0.0
    for first in stride(from: 0, to: count, by: 8) {
      let batch = first..<min(first + 8, count)
      let v = batch.map { k -> [Double] in
        guard !isExact else {
          var unit = [Double](repeating: 0, count: n)
          unit[k] = roots[k]
          return unit
        }
        let z = RandomStream.signs(n, seed: seed, purpose: 8, block: UInt64(k))
        return zip(z, roots).map { $0 * $1 }
      }
      for image in try Self.product(v, equations, forms, form, ratio) {
        trace += zip(image, σ²).reduce(0) { $0 + $1.0 * $1.0 * $1.1 }
      }
    }
    return linear - 2 * (isExact ? trace : trace / Double(count))
  }

  /// C v for columns v.
  private static func product(
    _ v: [[Double]], _ equations: LeaveOutEquations, _ forms: QuadraticForms, _ form: EffectForm,
    _ ratio: [Double]
  ) throws -> [[Double]] {
    let scaled = v.map { zip(ratio, $0).map { $0 * $1 } }
    let (r, s) = equations.transposedTimes(v + scaled)
    let answer = try equations.solve(r, s)
    let own = answer.levels.submatrix(
      rows: Array(0..<answer.levels.rows), columns: Array(v.indices))
    let B = try equations.solve(
      forms.product(form, own), DenseMatrix(rows: equations.width, columns: v.count))
    return v.indices.map { c in
      let Bv = equations.fitted(B, c)
      let (Pv, Ps) = (equations.fitted(answer, c), equations.fitted(answer, v.count + c))
      return v[c].indices.map { i in
        Bv[i] - 0.5 * (ratio[i] * (v[c][i] - Pv[i]) + scaled[c][i] - Ps[i])
      }
    }
  }
}
