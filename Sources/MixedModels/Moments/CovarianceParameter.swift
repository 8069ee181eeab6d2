// SPDX-License-Identifier: GPL-2.0-or-later

/// γ_r in V = Σ γ_r G_r: an element of one term's covariance matrix in working columns, relative to
/// σ².
///
/// G_r = Z(I ⊗ E_r)Zᵀ with E_r = e_i e_jᵀ + e_j e_iᵀ, or e_i e_iᵀ.
///
/// A change of columns maps a term's elements linearly onto each other, so what is derived from
/// them (Kenward and Roger's adjustment) is that of the reported columns.
package struct CovarianceParameter: Sendable {
  let group: Int
  /// Columns of the group, j ≤ i.
  let i: Int
  let j: Int
  let γ: Double

  var isDiagonal: Bool { i == j }
}

extension RelativeCovariance {
  /// All elements of λλᵀ, term by term.
  func linearParameters(_ φ: [Double]) -> [CovarianceParameter] {
    var factors = emptyFactors
    self.factors(φ, into: &factors)
    return blocks.flatMap { block in
      let (size, λ) = (groupSizes[block.group], factors[block.group])
      return (0..<block.rank).flatMap { j in
        (j..<block.rank).map { i in
          let (row, column) = (block.offset + i, block.offset + j)
          let γ = (0..<size).reduce(0.0) { $0 + λ[$1 * size + row] * λ[$1 * size + column] }
          return CovarianceParameter(group: block.group, i: row, j: column, γ: γ)
        }
      }
    }
  }
}
