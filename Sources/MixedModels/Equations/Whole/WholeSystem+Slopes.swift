// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension WholeSystem {
  /// Slopes from the entries of G = K⁻¹ (M⁻¹ for ML) on the pattern of A, zero beyond, and from ζ = [−u; −β; 1]:
  ///
  ///     Σ_j Σ_o A_joT_oG_oj   and   Σ_j s_ju_jᵀ   with   s_j = Σ_o A_joT_oζ_o,   ζ = [−u; −β; 1].
  func slopes(_ G: [Double], _ ζ: [Double], _ kind: CriterionKind) -> CovarianceSlopes {
    var slopes = CovarianceSlopes(
      logDeterminant: model.covariance.emptyFactors, residual: model.covariance.emptyFactors)
    let widest = model.groups.map(\.size).max() ?? 1
    let scratch = OwnedBuffer(repeating: 0.0, count: 2 * widest * widest + widest)
    G.withUnsafeBufferPointer { G in
      ζ.withUnsafeBufferPointer { ζ in
        let inputs = Inputs(
          G: G.baseAddress!, ζ: ζ.baseAddress!, own: scratch.start,
          product: scratch.start + widest * widest, vector: scratch.start + 2 * widest * widest)
        for g in model.groups.indices {
          add(inputs, &slopes.logDeterminant[g], &slopes.residual[g], levelsOf: g)
        }
        addPairs(inputs, &slopes)
        slopes.parts = parts(inputs, kind)
        for g in parametricGroups { slopes.precisions[g] = precisionSlopes(inputs, g) }
      }
    }
    return slopes
  }

  /// G and ζ, and room for a block, a product of blocks and a vector of one level.
  struct Inputs {
    let G: UnsafePointer<Double>
    let ζ: UnsafePointer<Double>
    let own: UnsafeMutablePointer<Double>
    let product: UnsafeMutablePointer<Double>
    let vector: UnsafeMutablePointer<Double>
  }

  /// Σ_j (A_jjT G_jj + A_jX G_Xj) and −Σ_j s_ju_jᵀ with s_j = A_jjTu_j + A_j[X y][−β; 1] of one group.
  private func add(
    _ x: Inputs, _ logDeterminant: inout [Double], _ residual: inout [Double], levelsOf g: Int
  ) {
    let (group, T, width) = (model.groups[g], factors[g], p + 1)
    let ℓ = group.size
    for level in 0..<group.levelCount {
      let first = start(g, level)
      let (zz, zx) = (level * ℓ * ℓ, level * ℓ * width)
      for j in 0..<ℓ {
        let column = layout.pattern.columnStarts[first + j]
        for i in j..<ℓ {
          x.own[j * ℓ + i] = x.G[column + i - j]
          x.own[i * ℓ + j] = x.G[column + i - j]
        }
        let tail = column + (ℓ - j) + layout.tailOffset[layout.firstNode[g] + level]
        for k in 0..<width {
          for i in 0..<ℓ { logDeterminant[j * ℓ + i] += group.zx[zx + k * ℓ + i] * x.G[tail + k] }
        }
      }
      multiplyLower(T, ℓ, x.own, columns: ℓ, into: x.product)
      multiplyLower(T, ℓ, x.ζ + first, columns: 1, into: x.vector)
      for k in 0..<ℓ {
        for j in 0..<ℓ {
          for i in 0..<ℓ {
            logDeterminant[j * ℓ + i] += group.zz[zz + k * ℓ + i] * x.product[j * ℓ + k]
          }
        }
      }
      for i in 0..<ℓ {
        var s = 0.0
        for k in 0..<ℓ { s += group.zz[zz + k * ℓ + i] * x.vector[k] }
        for k in 0..<width { s += group.zx[zx + k * ℓ + i] * x.ζ[q + k] }
        for j in 0..<ℓ { residual[j * ℓ + i] -= s * x.ζ[first + j] }
      }
    }
  }

  private func addPairs(_ x: Inputs, _ slopes: inout CovarianceSlopes) {
    var edge = 0
    for pair in model.pairs {
      let (row, column) = (pair.rowGroup, pair.columnGroup)
      // Apart from the rest of `slopes`, so that sums stay in place.
      var sums = (
        slopes.logDeterminant[row], slopes.logDeterminant[column],
        slopes.residual[row], slopes.residual[column]
      )
      if row == column {
        let none = sums.1.map { _ in 0.0 }
        (sums.1, sums.3) = (none, none)
      }
      for k in pair.rowLevels.indices {
        let (first, second) = setOwn(x, pair, k, edge + k)
        add(x, pair, k, first, second, &sums)
      }
      if row == column {
        for k in sums.0.indices {
          sums.1[k] += sums.0[k]
          sums.3[k] += sums.2[k]
        }
      }
      slopes.logDeterminant[row] = sums.0
      slopes.logDeterminant[column] = sums.1
      slopes.residual[row] = sums.2
      slopes.residual[column] = sums.3
      edge += pair.rowLevels.count
    }
  }

  /// G of a row level (m) and a column level (n), m × n; returns their first scalars.
  func setOwn(
    _ x: Inputs, _ pair: CoOccurrence, _ k: Int, _ edge: Int
  ) -> (row: Int, column: Int) {
    let (m, n) = (model.groups[pair.rowGroup].size, model.groups[pair.columnGroup].size)
    let rowStart = start(pair.rowGroup, Int(pair.rowLevels[k]))
    let columnStart = start(pair.columnGroup, Int(pair.columnLevels[k]))
    let place = layout.pairPlacement[edge]
    for j in 0..<n {
      for i in 0..<m {
        let (c, r, ℓ) = place.rowIsColumn ? (i, j, m) : (j, i, n)
        let first = place.rowIsColumn ? rowStart : columnStart
        x.own[j * m + i] =
          x.G[layout.pattern.columnStarts[first + c] + (ℓ - c) + place.offset + r]
      }
    }
    return (rowStart, columnStart)
  }

  /// With A = A_jo of two levels and G = G_jo, A U Gᵀ and −(A U v)uᵀ for the row's group, AᵀT G and
  /// −(AᵀT u)vᵀ for the column's.
  private func add(
    _ x: Inputs, _ pair: CoOccurrence, _ k: Int, _ row: Int, _ column: Int,
    _ sums: inout ([Double], [Double], [Double], [Double])
  ) {
    let (m, n) = (model.groups[pair.rowGroup].size, model.groups[pair.columnGroup].size)
    let (T, U, A) = (factors[pair.rowGroup], factors[pair.columnGroup], k * m * n)
    for c in 0..<m {  // (U Gᵀ)[·, c]
      for h in 0..<n {
        var sum = 0.0
        for o in 0...h { sum += U[o * n + h] * x.own[o * m + c] }
        for i in 0..<m { sums.0[c * m + i] += pair.blocks[A + h * m + i] * sum }
      }
    }
    multiplyLower(T, m, x.own, columns: n, into: x.product)
    for c in 0..<n {
      for h in 0..<n {
        var sum = 0.0
        for i in 0..<m { sum += pair.blocks[A + h * m + i] * x.product[c * m + i] }
        sums.1[c * n + h] += sum
      }
    }
    multiplyLower(U, n, x.ζ + column, columns: 1, into: x.vector)
    for i in 0..<m {
      var s = 0.0
      for h in 0..<n { s += pair.blocks[A + h * m + i] * x.vector[h] }
      for j in 0..<m { sums.2[j * m + i] -= s * x.ζ[row + j] }
    }
    multiplyLower(T, m, x.ζ + row, columns: 1, into: x.vector)
    for h in 0..<n {
      var s = 0.0
      for i in 0..<m { s += pair.blocks[A + h * m + i] * x.vector[i] }
      for j in 0..<n { sums.3[j * n + h] -= s * x.ζ[column + j] }
    }
  }
}

/// C ← T B for a lower triangular T, ℓ × ℓ, and B of ℓ rows.
func multiplyLower(
  _ T: [Double], _ ℓ: Int, _ B: UnsafePointer<Double>, columns: Int,
  into C: UnsafeMutablePointer<Double>
) {
  for c in 0..<columns {
    for i in 0..<ℓ {
      var sum = 0.0
      for k in 0...i { sum += T[k * ℓ + i] * B[c * ℓ + k] }
      C[c * ℓ + i] = sum
    }
  }
}
