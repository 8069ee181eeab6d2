// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// Columns in the order of time: ρ^|i − j| between columns i and j.
struct FirstOrderAutoregressive: CorrelationStructure {
  let size: Int
  let parameters: [StructureParameter]

  init(_ columns: StructuredColumns) {
    size = columns.size
    parameters = Self.deviations(columns) + (size > 1 ? [.correlation(above: -1)] : [])
  }

  func correlationFactor(_ values: ArraySlice<Double>) -> DenseMatrix {
    let ρ = values.first ?? 0
    return byLags { lag, isFirst in pow(ρ, Double(lag)) * (isFirst ? 1 : (1 - ρ * ρ).squareRoot()) }
  }

  func correlationSlopes(_ values: ArraySlice<Double>) -> [DenseMatrix] {
    values.map { ρ in
      let innovation = (1 - ρ * ρ).squareRoot()
      return byLags { lag, isFirst in
        let slope = lag == 0 ? 0 : Double(lag) * pow(ρ, Double(lag - 1))
        return isFirst ? slope : slope * innovation - pow(ρ, Double(lag + 1)) / innovation
      }
    }
  }

  /// Entries of the lower triangle by i − j, which are others in the first column.
  private func byLags(_ entry: (_ lag: Int, _ isFirst: Bool) -> Double) -> DenseMatrix {
    var λ = DenseMatrix(rows: size, columns: size)
    for isFirst in [true, false] {
      for lag in 0..<size {
        let value = entry(lag, isFirst)
        for j in isFirst ? 0..<1 : 1..<max(size - lag, 1) { λ[j + lag, j] = value }
      }
    }
    return λ
  }
}
