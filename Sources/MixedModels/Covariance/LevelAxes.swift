// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// One effect for every level of a grouping factor, with levels correlated along axes: rows and columns of a
/// field, days. Cov(u) = σ²s²(R_1 ⊗ R_2 ⊗ …) in every piece, and Q = R_1⁻¹ ⊗ R_2⁻¹ ⊗ … is sparse: a level
/// of a field has eight neighbours.
///
/// Levels without rows, as plots whose record is missing, belong to it, so that Q is such a product.
struct LevelAxes: CovarianceStructure {
  /// `ar1(row):ar1(column)`
  let text: String
  let axes: [LevelAxis]
  /// Of every axis the place of every level.
  let levelPlaces: [[Int32]]
  /// The pairs of levels where Q has entries, by column, then row; row > column.
  let edges: [(row: Int32, column: Int32)]
  /// Of every axis the place of every edge.
  let edgePlaces: [[Int32]]
  /// Levels of every piece.
  let sizes: [Int]
  /// Of every piece the levels of the factors that are no axes; empty where there are none.
  let pieceNames: [String]
  /// Of every axis where every level stands on it.
  let positions: [[Double]]
  /// Of every level.
  let pieces: [Int32]

  let size = 1
  let hasLevelParameters = true
  var parameters: [StructureParameter] {
    [.commonDeviation]
      + axes.map { axes.count == 1 ? $0.parameter.along(nil) : $0.parameter.along($0.name) }
  }

  func factor(_ values: [Double]) -> DenseMatrix {
    DenseMatrix(rows: 1, columns: 1, storage: [values[0]])
  }

  func slopes(_ values: [Double]) -> [DenseMatrix] {
    values.indices.map { DenseMatrix(rows: 1, columns: 1, storage: [$0 == 0 ? 1 : 0]) }
  }

  func precision(_ values: [Double]) -> SparsePrecision? {
    let tables = zip(axes, values.dropFirst()).map { $0.entries($1) }
    let diagonal = levelPlaces[0].indices.map { level in
      tables.indices.reduce(1.0) { $0 * tables[$1][levelPlaces[$1][level]] }
    }
    let entries = edges.indices.map { k in
      SparsePrecision.Edge(
        row: edges[k].row, column: edges[k].column,
        value: tables.indices.reduce(1.0) { $0 * tables[$1][edgePlaces[$1][k]] })
    }
    return SparsePrecision(
      diagonal: diagonal, edges: entries,
      logDeterminant: axes.indices.reduce(0) { sum, a in
        sum + perLevel(a, axes[a].logDeterminants(values[a + 1]).map(\.value))
      })
  }

  func precisionGradient(
    _ values: [Double], _ slopes: PrecisionSlopes, residualWeight w: Double
  ) -> [Double] {
    let tables = zip(axes, values.dropFirst()).map { $0.entries($1) }
    return [0]
      + axes.indices.map { a in
        var changed = tables
        changed[a] = axes[a].slopes(values[a + 1])
        var sum = 0.0
        for level in levelPlaces[0].indices {
          let slope = changed.indices.reduce(1.0) { $0 * changed[$1][levelPlaces[$1][level]] }
          sum += slope * (slopes.inverse.levels[level] + w * slopes.squares.levels[level])
        }
        for k in edges.indices {
          let slope = changed.indices.reduce(1.0) { $0 * changed[$1][edgePlaces[$1][k]] }
          sum += 2 * slope * (slopes.inverse.edges[k] + w * slopes.squares.edges[k])
        }
        guard slopes.includesDeterminant else { return sum }
        return sum - perLevel(a, axes[a].logDeterminants(values[a + 1]).map(\.slope))
      }
  }

  /// As if half of what the levels' effects tell were known of them.
  func precisionInformation(_ values: [Double]) -> [Double] {
    [0] + axes.indices.map { 0.5 * perLevel($0, axes[$0].information(values[$0 + 1])) }
  }

  /// Σ over pieces, each as often as the axis is repeated along the others.
  private func perLevel(_ axis: Int, _ ofPieces: [Double]) -> Double {
    ofPieces.indices.reduce(0) { sum, piece in
      let repeats = sizes[piece] / (axes[axis].pieces[piece].count + 1)
      return sum + Double(repeats) * ofPieces[piece]
    }
  }

  /// The nearest to ±1 that a correlation is held at in a profile.
  static let range = (-1 + 1e-8)...(1 - 1e-8)
  /// What is left of 1 beside correlations where Q has no digits any more.
  private static let leastRest = 1e-9

  func check(_ values: [Double]) throws(FitError) { try check(values, least: Self.leastRest) }
  func checkEnd(_ values: [Double]) throws(FitError) { try check(values, least: 1e-7) }

  /// Entries of Q are products over the axes, and so is what is left of their digits.
  private func check(_ values: [Double], least: Double) throws(FitError) {
    let left = rests(values)
    guard !(left.reduce(1, *) >= least) else { return }
    throw endless(left.indices.min { left[$0] < left[$1] }!, values)
  }

  /// What is left of 1 beside the largest correlation along every axis.
  private func rests(_ values: [Double]) -> [Double] {
    zip(axes, values.dropFirst()).map { 1 - $0.largestCorrelation($1) }
  }

  private func endless(_ axis: Int, _ values: [Double]) -> FitError {
    let (name, isNegative) = (axes[axis].name, values[axis + 1] < 0)
    return .axes(
      text,
      "has correlations along \(name) that go to \(isNegative ? "−1" : "1"), and the likelihood has no maximum: levels along it \(isNegative ? "differ in their signs only" : "hardly differ"). Take \(name) out of the term, or write a random intercept of the other factors instead"
    )
  }
}
