// SPDX-License-Identifier: GPL-2.0-or-later

/// X = L⁻¹ for a lower triangular L, m × m by columns; zeros above.
@inline(__always)
func invertLower(
  _ m: Int, _ L: UnsafePointer<Double>, into X: UnsafeMutablePointer<Double>
) {
  for c in 0..<m {
    for i in 0..<m {
      var sum = i == c ? 1.0 : 0
      for k in c..<max(i, c) { sum -= L[k * m + i] * X[c * m + k] }
      X[c * m + i] = i < c ? 0 : sum / L[i * m + i]
    }
  }
}
