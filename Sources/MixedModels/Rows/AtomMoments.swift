// SPDX-License-Identifier: GPL-2.0-or-later

/// Unweighted moments Σ Tᵢ(t)Tⱼ(t) of one atom over all rows where it is not missing, as poly() and
/// scale() need them (R computes both before it drops incomplete rows).
package struct AtomMoments: Sendable {
  /// (degree + 1)², full and symmetric; entry 0 is the number of rows.
  package var products: [Double]
  package let degree: Int

  package init(degree: Int) {
    self.degree = degree
    products = Array(repeating: 0, count: (degree + 1) * (degree + 1))
  }

  package var count: Double { products[0] }

  /// Adds rows given as T₁, T₂, … (arrays of the same length); a missing value is NaN in all of
  /// them.
  package mutating func add(_ polynomials: [[Double]]) {
    let width = degree + 1
    guard let first = polynomials.first else { return }
    for row in first.indices where !first[row].isNaN {
      for i in 0...degree {
        let ti = i == 0 ? 1 : polynomials[i - 1][row]
        for j in 0...degree {
          products[i * width + j] += ti * (j == 0 ? 1 : polynomials[j - 1][row])
        }
      }
    }
  }

  package mutating func merge(_ other: AtomMoments) {
    for k in products.indices { products[k] += other.products[k] }
  }
}
