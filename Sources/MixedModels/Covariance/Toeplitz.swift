// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Columns in the order of time: one correlation for every distance.
///
/// The parameters are partial autocorrelations κ, each free in (−1, 1): these are the positive definite
/// ones (Barndorff-Nielsen & Schou 1973). With the coefficients of Durbin's and Levinson's recursion,
///
///     φ_ii = κ_i,   φ_ik = φ_(i−1)k − κ_i φ_(i−1)(i−k),   s_i² = s_(i−1)²(1 − κ_i²),
///
/// an effect is Σ_k φ_ik times the one k before it, and s_i times something new: so are the rows of L.
/// θ has the correlations, which are L's first column.
struct Toeplitz: CorrelationStructure {
  let size: Int
  let parameters: [StructureParameter]
  let isToldFromResiduals: Bool

  init(_ columns: StructuredColumns) {
    size = columns.size
    isToldFromResiduals = !columns.isHomogeneous
    parameters =
      Self.deviations(columns) + (1..<max(size, 1)).map { .autocorrelation(lag: $0) }
  }

  func correlationFactor(_ values: ArraySlice<Double>) -> DenseMatrix {
    recursion(Array(values), moving: nil).factor
  }

  func correlationSlopes(_ values: ArraySlice<Double>) -> [DenseMatrix] {
    values.indices.map { recursion(Array(values), moving: $0 - values.startIndex).slope }
  }

  func theta(_ values: [Double]) -> [Double] {
    let L = correlationFactor(values[deviationCount...])
    return values[..<deviationCount] + (1..<max(size, 1)).map { L[$0, 0] }
  }

  func thetaSlopes(_ values: [Double]) -> DenseMatrix {
    var J = DenseMatrix.identity(values.count)
    for (m, slope) in correlationSlopes(values[deviationCount...]).enumerated() {
      for lag in 1..<size { J[deviationCount + lag - 1, deviationCount + m] = slope[lag, 0] }
    }
    return J
  }

  func values(theta: [Double]) throws(StructureProblem) -> [Double] {
    let correlations = [1] + theta[deviationCount...]
    var (partial, coefficients, left) = ([Double](), [Double](), 1.0)
    for lag in 1..<max(size, 1) {
      let known = coefficients.enumerated().reduce(0) { $0 + $1.1 * correlations[lag - 1 - $1.0] }
      let κ = (correlations[lag] - known) / left
      guard abs(κ) < 1 else {
        throw StructureProblem(
          reason:
            "no covariance matrix has these correlations: beside those of shorter lags rho\(lag) lies between \(known - left) and \(known + left)",
          remedy: "Give correlations that go together, such as those of another fit.")
      }
      partial.append(κ)
      coefficients = Self.extended(coefficients, by: κ)
      left *= 1 - κ * κ
    }
    return theta[..<deviationCount] + partial
  }

  private static func extended(_ φ: [Double], by κ: Double) -> [Double] {
    zip(φ, φ.reversed()).map { $0 - κ * $1 } + [κ]
  }

  /// L, and its derivative in the `moving`-th κ.
  private func recursion(
    _ κ: [Double], moving: Int?
  ) -> (factor: DenseMatrix, slope: DenseMatrix) {
    var L = DenseMatrix(rows: size, columns: size)
    var slope = L
    var (φ, φSlope) = ([Double](), [Double]())
    var (s, sSlope) = (1.0, 0.0)
    for i in 0..<size {
      if i > 0 {
        let (here, isMoving) = (κ[i - 1], moving == i - 1)
        let before = Array(φ.reversed())
        φSlope = zip(φSlope, φSlope.reversed()).map { $0 - here * $1 } + [0]
        if isMoving {
          for k in before.indices { φSlope[k] -= before[k] }
          φSlope[i - 1] = 1
        }
        φ = Self.extended(φ, by: here)
        let share = (1 - here * here).squareRoot()
        sSlope = sSlope * share - (isMoving ? s * here / share : 0)
        s *= share
      }
      (L[i, i], slope[i, i]) = (s, sSlope)
      for k in φ.indices {
        for j in 0..<(i - k) {
          L[i, j] += φ[k] * L[i - k - 1, j]
          slope[i, j] += φSlope[k] * L[i - k - 1, j] + φ[k] * slope[i - k - 1, j]
        }
      }
    }
    return (L, slope)
  }
}
