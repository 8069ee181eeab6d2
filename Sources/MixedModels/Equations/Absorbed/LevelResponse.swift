// SPDX-License-Identifier: GPL-2.0-or-later

/// What a level answers to the rest of the system, by an ℓ × ℓ matrix N with R_j = N A_jo, and F:
///
///     inverse:  N = D⁻¹Tᵀ,              F = D⁻¹                  (D = TᵀA_jjT + I = LLᵀ)
///     direct:   N = (I + A_jjTTᵀ)⁻¹,    F = N A_jj.
///
/// Then [K⁻¹]_jj = F + R_j G R_jᵀ, and [ZᵀPZ]_jj = F − R_j G R_jᵀ in the direct form.
///
/// - Parameter scratch: room for 3ℓ² values.
@inline(__always)
func respond(
  _ ℓ: Int, _ form: SlopeForm, _ A: UnsafePointer<Double>, _ T: UnsafePointer<Double>,
  _ scratch: UnsafeMutablePointer<Double>, N: UnsafeMutablePointer<Double>,
  F: UnsafeMutablePointer<Double>
) {
  let (L, P, product) = (scratch, scratch + ℓ * ℓ, scratch + 2 * ℓ * ℓ)
  var pivots = ScalarPivotProduct()
  factorizeLevel(ℓ, A, T, L, P, &pivots)
  if form == .inverse {
    for c in 0..<ℓ {
      for i in 0..<ℓ {
        var sum = i == c ? 1.0 : 0
        for k in 0..<i { sum -= L[k * ℓ + i] * F[c * ℓ + k] }
        F[c * ℓ + i] = sum / L[i * ℓ + i]  // (L⁻¹)_ic
      }
    }
    solveLowerTransposed(ℓ, L, F)  // F = L⁻ᵀL⁻¹ = D⁻¹
    N.update(from: P, count: ℓ * ℓ)
    solveLowerTransposed(ℓ, L, N)  // N = L⁻ᵀL⁻¹Tᵀ = D⁻¹Tᵀ
    return
  }
  multiplyBlocks(ℓ, ℓ, ℓ, P, A, into: product)  // L⁻¹TᵀA
  for j in 0..<ℓ {
    for i in 0..<ℓ {
      var (own, identity) = (A[j * ℓ + i], i == j ? 1.0 : 0)
      for k in 0..<ℓ {
        own -= product[i * ℓ + k] * product[j * ℓ + k]
        identity -= product[i * ℓ + k] * P[j * ℓ + k]
      }
      F[j * ℓ + i] = own  // (A − AT D⁻¹ TᵀA)_ij
      N[j * ℓ + i] = identity  // (I − AT D⁻¹ Tᵀ)_ij
    }
  }
}

/// X ← L⁻ᵀX for ℓ × ℓ matrices.
@inline(__always)
private func solveLowerTransposed(
  _ ℓ: Int, _ L: UnsafePointer<Double>, _ X: UnsafeMutablePointer<Double>
) {
  for c in 0..<ℓ {
    for i in stride(from: ℓ - 1, through: 0, by: -1) {
      var sum = X[c * ℓ + i]
      for k in (i + 1)..<max(ℓ, i + 1) { sum -= L[i * ℓ + k] * X[c * ℓ + k] }
      X[c * ℓ + i] = sum / L[i * ℓ + i]  // (L⁻ᵀX)_ic
    }
  }
}
