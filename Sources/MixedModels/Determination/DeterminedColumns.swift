// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The columns of one term whose effects the data determine.
struct DeterminedColumns {
  /// Reported columns, ascending.
  var kept: [Int]
  /// Reported columns whose effects are taken for zero.
  var held: [Int] { all.filter { !kept.contains($0) } }
  /// Why columns are held.
  var reason: Reason?
  private let all: [Int]
  private let block: RelativeCovariance.Block

  enum Reason: Equatable {
    /// Columns are zero, or combinations of others at every level.
    case columns
    /// What they explain, the fixed part explains.
    case fixedPart
    /// What they explain, other terms explain, or the residual.
    case others(terms: [Int], residual: Bool)
  }

  /// Holds as many columns as there are directions u of the effects that do not matter, whatever
  /// they go together with: no element of uvᵀ + vuᵀ moves V, for any v.
  ///
  /// As R drops aliased columns, later ones go.
  init(_ space: ParameterSpace, block: RelativeCovariance.Block, index: Int) {
    self.block = block
    all = Array(0..<block.size)
    kept = all
    let onContrasts = Self.form(space.moments.contrasts, space, block.size, index)
    let whole = Self.form(space.moments.whole, space, block.size, index)
    let scales = whole.diagonal.map { $0 > 0 ? 1 / $0.squareRoot() : 0 }
    func directions(_ form: DenseMatrix) -> DenseMatrix {
      var scaled = form
      for j in all { for i in all { scaled[i, j] *= scales[i] * scales[j] } }
      let (values, V) = symmetricEigenvectors(scaled)
      var null = V.submatrix(
        rows: all, columns: all.filter { !(values[$0] > space.tolerance) })
      for j in 0..<null.columns { for i in all { null[i, j] *= scales[i] > 0 ? scales[i] : 1 } }
      return ColumnOrderedQR(null, tolerance: 0).q
    }
    let U = directions(onContrasts)
    guard U.columns > 0 else { return }
    reason = directions(whole).columns == U.columns ? .columns : .fixedPart
    let rest = block.R - U * U.multipliedByTransposeOnLeft(block.R)
    let lengths = all.map { dot(block.R.column($0), block.R.column($0)).squareRoot() }
    let free = ColumnOrderedQR(rest, tolerance: 1e-6, referenceNorms: lengths).kept
    kept = Array(free.prefix(block.size - U.columns))
  }

  /// Σ_v tr(MG_(uv)MG_(u′v)) of two directions u, u′.
  private static func form(
    _ gram: DenseMatrix, _ space: ParameterSpace, _ size: Int, _ index: Int
  ) -> DenseMatrix {
    var result = DenseMatrix(rows: size, columns: size)
    let place = Dictionary(
      uniqueKeysWithValues: space.places.indices.filter { space.places[$0].block == index }
        .enumerated().map { ($0, $1) })
    func parameter(_ a: Int, _ b: Int) -> Int {
      let (i, j) = (max(a, b), min(a, b))
      return place[j * size - j * (j - 1) / 2 + i - j]!
    }
    for v in 0..<size {
      for a in 0..<size {
        for b in 0..<size {
          // e_u e_uᵀ + e_u e_uᵀ is twice the element.
          let factor = (a == v ? 2.0 : 1) * (b == v ? 2.0 : 1)
          result[a, b] += factor * gram[parameter(a, v), parameter(b, v)]
        }
      }
    }
    return result
  }

  /// Orthonormal working columns that span the kept ones, ℓ × rank.
  var basis: DenseMatrix {
    ColumnOrderedQR(block.R.submatrix(rows: all, columns: kept), tolerance: 0).q
  }

  /// Takes the whole term out.
  mutating func drop(for terms: [Int], residual: Bool) {
    kept = []
    reason = .others(terms: terms, residual: residual)
  }
}
