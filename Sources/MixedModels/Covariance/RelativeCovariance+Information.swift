// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension RelativeCovariance {
  /// A guess at the criterion's Hessian in φ, positive semidefinite, from what one gradient knows.
  ///
  /// The expected Hessian is tr(B Σ̇_k B Σ̇_l) with B = ZᵀPZ and Σ̇ = ṪTᵀ + TṪᵀ at every level. Here
  /// levels count as independent and alike, with B̄ the mean of their blocks: exact for one balanced
  /// factor. With Y = B̄T and W = TᵀB̄T,
  ///
  ///     H_(ij)(kl) = 2J (Y_kj Y_il + W_jl B̄_ki).
  ///
  /// Its expectation leaves out that Σ = TTᵀ is curved itself: 2G_ik for entries (ij) and (kj) of one column,
  /// with G = J(B̄ − wR̄) the criterion's derivative in Σ, which is zero at an optimum inside. Where Σ is
  /// singular there, columns of T vanish, and it is all the curvature that there is along them.
  ///
  /// - Parameters:
  ///   - φ: The point.
  ///   - slopes: Of the criterion there.
  ///   - levels: Of each group.
  ///   - w: The weight of r², (n − p)/r² or n/r²; where it is given the positive part of G counts.
  func expectedHessian(
    _ φ: [Double], _ slopes: CovarianceSlopes, levels: [Int], residualWeight w: Double? = nil
  ) -> DenseMatrix {
    let n = parameterCount
    var H = DenseMatrix(rows: n, columns: n)
    var next = 0
    for block in blocks where block.rank > 0 {
      let first = next
      let T = block.working(φ, &next).submatrix(
        rows: Array(0..<block.rank), columns: Array(0..<block.rank))
      let J = Double(levels[block.group])
      let Y = (1 / J) * part(slopes.logDeterminant, block)
      let B = block.meanProjection(Y, T)
      let W = T.transposed * Y
      var own: DenseMatrix
      if let structure = block.structure {
        let products = structure.covarianceSlopes(φ[first..<next]).map { B * $0 }
        own = DenseMatrix(rows: products.count, columns: products.count)
        for (b, second) in products.enumerated() {
          for (a, first) in products.enumerated() {
            own[a, b] = J * dot(first.transposed.storage, second.storage)
          }
        }
        if structure.hasLevelParameters {
          let values = structure.values(φ[first..<next])
          for (k, value) in structure.precisionInformation(values).enumerated() {
            let slope = structure.parameters[k].slope(φ[first + k])
            own[k, k] += value * slope * slope
          }
        }
      } else {
        let entries = (0..<block.rank).flatMap { j in (j..<block.rank).map { ($0, j) } }
        own = DenseMatrix(rows: entries.count, columns: entries.count)
        for (b, (k, l)) in entries.enumerated() {
          for (a, (i, j)) in entries.enumerated() {
            own[a, b] = 2 * J * (Y[k, j] * Y[i, l] + W[j, l] * B[k, i])
          }
        }
        if let w {
          let R = block.meanProjection((w / J) * part(slopes.residual, block), T)
          let G = (J * (B - R)).positivePart
          for (b, (k, l)) in entries.enumerated() {
            for (a, (i, j)) in entries.enumerated() where j == l { own[a, b] += 2 * G[i, k] }
          }
        }
      }
      for b in 0..<own.columns { for a in 0..<own.rows { H[first + a, first + b] = own[a, b] } }
    }
    if let residual {
      for (k, value) in residual.information(residualCoordinates(φ)).enumerated() {
        H[next + k, next + k] = value
      }
    }
    // Directions the guess knows nothing of, as large as they are.
    let units = units(at: φ)
    let largest = units.indices.reduce(1) { max($0, H[$1, $1] * units[$1] * units[$1]) }
    for k in 0..<n { H[k, k] += 1e-6 * largest / (units[k] * units[k]) }
    return H
  }

  /// One step of Fisher scoring in the covariances Σ = TTᵀ, levels taken for independent and alike:
  ///
  ///     Σ ← Σ + B̄⁻¹(w R̄ − B̄)B̄⁻¹,   B̄ and R̄ the levels' means of [ZᵀPZ]_jj and s_js_jᵀ.
  ///
  /// For one balanced factor it leads to the optimum at once, however far away. What would not be
  /// a covariance matrix is made one.
  func scoringStep(
    _ φ: [Double], _ slopes: CovarianceSlopes, residualWeight w: Double, levels: [Int]
  ) -> [Double] {
    var next = 0
    let ofResiduals = residual?.scoringStep(
      residualCoordinates(φ), slopes.parts!, residualWeight: w)
    // All else is relative to the first stratum's standard deviation.
    let unit = ofResiduals.map { 1 / $0.growth } ?? 1
    let moved = blocks.filter { $0.rank > 0 }.flatMap { block in
      if block.structure != nil {  // no step of its own
        defer { next += block.parameterCount }
        return Array(φ[next..<next + block.parameterCount])
      }
      let T = Self.lowerTriangle(φ, &next, size: block.rank)
      let scale = 1 / Double(levels[block.group])
      let B = block.meanProjection(scale * part(slopes.logDeterminant, block), T)
      let R = block.meanProjection((w * scale) * part(slopes.residual, block), T)
      guard let inverse = B.inverseIfPositive else { return Self.entries(T) }
      let Σ = T * T.transposed - inverse + inverse * (R * inverse)
      return Self.entries(Σ.positiveRoot(floor: 1e-3).lowerTriangularFactor)
    } + (ofResiduals?.φ ?? (residual == nil ? [] : Array(residualCoordinates(φ))))
    return unit == 1 ? moved : stretched(moved, by: unit)
  }

  private func part(_ slopes: [[Double]], _ block: Block) -> DenseMatrix {
    let ℓ = groupSizes[block.group]
    var Y = DenseMatrix(rows: block.rank, columns: block.rank)
    for j in 0..<block.rank {
      for i in 0..<block.rank {
        Y[i, j] = slopes[block.group][(block.offset + j) * ℓ + block.offset + i]
      }
    }
    return Y
  }
}

