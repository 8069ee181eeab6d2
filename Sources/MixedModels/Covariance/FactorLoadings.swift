// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Few common factors behind many columns: ΓΓᵀ of rank d (reduced rank), or ΓΓᵀ + Ψ with Ψ diagonal
/// (factor analysis).
///
/// Γ is ℓ × d, zero above its diagonal, which makes it unique but for the signs of its columns.
struct FactorLoadings: CovarianceStructure {
  let size: Int
  let parameters: [StructureParameter]
  /// d
  private let dimensions: Int
  private let hasSpecificEffects: Bool

  var rank: Int { hasSpecificEffects ? size : dimensions }
  var isToldFromResiduals: Bool { !hasSpecificEffects }

  /// - Throws: `StructureProblem` for more dimensions than the columns have.
  init(_ columns: StructuredColumns, hasSpecificEffects: Bool) throws(StructureProblem) {
    (size, self.hasSpecificEffects) = (columns.size, hasSpecificEffects)
    dimensions = columns.dimensions ?? (hasSpecificEffects ? 1 : 2)
    let loadings = (0..<min(dimensions, size)).flatMap { factor in
      (factor..<columns.size).map { StructureParameter.loading(column: $0, factor: factor) }
    }
    parameters =
      loadings
      + (hasSpecificEffects ? (0..<size).map { .specificDeviation(column: $0) } : [])
    guard dimensions <= size, parameters.count <= size * (size + 1) / 2 else {
      let most = (1...max(size, 1)).last {
        $0 * size - $0 * ($0 - 1) / 2 + (hasSpecificEffects ? size : 0) <= size * (size + 1) / 2
      }
      let all = size == 1 ? "one column has" : "\(size) columns have"
      throw StructureProblem(
        reason:
          "d = \(dimensions) gives more parameters than the covariance matrix of \(all)",
        remedy: most.map { "Take d = \($0) or less." } ?? "Write the term without a word.")
    }
  }

  func factor(_ values: [Double]) -> DenseMatrix {
    guard hasSpecificEffects else { return root(values) }
    return root(values).lowerTriangularFactor.submatrix(
      rows: Array(0..<size), columns: Array(0..<size))
  }

  func slopes(_ values: [Double]) -> [DenseMatrix] {
    let Q: DenseMatrix =
      hasSpecificEffects ? root(values).lowerTriangularRotation.Q : .identity(size)
    return parameters.map { parameter in
      let (row, column) = place(parameter)
      var slope = DenseMatrix(rows: size, columns: size)
      for j in 0..<size { slope[row, j] = Q[column, j] }
      return slope
    }
  }

  /// [Γ Ψ^½], ℓ × (d + ℓ), or [Γ 0], ℓ × ℓ.
  private func root(_ values: [Double]) -> DenseMatrix {
    var root = DenseMatrix(
      rows: size, columns: hasSpecificEffects ? dimensions + size : size)
    for (parameter, value) in zip(parameters, values) {
      let (row, column) = place(parameter)
      root[row, column] = value
    }
    return root
  }

  /// Of a parameter in that root.
  private func place(_ parameter: StructureParameter) -> (row: Int, column: Int) {
    switch parameter {
    case .loading(let column, let factor): (column, factor)
    case .specificDeviation(let column): (column, dimensions + column)
    default: preconditionFailure("neither a loading nor a specific deviation")
    }
  }
}
