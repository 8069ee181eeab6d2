// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// One effect for every level of a grouping factor, correlated with those of its neighbours:
///
///     Cov(u) = σ²s²Q⁻¹,   Q = D − ρW,
///
/// see `LevelRelationship.init(neighbours:)`. log |Q| and its derivative come from Q's sparse factor.
struct NeighbourCorrelations: CovarianceStructure {
  /// `car(county)`
  let text: String
  /// D, and the pairs of neighbours by column, then row.
  private let diagonal: [Double]
  private let edges: [SparsePrecision.Edge]
  /// Of elimination.
  private let order: [Int]

  let size = 1
  let hasLevelParameters = true
  let parameters = [StructureParameter.commonDeviation, .correlation(above: -1).along(nil)]

  /// - Parameter Q: At some ρ.
  /// - Throws: `CholmodError`
  init(_ text: String, _ Q: SparsePrecision) throws(CholmodError) {
    (self.text, diagonal, edges) = (text, Q.diagonal, Q.edges)
    order = try PrecisionFactor(diagonal, edges).order
  }

  func factor(_ values: [Double]) -> DenseMatrix {
    DenseMatrix(rows: 1, columns: 1, storage: [values[0]])
  }

  func slopes(_ values: [Double]) -> [DenseMatrix] {
    values.indices.map { DenseMatrix(rows: 1, columns: 1, storage: [$0 == 0 ? 1 : 0]) }
  }

  func precision(_ values: [Double]) -> SparsePrecision? {
    let entries = entries(values[1])
    let factor = try? PrecisionFactor(diagonal, entries, order: order)
    return SparsePrecision(diagonal: diagonal, edges: entries, logDeterminant: factor?.logDeterminant ?? .nan)
  }

  private func entries(_ ρ: Double) -> [SparsePrecision.Edge] {
    edges.map { SparsePrecision.Edge(row: $0.row, column: $0.column, value: -ρ) }
  }

  /// tr(Q⁻¹Q̇) = −Σ_ij w_ij[Q⁻¹]_ij
  private func trace(_ ρ: Double) -> Double {
    let entries = entries(ρ)
    guard var factor = try? PrecisionFactor(diagonal, entries, order: order),
      let inverse = try? factor.inverse(at: entries)
    else { return .nan }
    return -2 * inverse.reduce(0, +)
  }

  func precisionGradient(
    _ values: [Double], _ slopes: PrecisionSlopes, residualWeight w: Double
  ) -> [Double] {
    var sum = 0.0
    for k in edges.indices { sum -= 2 * (slopes.inverse.edges[k] + w * slopes.squares.edges[k]) }
    if slopes.includesDeterminant { sum -= trace(values[1]) }
    return [0, sum]
  }

  /// As if half of what the levels' effects tell were known of them: Q is linear in ρ, and the derivative of
  /// tr(Q⁻¹Q̇) is −tr(Q⁻¹Q̇Q⁻¹Q̇).
  func precisionInformation(_ values: [Double]) -> [Double] {
    let h = 1e-3 * (1 - values[1] * values[1])
    return [0, 0.5 * (trace(values[1] - h) - trace(values[1] + h)) / (2 * h)]
  }

  func check(_ values: [Double]) throws(FitError) { try check(values, least: 1e-9) }
  func checkEnd(_ values: [Double]) throws(FitError) { try check(values, least: 1e-7) }

  private func check(_ values: [Double], least: Double) throws(FitError) {
    let ρ = values[1]
    guard !(1 - abs(ρ) >= least) else { return }
    throw .axes(
      text,
      ρ < 0
        ? "has a correlation of neighbours that goes to −1, and the likelihood has no maximum inside its range. Look whether the list of neighbours is that of these levels"
        : "has a correlation of neighbours that goes to 1, where effects are those of the intrinsic autoregression. Hold it, such as \(Setting.held) 'rho|\(group)=0.99', or give that autoregression's precision with a little on its diagonal"
    )
  }

  private var group: String { String(text.dropFirst(4).dropLast()) }
}
