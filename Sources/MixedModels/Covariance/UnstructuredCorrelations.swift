// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Any covariance matrix by its standard deviations and correlations, for terms of which some are known.
///
/// The parameters of the correlations are partial ones, each free in (−1, 1): that of columns i and j given
/// all before j (Lewandowski, Kurowicka & Joe 2009), so that row i of L is
///
///     L_ij = z_ij √(1 − Σ_{k<j} L_ik²),   L_ii = √(1 − Σ_{k<i} L_ik²).
///
/// Those of the first column are the correlations themselves, so that a column with known ones comes first.
struct UnstructuredCorrelations: CorrelationStructure {
  let size: Int
  let parameters: [StructureParameter]
  let isToldFromResiduals = false
  /// The columns in the order of the rows of L.
  private let order: [Int]

  init(size: Int, first: Int = 0) {
    self.size = size
    let order = [first] + (0..<size).filter { $0 != first }
    self.order = order
    parameters =
      (0..<size).map { .deviation(column: $0) }
      + (0..<size).flatMap { i in
        (0..<i).map { j in
          .pairCorrelation(max(order[i], order[j]), min(order[i], order[j]), isPartial: j > 0)
        }
      }
  }

  func correlationFactor(_ values: ArraySlice<Double>) -> DenseMatrix {
    let root = rows(Array(values), moving: nil)
    return isInOrder ? root : root.lowerTriangularFactor
  }

  func correlationSlopes(_ values: ArraySlice<Double>) -> [DenseMatrix] {
    let values = Array(values)
    let Q = isInOrder ? nil : rows(values, moving: nil).lowerTriangularRotation.Q
    return values.indices.map { k in
      let slope = rows(values, moving: k)
      return Q.map { slope * $0 } ?? slope
    }
  }

  func theta(_ values: [Double]) -> [Double] {
    let L = rows(Array(values[size...]), moving: nil)
    return values[..<size] + pairs.map { i, j in product(L, L, i, j) }
  }

  func thetaSlopes(_ values: [Double]) -> DenseMatrix {
    let correlations = Array(values[size...])
    let L = rows(correlations, moving: nil)
    var J = DenseMatrix.identity(values.count)
    for m in correlations.indices {
      let slope = rows(correlations, moving: m)
      for (k, (i, j)) in pairs.enumerated() {
        J[size + k, size + m] = product(slope, L, i, j) + product(L, slope, i, j)
      }
    }
    return J
  }

  func values(theta: [Double]) throws(StructureProblem) -> [Double] {
    var L = DenseMatrix(rows: size, columns: size)
    var partial: [Double] = []
    for (k, i) in order.enumerated() {
      var left = 1.0
      for j in 0..<k {
        let known = (0..<j).reduce(0) { $0 + L[i, $1] * L[order[j], $1] }
        let entry = (theta[size + partial.count] - known) / L[order[j], j]
        guard entry * entry < left else {
          throw StructureProblem(
            reason: "no covariance matrix has these correlations",
            remedy: "Give correlations that go together.")
        }
        L[i, j] = entry
        partial.append(entry / left.squareRoot())
        left -= entry * entry
      }
      L[i, k] = left.squareRoot()
    }
    return theta[..<size] + partial
  }

  private var isInOrder: Bool { order == Array(0..<size) }

  /// Columns of the parameters of correlations.
  private var pairs: [(Int, Int)] {
    (0..<size).flatMap { i in (0..<i).map { (order[i], order[$0]) } }
  }

  /// (abᵀ)_ij
  private func product(_ a: DenseMatrix, _ b: DenseMatrix, _ i: Int, _ j: Int) -> Double {
    (0..<size).reduce(0) { $0 + a[i, $1] * b[j, $1] }
  }

  /// L's rows at the places of their columns, or their derivatives in the `moving`-th value.
  private func rows(_ z: [Double], moving: Int?) -> DenseMatrix {
    var rows = DenseMatrix(rows: size, columns: size)
    var next = 0
    for (k, i) in order.enumerated() {
      var (left, leftSlope) = (1.0, 0.0)  // 1 − Σ L²
      for j in 0...k {
        let root = left.squareRoot()
        let rootSlope = leftSlope / (2 * root)
        let isLast = j == k
        let value = isLast ? 1 : z[next]
        let isMoving = !isLast && moving == next
        let entry = value * root
        let slope = value * rootSlope + (isMoving ? root : 0)
        rows[i, j] = moving == nil ? entry : slope
        left -= entry * entry
        leftSlope -= 2 * entry * slope
        if !isLast { next += 1 }
      }
    }
    return rows
  }
}
