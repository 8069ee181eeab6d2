// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// B and H of one level, and their part of the sums.
///
/// Matrices are by columns.
struct LevelKernel {
  private let ℓ: Int
  private let p: Int
  private let parameters: [CovarianceParameter]
  private let λ: [Double]
  private var A: [Double]  // ZᵀWZ, ℓ × ℓ
  private var C: [Double]  // ZᵀWX, ℓ × p
  private var L: [Double]  // LLᵀ = λᵀAλ + I
  private var P: [Double]  // L⁻¹λᵀ, ℓ × ℓ
  private var S: [Double]  // P A
  private var D: [Double]  // P C
  private(set) var B: [Double]
  private(set) var H: [Double]  // p × ℓ: rows of H lie together
  /// L⁻¹λᵀZᵀWX, ℓ × p.
  var reducedX: [Double] { D }
  private var V: [Double]  // BE_sH, p × ℓ

  init(_ ℓ: Int, p: Int, _ parameters: [CovarianceParameter], _ λ: [Double]) {
    (self.ℓ, self.p, self.parameters, self.λ) = (ℓ, p, parameters, λ)
    let (square, panel) = (Array(repeating: 0.0, count: ℓ * ℓ), Array(repeating: 0.0, count: ℓ * p))
    (A, L, P, S, B) = (square, square, square, square, square)
    (C, D, H, V) = (panel, panel, panel, panel)
  }

  /// B = A − SᵀS and H = C − SᵀD.
  mutating func load(_ group: RandomEffectsGroup, level: Int) {
    for k in 0..<ℓ * ℓ { A[k] = group.zz[level * ℓ * ℓ + k] }
    for k in 0..<ℓ * p { C[k] = group.zx[level * ℓ * (p + 1) + k] }
    var pivots = ScalarPivotProduct()
    factorizeLevel(ℓ, A, λ, &L, &P, &pivots)
    multiplyBlocks(ℓ, ℓ, ℓ, P, A, into: &S)
    multiplyBlocks(ℓ, ℓ, p, P, C, into: &D)
    for j in 0..<ℓ {
      for i in 0..<ℓ {
        var sum = A[j * ℓ + i]
        for k in 0..<ℓ { sum -= S[i * ℓ + k] * S[j * ℓ + k] }
        B[j * ℓ + i] = sum
      }
    }
    for i in 0..<ℓ {
      for c in 0..<p {
        var sum = C[c * ℓ + i]
        for k in 0..<ℓ { sum -= S[i * ℓ + k] * D[c * ℓ + k] }
        H[i * p + c] = sum
      }
    }
  }

  /// For a panel A_jc = ZᵀWZ_c of the level, ℓ × columns: L⁻¹λᵀA_jc into `reduced`, and the panel
  /// becomes what the level leaves of it, A_jc − Sᵀ(L⁻¹λᵀA_jc).
  func absorb(_ panel: inout [Double], columns: Int, reduced: inout [Double]) {
    multiplyBlocks(ℓ, ℓ, columns, P, panel, into: &reduced)
    for c in 0..<columns {
      for i in 0..<ℓ {
        for k in 0..<ℓ { panel[c * ℓ + i] -= S[i * ℓ + k] * reduced[c * ℓ + k] }
      }
    }
  }

  /// Takes F X off H for a panel F, ℓ × columns, and the rows `rows` of X.
  mutating func correct(_ F: [Double], _ rows: ArraySlice<Int32>, _ X: DenseMatrix) {
    for (c, row) in rows.enumerated() {
      for k in 0..<p {
        let x = X.storage[k * X.rows + Int(row)]
        for i in 0..<ℓ { H[i * p + k] -= F[c * ℓ + i] * x }
      }
    }
  }

  mutating func add(to moments: inout CovarianceMoments) {
    for c in 0..<p {
      for d in 0..<p {
        var sum = 0.0
        for k in 0..<ℓ { sum += D[c * ℓ + k] * D[d * ℓ + k] }
        moments.absorbed[c * p + d] += sum
      }
    }
    for (s, σ) in parameters.enumerated() {
      addOuter(σ, H, to: &moments.HEH, s)
      moments.singleTraces[s] += (σ.isDiagonal ? 1 : 2) * B[σ.j * ℓ + σ.i]
      for i in 0..<ℓ {  // V = BE_sH
        let (bi, bj) = (B[σ.i * ℓ + i], σ.isDiagonal ? 0 : B[σ.j * ℓ + i])
        for c in 0..<p { V[i * p + c] = bi * H[σ.j * p + c] + bj * H[σ.i * p + c] }
      }
      for r in s..<parameters.count {
        let ρ = parameters[r]
        let pair = CovarianceMoments.pair(r, s)
        addOuter(ρ, V, to: &moments.HEBEH, pair)
        moments.traces[pair] += trace(B, ρ, σ)
      }
    }
  }

  /// HᵀE_ρ times the rows in `V`, added at `index`.
  @inline(__always)
  private func addOuter(
    _ ρ: CovarianceParameter, _ V: [Double], to sums: inout [Double], _ index: Int
  ) {
    let base = index * p * p
    for c in 0..<p {
      let v = V[ρ.j * p + c]
      for d in 0..<p { sums[base + c * p + d] += H[ρ.i * p + d] * v }
    }
    guard !ρ.isDiagonal else { return }
    for c in 0..<p {
      let v = V[ρ.i * p + c]
      for d in 0..<p { sums[base + c * p + d] += H[ρ.j * p + d] * v }
    }
  }

  /// tr(KE_ρBE_σ) of the level, K ℓ × ℓ and symmetric.
  func trace(_ K: [Double], _ ρ: CovarianceParameter, _ σ: CovarianceParameter) -> Double {
    func product(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> Double {  // E = e_a e_bᵀ, e_c e_dᵀ
      B[b * ℓ + c] * K[d * ℓ + a]
    }
    var sum = product(ρ.i, ρ.j, σ.i, σ.j)
    if !ρ.isDiagonal { sum += product(ρ.j, ρ.i, σ.i, σ.j) }
    if !σ.isDiagonal { sum += product(ρ.i, ρ.j, σ.j, σ.i) }
    if !ρ.isDiagonal, !σ.isDiagonal { sum += product(ρ.j, ρ.i, σ.j, σ.i) }
    return sum
  }
}
