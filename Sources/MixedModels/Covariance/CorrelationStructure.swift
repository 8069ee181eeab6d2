// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Standard deviations, one or one for each column, and a correlation matrix: λ = DL, D diagonal and LLᵀ
/// the correlations, of parameters that follow the standard deviations.
protocol CorrelationStructure: CovarianceStructure {
  /// L, ℓ × ℓ, lower triangular.
  func correlationFactor(_ values: ArraySlice<Double>) -> DenseMatrix
  /// ∂L/∂value for every parameter of the correlations, as `CovarianceStructure.slopes`.
  func correlationSlopes(_ values: ArraySlice<Double>) -> [DenseMatrix]
}

extension CorrelationStructure {
  func factor(_ values: [Double]) -> DenseMatrix {
    scaled(correlationFactor(values[deviationCount...]), values)
  }

  func slopes(_ values: [Double]) -> [DenseMatrix] {
    let correlations = values[deviationCount...]
    let L = correlationFactor(correlations)
    let own =
      isHomogeneous
      ? [L]
      : (0..<size).map { column in
        var slope = DenseMatrix(rows: size, columns: size)
        for j in 0...column { slope[column, j] = L[column, j] }
        return slope
      }
    return own + correlationSlopes(correlations).map { scaled($0, values) }
  }

  /// The parameters of standard deviations come first.
  var deviationCount: Int { isHomogeneous ? 1 : size }
  private var isHomogeneous: Bool { parameters[0] == .commonDeviation }

  /// Row i times the i-th standard deviation, or all times the only one.
  private func scaled(_ λ: DenseMatrix, _ values: [Double]) -> DenseMatrix {
    let isOne = isHomogeneous
    var scaled = λ
    for j in 0..<size { for i in 0..<size { scaled[i, j] *= isOne ? values[0] : values[i] } }
    return scaled
  }

  /// One standard deviation for all columns, or one for each.
  static func deviations(_ columns: StructuredColumns) -> [StructureParameter] {
    columns.isHomogeneous
      ? [.commonDeviation] : (0..<columns.size).map { .deviation(column: $0) }
  }
}
