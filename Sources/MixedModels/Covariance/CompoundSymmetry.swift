// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// One correlation between any two columns, ρ > −1/(ℓ − 1).
struct CompoundSymmetry: CorrelationStructure {
  let size: Int
  let parameters: [StructureParameter]
  /// Equal variances and covariances leave nothing of a residual's variance.
  let isToldFromResiduals: Bool

  init(_ columns: StructuredColumns) {
    size = columns.size
    isToldFromResiduals = !columns.isHomogeneous
    let least = -1 / Double(size - 1)
    parameters =
      Self.deviations(columns) + (size > 1 ? [.correlation(above: least)] : [])
  }

  func correlationFactor(_ values: ArraySlice<Double>) -> DenseMatrix {
    columns(values.first ?? 0) { $0.pivot } below: { $0.below }
  }

  func correlationSlopes(_ values: ArraySlice<Double>) -> [DenseMatrix] {
    values.map { ρ in columns(ρ) { $0.pivotSlope } below: { $0.belowSlope } }
  }

  /// Of Cholesky's factor of (1 − ρ)I + ρ11ᵀ: below the diagonal a column has one value.
  private struct Column {
    var (pivot, below, pivotSlope, belowSlope) = (0.0, 0.0, 0.0, 0.0)
  }

  private func columns(
    _ ρ: Double, diagonal: (Column) -> Double, below: (Column) -> Double
  ) -> DenseMatrix {
    var λ = DenseMatrix(rows: size, columns: size)
    var (left, leftSlope) = (1.0, 0.0)  // of a diagonal entry, after the columns so far
    for j in 0..<size {
      var column = Column()
      if left > 0 {
        column.pivot = left.squareRoot()
        column.pivotSlope = leftSlope / (2 * column.pivot)
        column.below = (left - (1 - ρ)) / column.pivot
        column.belowSlope = (leftSlope + 1 - column.below * column.pivotSlope) / column.pivot
      }
      λ[j, j] = diagonal(column)
      for i in (j + 1)..<max(size, j + 1) { λ[i, j] = below(column) }
      left -= column.below * column.below
      leftSlope -= 2 * column.below * column.belowSlope
    }
    return λ
  }
}
