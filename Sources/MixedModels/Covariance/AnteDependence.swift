// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Columns in the order of time, each of which depends on those before it by way of its neighbour alone
/// (Gabriel 1962, first order): the correlation of two columns is the product of those between them,
///
///     corr(i, j) = ρ_(j+1) ⋯ ρ_i,   L_ij = ρ_i L_(i−1)j for j < i,   L_ii = √(1 − ρ_i²).
struct AnteDependence: CorrelationStructure {
  let size: Int
  let parameters: [StructureParameter]

  init(_ columns: StructuredColumns) {
    size = columns.size
    parameters =
      Self.deviations(columns)
      + (1..<max(size, 1)).map { .pairCorrelation($0, $0 - 1, isPartial: false) }
  }

  func correlationFactor(_ values: ArraySlice<Double>) -> DenseMatrix {
    var L = DenseMatrix.identity(size)
    for (i, ρ) in zip(1..., values) {
      for j in 0..<i { L[i, j] = ρ * L[i - 1, j] }
      L[i, i] = (1 - ρ * ρ).squareRoot()
    }
    return L
  }

  func correlationSlopes(_ values: ArraySlice<Double>) -> [DenseMatrix] {
    let L = correlationFactor(values)
    return values.indices.map { k in
      let (moved, ρ) = (k - values.startIndex + 1, values[k])
      var slope = DenseMatrix(rows: size, columns: size)
      for j in 0..<moved { slope[moved, j] = L[moved - 1, j] }
      slope[moved, moved] = -ρ / L[moved, moved]
      for (i, ρ) in zip(1..., values) where i > moved {
        for j in 0..<i { slope[i, j] = ρ * slope[i - 1, j] }
      }
      return slope
    }
  }
}
