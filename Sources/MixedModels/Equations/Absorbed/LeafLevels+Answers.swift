// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension LeafLevels {
  /// What the leading levels' partners say to their leaves: [K⁻¹] (or M⁻¹) for j and X.
  struct PartnerInverse {
    /// [K⁻¹]_jj, ℓ × ℓ.
    let own: DenseMatrix
    /// [K⁻¹]_jX, ℓ × fixed, and [K⁻¹]_XX.
    let cross: DenseMatrix
    let fixed: DenseMatrix
  }

  /// Sets u of all leaves, u_c = D_c⁻¹Uᵀ(A_cy − A_cXβ − A_cjTu_j), group after group.
  ///
  /// `tail` is [−β; 1].
  func setModes(_ u: inout [[Double]], _ factors: [[Double]], tail: [Double]) {
    for leaf in leaves {
      let modes = answer(leaf, factors, .inverse, u: u[leading], tail: tail)
      let first = leaf.level * modes.count
      u[leaf.group].replaceSubrange(first..<first + modes.count, with: modes)
    }
  }

  /// N and F of one leaf, see `respond`.
  func response(
    _ leaf: Leaf, _ factors: [[Double]], _ form: SlopeForm
  ) -> (N: DenseMatrix, F: DenseMatrix) {
    let m = model.groups[leaf.group].size
    var (N, F) = (DenseMatrix(rows: m, columns: m), DenseMatrix(rows: m, columns: m))
    var scratch = [Double](repeating: 0, count: 3 * m * m)
    respond(
      m, form, diagonal(leaf), factors[leaf.group], &scratch, N: &N.storage, F: &F.storage)
    return (N, F)
  }

  /// R = N[A_cjT A_cX], m × (ℓ + fixed).
  private func coupling(
    _ leaf: Leaf, _ N: DenseMatrix, _ factors: [[Double]], fixed: Int
  ) -> DenseMatrix {
    let (m, ℓ) = (model.groups[leaf.group].size, model.groups[leading].size)
    let A = columns(leaf)
    let T = DenseMatrix(rows: ℓ, columns: ℓ, storage: factors[leading])
    let left = N * (A.submatrix(rows: Array(0..<m), columns: Array(0..<ℓ)) * T)
    let right = N * A.submatrix(rows: Array(0..<m), columns: Array(ℓ..<ℓ + fixed))
    return DenseMatrix(rows: m, columns: ℓ + fixed, storage: left.storage + right.storage)
  }

  /// R Γ Rᵀ for R = `coupling` and Γ the inverse at the partner and X.
  private func quadratic(_ R: DenseMatrix, _ inverse: PartnerInverse) -> DenseMatrix {
    let (ℓ, fixed) = (inverse.own.rows, inverse.fixed.rows)
    var Γ = DenseMatrix(rows: ℓ + fixed, columns: ℓ + fixed)
    for j in 0..<ℓ {
      for i in 0..<ℓ { Γ[i, j] = inverse.own[i, j] }
      for x in 0..<fixed {
        Γ[ℓ + x, j] = inverse.cross[j, x]
        Γ[j, ℓ + x] = inverse.cross[j, x]
      }
    }
    for x in 0..<fixed { for y in 0..<fixed { Γ[ℓ + y, ℓ + x] = inverse.fixed[y, x] } }
    return R * (Γ * R.transposed)
  }

  /// [K⁻¹]_cc = D_c⁻¹ + R Γ Rᵀ.
  func inverseBlock(
    _ leaf: Leaf, _ factors: [[Double]], _ inverse: PartnerInverse
  ) -> DenseMatrix {
    let (N, F) = response(leaf, factors, .inverse)
    return F + quadratic(coupling(leaf, N, factors, fixed: inverse.fixed.rows), inverse)
  }

  /// [ZᵀPZ]_cc = E_c − R Γ Rᵀ in the direct form.
  func projectionBlock(
    _ leaf: Leaf, _ factors: [[Double]], _ inverse: PartnerInverse
  ) -> DenseMatrix {
    let (N, E) = response(leaf, factors, .direct)
    return E - quadratic(coupling(leaf, N, factors, fixed: inverse.fixed.rows), inverse)
  }

  /// N(A_cy − A_cXβ − A_cjTu_j): u_c in the inverse form, s_c in the direct one. `u` is that of the
  /// leading group, `tail` is [−β; 1].
  func answer(
    _ leaf: Leaf, _ factors: [[Double]], _ form: SlopeForm, u: [Double], tail: [Double]
  ) -> [Double] {
    let ℓ = model.groups[leading].size
    let T = factors[leading]
    let b = (0..<ℓ).map { i in
      -(0...i).reduce(0.0) { $0 + T[$1 * ℓ + i] * u[leaf.partner * ℓ + $1] }
    }
    return response(leaf, factors, form).N * (columns(leaf) * (b + tail))
  }
}
