// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Standard deviations relative to σ, and correlations, of one block's reported columns.
struct RelativeDeviations {
  let deviations: [Double]
  let correlations: DenseMatrix
  /// Of the columns, whose sizes the deviations times these do not depend on.
  private let sizes: [Double]

  /// - Parameter λ: Of the reported columns, not necessarily triangular.
  init(_ λ: DenseMatrix, sizes: [Double]) {
    self.sizes = sizes
    var products = λ * λ.transposed
    deviations = products.diagonal.map { $0.squareRoot() }
    for j in deviations.indices {
      for i in deviations.indices { products[i, j] /= deviations[i] * deviations[j] }
    }
    correlations = products
  }

  /// Whether a standard deviation is positive beyond rounding.
  func isFree(_ i: Int) -> Bool {
    deviations[i] * sizes[i] > 1e-7 * (zip(deviations, sizes).map { $0 * $1 }.max() ?? 0)
  }
}

/// Their derivatives in the block's φ.
///
/// With λ = R⁻¹λ̃ the reported effects' factor and s_i the length of its row i,
///
///     ∂s_i/∂λ̃_ab = R⁻¹_ia λ_ib / s_i,   ∂(λλᵀ)_ij/∂λ̃_ab = R⁻¹_ia λ_jb + R⁻¹_ja λ_ib.
struct RelativeSlopes {
  let here: RelativeDeviations
  private(set) var deviations: [[Double]]
  /// Entry (i, j) at j ℓ + i.
  private(set) var correlations: [[Double]]

  init(_ block: RelativeCovariance.Block, _ φ: [Double]) {
    let size = block.size
    var next = 0
    let λ = block.solveR(block.working(φ, &next))
    let inverse = block.solveR(.identity(size))
    here = RelativeDeviations(λ, sizes: block.columnSizes)
    let s = here.deviations
    deviations = Array(repeating: [], count: size)
    correlations = Array(repeating: [], count: size * size)
    if let structure = block.structure {
      for slope in structure.covarianceSlopes(φ[...]) {
        let products = inverse * slope * inverse.transposed  // of λλᵀ
        append(size, (0..<size).map { products[$0, $0] / (2 * s[$0]) }) {
          products[$0, $1] / (s[$0] * s[$1])
        }
      }
      return
    }
    for b in 0..<block.rank {
      for a in b..<block.rank {
        let slopes = (0..<size).map { inverse[$0, a] * λ[$0, b] / s[$0] }
        append(size, slopes) { i, j in
          (inverse[i, a] * λ[j, b] + inverse[j, a] * λ[i, b]) / (s[i] * s[j])
        }
      }
    }
  }

  /// Adds the derivatives in one parameter: of the deviations, and of (λλᵀ)_ij over s_i s_j.
  private mutating func append(
    _ size: Int, _ slopes: [Double], product: (_ i: Int, _ j: Int) -> Double
  ) {
    let (s, c) = (here.deviations, here.correlations)
    for i in 0..<size { deviations[i].append(slopes[i]) }
    for j in 0..<size {
      for i in 0..<size {
        correlations[j * size + i].append(
          product(i, j) - c[i, j] * (slopes[i] / s[i] + slopes[j] / s[j]))
      }
    }
  }
}

extension RelativeCovariance.Block {
  fileprivate var columnSizes: [Double] { (0..<size).map(size(ofColumn:)) }
}