extension RelativeCovariance.Block {
  /// B̄ = Y T⁻¹, symmetric; where T is nearly singular as much of it as Y shows.
  fileprivate func meanProjection(_ Y: DenseMatrix, _ T: DenseMatrix) -> DenseMatrix {
    // Tᵀ Bᵀ = Yᵀ
    var B = Y.transposed
    let lengths = (T * T.transposed).diagonal.map { $0.squareRoot() }
    for c in 0..<rank {
      for i in stride(from: rank - 1, through: 0, by: -1) {
        for k in (i + 1)..<max(rank, i + 1) { B[i, c] -= T[k, i] * B[k, c] }
        let pivot = T[i, i]
        B[i, c] = abs(pivot) > 1e-6 * lengths[i] ? B[i, c] / pivot : 0
      }
    }
    return 0.5 * (B + B.transposed)
  }
}

extension DenseMatrix {
  /// The inverse of a symmetric matrix that is positive definite beyond rounding, in whatever units.
  fileprivate var inverseIfPositive: DenseMatrix? {
    guard diagonal.allSatisfy({ $0 > 0 }) else { return nil }
    let D = DenseMatrix(diagonal: diagonal.map { 1 / $0.squareRoot() })
    let (values, V) = symmetricEigenvectors(D * self * D)
    guard let least = values.first, least > 1e-10 * (values.last ?? 0) else { return nil }
    let DV = D * V
    return DV * DenseMatrix(diagonal: values.map { 1 / $0 }) * DV.transposed
  }

  /// Of a symmetric matrix, without its negative eigenvalues.
  fileprivate var positivePart: DenseMatrix {
    let (values, V) = symmetricEigenvectors(self)
    return V * DenseMatrix(diagonal: values.map { max($0, 0) }) * V.transposed
  }

  /// A square root S, SSᵀ ≈ self, of a symmetric matrix whose eigenvalues are raised to at least
  /// `floor` times the largest.
  fileprivate func positiveRoot(floor: Double) -> DenseMatrix {
    let (values, V) = symmetricEigenvectors(self)
    let least = floor * max(values.last ?? 0, floor)
    return V * DenseMatrix(diagonal: values.map { max($0, least).squareRoot() })
  }
}
