// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The covariance parameters of a model and what the data can tell of them: V = σ²W⁻¹ + Σ γ_r G_r is
/// linear in them, so a combination Δ that does not move V is a null vector of the Gram matrix
/// tr(MG_rMG_s).
struct ParameterSpace {
  /// Without the residual, which comes last in vectors and matrices.
  let places: [ParameterPlace]
  let moments: ContrastMoments

  /// A squared length, relative to that without regard to the fixed part, below which a combination
  /// counts as not there.
  let tolerance: Double

  /// From one pass over the cross-products.
  ///
  /// Rounding leaves 1e-15, in badly conditioned columns 1e-13; but a level with a thousand times the
  /// rows or the weights of the others makes 1e-12 of what they tell.
  init(_ model: LinearMixedModel, _ kind: CriterionKind) {
    places = model.covariance.places
    moments = ContrastMoments(model, places, wantsContrasts: kind == .reml)
    tolerance = 1e-10
  }

  /// The same by the information, where sizes of levels matter little; for few models only, since it
  /// costs more than a gradient. nil where it would take too much memory.
  init?(refined model: LinearMixedModel, _ kind: CriterionKind) {
    guard var moments = ContrastMoments(informationOf: model) else { return nil }
    if kind == .ml { moments.contrasts = moments.whole }
    places = model.covariance.places
    self.moments = moments
    tolerance = 1e-8
  }

  /// Whether something may not be determined, so that a closer look pays.
  var isDoubtful: Bool {
    nullCombinations(of: units, tolerance: Self.doubt).columns > 0
  }

  static let doubt = 1e-6

  /// Among `vectors` (columns) those combinations that do not move V: their coefficients, as columns.
  ///
  /// Vectors are taken in units of what they do without regard to the fixed part.
  func nullCombinations(of vectors: DenseMatrix, tolerance: Double? = nil) -> DenseMatrix {
    let tolerance = tolerance ?? self.tolerance
    let k = vectors.columns
    let gram = gram(vectors)
    let scales = scales(vectors)
    var scaled = gram
    for j in 0..<k { for i in 0..<k { scaled[i, j] *= scales[i] * scales[j] } }
    let (values, V) = symmetricEigenvectors(scaled)
    let null = values.indices.filter { !(values[$0] > tolerance) }
    var result = V.submatrix(rows: Array(0..<k), columns: null)
    // A vector that moves nothing at all is one by itself.
    for j in 0..<null.count {
      for i in 0..<k { result[i, j] *= scales[i] > 0 ? scales[i] : 1 }
    }
    return result
  }

  /// tr(MG_ΔMG_Δ′) of every two columns.
  func gram(_ vectors: DenseMatrix) -> DenseMatrix {
    vectors.multipliedByTransposeOnLeft(moments.contrasts * vectors)
  }

  /// 1 / ‖G_Δ‖ of every column; 0 where it is zero.
  func scales(_ vectors: DenseMatrix) -> [Double] {
    let image = moments.whole * vectors
    return (0..<vectors.columns).map { j in
      let square = dot(vectors.column(j), image.column(j))
      return square > 0 ? 1 / square.squareRoot() : 0
    }
  }

  /// Every parameter by itself.
  var units: DenseMatrix { .identity(places.count + 1) }

  /// The parameters of a symmetric matrix for the working columns of a block.
  func vector(_ matrix: DenseMatrix, block: Int) -> [Double] {
    var vector = [Double](repeating: 0, count: places.count + 1)
    let own = places.indices.filter { places[$0].block == block }
    let first = own.map { places[$0].j }.min() ?? 0
    for r in own { vector[r] = matrix[places[r].i - first, places[r].j - first] }
    return vector
  }

  /// aᵀΣb of a block's covariance matrix as a function of the parameters.
  func covariance(_ a: [Double], _ b: [Double], block: Int) -> [Double] {
    var values = DenseMatrix(rows: a.count, columns: a.count)
    for j in a.indices {
      for i in a.indices { values[i, j] = i == j ? a[i] * b[i] : a[i] * b[j] + a[j] * b[i] }
    }
    return vector(values, block: block)
  }

  var residual: [Double] { (0...places.count).map { $0 == places.count ? 1 : 0 } }
}

extension RelativeCovariance {
  /// All elements of all terms' covariance matrices, term by term, in the order of `linearParameters`.
  var places: [ParameterPlace] {
    blocks.enumerated().flatMap { t, block in
      (0..<block.size).flatMap { j in
        (j..<block.size).map { i in
          ParameterPlace(
            block: t, group: block.group, i: block.offset + i, j: block.offset + j)
        }
      }
    }
  }
}

extension DenseMatrix {
  /// v wᵀ + w vᵀ, or v vᵀ if they are the same.
  static func symmetricProduct(_ v: [Double], _ w: [Double]) -> DenseMatrix {
    var result = DenseMatrix(rows: v.count, columns: v.count)
    for j in v.indices { for i in v.indices { result[i, j] = v[i] * w[j] } }
    return v == w ? result : result + result.transposed
  }

  /// Columns side by side.
  init(columns: [[Double]], rows: Int) {
    self.init(rows: rows, columns: columns.count, storage: columns.flatMap(\.self))
  }
}
