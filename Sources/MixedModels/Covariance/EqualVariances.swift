// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// One variance for all columns, and no correlations.
struct EqualVariances: CovarianceStructure {
  let size: Int
  let parameters: [StructureParameter] = [.commonDeviation]
  let isToldFromResiduals = false

  init(_ columns: StructuredColumns) { size = columns.size }

  func factor(_ values: [Double]) -> DenseMatrix { values[0] * .identity(size) }
  func slopes(_ values: [Double]) -> [DenseMatrix] { [.identity(size)] }
}
