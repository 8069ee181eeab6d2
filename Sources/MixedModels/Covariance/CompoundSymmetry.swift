// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// One correlation between any two columns, ρ > −1/(ℓ − 1).
struct CompoundSymmetry: CovarianceStructure {
  static let word = "cs"
  static let isHomogeneousByDefault = false
  let size: Int
  let parameters: [StructureParameter]

  init(size: Int, isHomogeneous: Bool) {
    self.size = size
    parameters = Self.parameters(
      size, isHomogeneous: isHomogeneous, correlationAbove: -1 / Double(size - 1))
  }

  func factor(_ values: [Double]) -> DenseMatrix {
    let ρ = size > 1 ? values.last! : 0
    var λ = DenseMatrix(rows: size, columns: size)
    // Cholesky's factor of (1 − ρ)I + ρ11ᵀ: below the diagonal a column has one value.
    var left = 1.0  // of a diagonal entry, after the columns so far
    for j in 0..<size {
      let pivot = max(left, 0).squareRoot()
      let below = pivot > 0 ? (left - (1 - ρ)) / pivot : 0
      λ[j, j] = pivot
      for i in (j + 1)..<max(size, j + 1) { λ[i, j] = below }
      left -= below * below
    }
    return scaled(λ, values)
  }
}
