// SPDX-License-Identifier: GPL-2.0-or-later

/// TᵀAT + I = LLᵀ with L in the lower triangle of `L`, and P = L⁻¹Tᵀ, all ℓ × ℓ by columns.
@inline(__always)
func factorizeLevel(
  _ ℓ: Int, _ A: UnsafePointer<Double>, _ T: UnsafePointer<Double>,
  _ L: UnsafeMutablePointer<Double>, _ P: UnsafeMutablePointer<Double>,
  _ pivots: inout ScalarPivotProduct
) {
  for j in 0..<ℓ {
    for i in j..<ℓ {
      var sum = 0.0
      for k in j..<ℓ { sum += A[k * ℓ + i] * T[j * ℓ + k] }
      L[j * ℓ + i] = sum  // (AT)_ij
    }
    for i in j..<ℓ {
      var sum = i == j ? 1.0 : 0
      for k in i..<ℓ { sum += L[j * ℓ + k] * T[i * ℓ + k] }
      L[j * ℓ + i] = sum  // (TᵀAT + I)_ij
    }
  }
  for j in 0..<ℓ {
    let pivot = L[j * ℓ + j]  // l_jj²
    pivots.multiply(pivot)
    let root = pivot.squareRoot()
    L[j * ℓ + j] = root  // l_jj
    let inverse = 1 / root
    for i in (j + 1)..<max(ℓ, j + 1) { L[j * ℓ + i] *= inverse }  // l_ij
    for k in (j + 1)..<max(ℓ, j + 1) {
      for i in k..<ℓ { L[k * ℓ + i] -= L[j * ℓ + i] * L[j * ℓ + k] }  // − l_ij l_kj
    }
    for c in 0..<ℓ {
      var sum = c >= j ? T[j * ℓ + c] : 0  // (Tᵀ)_jc
      for k in 0..<j { sum -= L[k * ℓ + j] * P[c * ℓ + k] }
      P[c * ℓ + j] = sum * inverse  // (L⁻¹Tᵀ)_jc
    }
  }
}
