// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Columns in the order of time: ρ^|i − j| between columns i and j.
struct FirstOrderAutoregressive: CovarianceStructure {
  static let word = "ar1"
  static let isHomogeneousByDefault = true
  let size: Int
  let parameters: [StructureParameter]

  init(size: Int, isHomogeneous: Bool) {
    self.size = size
    parameters = Self.parameters(size, isHomogeneous: isHomogeneous, correlationAbove: -1)
  }

  func factor(_ values: [Double]) -> DenseMatrix {
    let ρ = size > 1 ? values.last! : 0
    var λ = DenseMatrix(rows: size, columns: size)
    for j in 0..<size {
      var entry = j == 0 ? 1 : (1 - ρ * ρ).squareRoot()
      for i in j..<size {
        λ[i, j] = entry
        entry *= ρ
      }
    }
    return scaled(λ, values)
  }
}
