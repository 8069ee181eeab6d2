// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// A structure of which some parameters are known: the others are its parameters.
///
/// The structure is that of the reported columns, of working ones of any kind: λ̃ = Rλ made triangular.
struct HeldStructure: CovarianceStructure {
  let base: any CovarianceStructure
  /// Working columns times R are the reported ones, ℓ × ℓ, each divided by its size.
  private let R: DenseMatrix
  /// Known values by their places among `base.parameters`, deviations times their columns' sizes.
  let held: [Int: Double]
  /// The places of the others.
  let free: [Int]

  init(_ base: any CovarianceStructure, _ block: RelativeCovariance.Block, held: [Int: Double]) {
    self.base = base
    self.held = held
    free = base.parameters.indices.filter { held[$0] == nil }
    var R = block.R
    for j in 0..<R.columns { for i in 0..<R.rows { R[i, j] /= block.size(ofColumn: j) } }
    self.R = R
  }

  var size: Int { base.size }
  var rank: Int { base.rank }
  var isToldFromResiduals: Bool { base.isToldFromResiduals }
  var parameters: [StructureParameter] { free.map { base.parameters[$0] } }

  func factor(_ values: [Double]) -> DenseMatrix {
    (R * base.factor(all(values))).lowerTriangularFactor
  }

  func slopes(_ values: [Double]) -> [DenseMatrix] {
    let all = all(values)
    let Q = (R * base.factor(all)).lowerTriangularRotation.Q
    let slopes = base.slopes(all)
    return free.map { R * slopes[$0] * Q }
  }

  func theta(_ values: [Double]) -> [Double] {
    let θ = base.theta(all(values))
    return free.map { θ[$0] }
  }

  func thetaSlopes(_ values: [Double]) -> DenseMatrix {
    base.thetaSlopes(all(values)).submatrix(rows: free, columns: free)
  }

  func values(theta: [Double]) throws(StructureProblem) -> [Double] {
    let values = try base.values(theta: all(theta))
    return free.map { values[$0] }
  }

  var hasLevelParameters: Bool { base.hasLevelParameters }
  func precision(_ values: [Double]) -> SparsePrecision? { base.precision(all(values)) }

  func precisionGradient(
    _ values: [Double], _ slopes: PrecisionSlopes, residualWeight w: Double
  ) -> [Double] {
    let slopes = base.precisionGradient(all(values), slopes, residualWeight: w)
    return free.map { slopes[$0] }
  }

  func precisionInformation(_ values: [Double]) -> [Double] {
    let information = base.precisionInformation(all(values))
    return free.map { information[$0] }
  }

  func check(_ values: [Double]) throws(FitError) { try base.check(all(values)) }
  func checkEnd(_ values: [Double]) throws(FitError) { try base.checkEnd(all(values)) }

  /// Of all the base's parameters. Those held are the same in θ and among values.
  private func all(_ values: [Double]) -> [Double] {
    var (all, next) = ([Double](), 0)
    for k in base.parameters.indices {
      if let value = held[k] {
        all.append(value)
      } else {
        all.append(values[next])
        next += 1
      }
    }
    return all
  }
}
