// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// M = [Z X]ᵀW[Z X] = LLᵀ, rank-revealing, for drawing w ~ N(0, M): the law of [Z X]ᵀWε for
/// independent residuals of unit variance.
///
/// The levels of the largest group whose levels do not occur with each other are eliminated one by one;
/// what that leaves of the other groups and X, the core, is one dense matrix:
///
///     M_jj = L_jL_jᵀ,   G_j = L_j⁺M_jo,   M_oo − ΣG_jᵀG_j = L_oL_oᵀ.
struct CrossProductFactor: Sendable {
  /// Rank of M, which is that of √W[Z X].
  let rank: Int
  /// nil where the levels of every group occur with each other: all is core then.
  private let leading: Int?
  /// ℓ × ℓ, level after level.
  private let levelFactors: [Double]
  private let levelRanks: [Int]
  /// The core's row for every column of G_j: `columnStarts[j]..<columnStarts[j + 1]`.
  private let columnStarts: [Int]
  private let rows: [Int]
  /// ℓ × columns, level after level.
  private let G: [Double]
  /// Core × its rank.
  private let core: DenseMatrix
  /// The first row of every group in the core (none for the leading one), and of X.
  private let firstRows: [Int]
  private let sizes: [(levels: Int, columns: Int)]
  private let p: Int

  /// What elimination leaves of a diagonal entry of the core and is taken for rounding, as a share
  /// of the entry.
  private static let negligible = 1e-10
  /// Bytes that the dense core may take.
  private static let largestMatrix = 2 << 30

  /// - Throws: `InferenceError` if the core is too large for a dense matrix.
  init(_ model: LinearMixedModel, memory: Int = availableMemory()) throws {
    let groups = model.groups
    let linked = Set(model.pairs.filter { $0.rowGroup == $0.columnGroup }.map(\.rowGroup))
    leading = groups.indices.filter { !linked.contains($0) }.max { groups[$0].zx.count < groups[$1].zx.count }
    let layout = CoreRows(model, leading: leading ?? -1)
    try Self.check(layout, model, memory)
    var C = layout.assembled(model)
    let original = C.diagonal
    var (levelFactors, levelRanks, G): ([Double], [Int], [Double]) = ([], [], [])
    var (columnStarts, rows) = ([0], [Int]())
    if let leading {
      let incidence = LeadingColumns(model, layout, leading: leading)
      let ℓ = groups[leading].size
      levelFactors.reserveCapacity(groups[leading].zz.count)
      G.reserveCapacity(incidence.values.count)
      for j in 0..<groups[leading].levelCount {
        let own = incidence.starts[j]..<incidence.starts[j + 1]
        let step = PivotedElimination(
          Array(groups[leading].zz[j * ℓ * ℓ..<(j + 1) * ℓ * ℓ]),
          Array(incidence.values[own.lowerBound * ℓ..<own.upperBound * ℓ]), size: ℓ)
        levelFactors += step.L
        levelRanks.append(step.rank)
        G += step.G
        C.subtractGram(step.G, size: ℓ, rows: Array(incidence.rows[own]))
      }
      (columnStarts, rows) = (incidence.starts, incidence.rows)
    }
    core = Self.factor(C, original: original)
    (self.levelFactors, self.levelRanks, self.G) = (levelFactors, levelRanks, G)
    (self.columnStarts, self.rows) = (columnStarts, rows)
    firstRows = layout.firstRows
    sizes = groups.map { ($0.levelCount, $0.size) }
    p = model.fixedEffectCount
    rank = levelRanks.reduce(0, +) + core.columns
  }

  private static func check(_ layout: CoreRows, _ model: LinearMixedModel, _ memory: Int) throws {
    let limit = memory > 0 ? min(largestMatrix, memory / 6) : largestMatrix
    guard layout.count < 1 << 24, 8 * layout.count * layout.count <= limit else {
      throw InferenceError.refused(
        "the bootstrap draws the cross-products of all crossed factors but the largest through a dense matrix, and here that has order \(layout.count). Leave a factor with many levels out of the model, or run where there is more memory (\(gibibytes(limit)) is the limit for the matrix)."
      )
    }
  }

  private static func gibibytes(_ bytes: Int) -> String {
    "\((Double(bytes) / 107_374_182.4).rounded() / 10) GiB"
  }

  /// Pivoted Cholesky of the core scaled to a unit diagonal, so that what is left of columns that
  /// depend on others is seen to be rounding.
  private static func factor(_ C: DenseMatrix, original: [Double]) -> DenseMatrix {
    let scales = original.map { $0 > 0 ? $0.squareRoot() : 1 }
    var scaled = C
    for j in 0..<C.columns { for i in 0..<C.rows { scaled[i, j] /= scales[i] * scales[j] } }
    guard let largest = scaled.diagonal.max(), largest > negligible else {
      return DenseMatrix(rows: C.rows, columns: 0)
    }
    var factor = DenseCholesky.pivoted(scaled, relativeTolerance: negligible / largest).factor
    for j in 0..<factor.columns { for i in 0..<factor.rows { factor[i, j] *= scales[i] } }
    return factor
  }
}

/// [Z X]ᵀWε of residuals with unit variance, and the square of their part in the columns' space.
struct ProjectedResiduals {
  /// ZᵀWε, for every group level after level.
  var z: [[Double]]
  /// XᵀWε.
  var x: [Double]
  /// εᵀW^½PW^½ε for P the projector on the columns of √W[Z X].
  var square: Double
}

extension CrossProductFactor {
  /// Draws w = Lz for standard normal z, so that ‖z‖² is the square of the projection.
  func draw(_ stream: inout RandomStream) -> ProjectedResiduals {
    let (levels, ℓ) = leading.map { sizes[$0] } ?? (0, 0)
    var normal = [Double](repeating: 0, count: levels * ℓ)
    stream.fillNormal(&normal)
    var own = [Double](repeating: 0, count: core.columns)
    stream.fillNormal(&own)
    var square = own.reduce(0) { $0 + $1 * $1 }
    var rest = core * own
    var z = sizes.map { [Double](repeating: 0, count: $0.levels * $0.columns) }
    for j in 0..<levels {
      for k in 0..<levelRanks[j] {
        let value = normal[j * ℓ + k]
        square += value * value
        for i in 0..<ℓ { z[leading!][j * ℓ + i] += levelFactors[(j * ℓ + k) * ℓ + i] * value }
        for c in columnStarts[j]..<columnStarts[j + 1] { rest[rows[c]] += G[c * ℓ + k] * value }
      }
    }
    for g in sizes.indices where g != leading {
      z[g] = Array(rest[firstRows[g]..<firstRows[g] + sizes[g].levels * sizes[g].columns])
    }
    return ProjectedResiduals(z: z, x: Array(rest[firstRows[sizes.count]...]), square: square)
  }
}

extension DenseMatrix {
  /// C −= GᵀG on some rows and columns, for G of `size` rows.
  fileprivate mutating func subtractGram(_ G: [Double], size: Int, rows indices: [Int]) {
    for (b, j) in indices.enumerated() {
      for (a, i) in indices.enumerated() {
        var sum = 0.0
        for k in 0..<size { sum += G[a * size + k] * G[b * size + k] }
        storage[j * rows + i] -= sum
      }
    }
  }
}
