// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension WholeSystem {
  /// The derivatives in the coefficients of several A_k from G = K⁻¹ (M⁻¹ for ML) on the pattern of A and
  /// from ζ = [−u; −β; 1]; nil where there is one A.
  func parts(_ x: Inputs, _ kind: CriterionKind) -> PartSlopes? {
    guard let parts = model.parts?.all else { return nil }
    var slopes = PartSlopes(
      logDeterminant: parts.map { _ in 0 }, squares: parts.map { _ in 0 })
    for g in model.groups.indices { addLevels(of: g, x, parts, &slopes) }
    var edge = 0
    for (place, pair) in model.pairs.enumerated() {
      addPairs(pair, at: place, firstEdge: edge, x, parts, &slopes)
      edge += pair.rowLevels.count
    }
    for (k, part) in parts.enumerated() {
      for j in 0...p {
        for i in 0...p { slopes.squares[k] += x.ζ[q + i] * part.tail[i, j] * x.ζ[q + j] }
      }
      guard kind == .reml else { continue }
      for j in 0..<p {
        let column = layout.pattern.columnStarts[q + j]
        for i in j..<p {
          slopes.logDeterminant[k] += (i == j ? 1 : 2) * x.G[column + i - j] * part.tail[i, j]
        }
      }
    }
    return slopes
  }

  /// ⟨T G_jj Tᵀ, A_k,jj⟩ + 2⟨T G_j·, A_k,jX⟩ and the same of ŵŵᵀ for the levels of one group.
  private func addLevels(
    of g: Int, _ x: Inputs, _ parts: [ModelPart], _ slopes: inout PartSlopes
  ) {
    let (ℓ, T, width) = (model.groups[g].size, factors[g], p + 1)
    var weights = [Double](repeating: 0, count: ℓ * (ℓ + width))  // of A_jj and A_j[X y]
    var (half, b) = (weights, [Double](repeating: 0, count: ℓ))
    for level in 0..<model.groups[g].levelCount {
      let first = start(g, level)
      for j in 0..<ℓ {
        let column = layout.pattern.columnStarts[first + j]
        for i in j..<ℓ {
          half[j * ℓ + i] = x.G[column + i - j]
          half[i * ℓ + j] = x.G[column + i - j]
        }
        let tail = column + (ℓ - j) + layout.tailOffset[layout.firstNode[g] + level]
        for k in 0..<width { half[(ℓ + k) * ℓ + j] = 2 * x.G[tail + k] }
      }
      half.withUnsafeBufferPointer { half in
        weights.withUnsafeMutableBufferPointer {
          multiplyLower(T, ℓ, half.baseAddress!, columns: ℓ + width, into: $0.baseAddress!)
        }
      }
      timesTransposed(&weights, T, rows: ℓ, columns: ℓ)
      b.withUnsafeMutableBufferPointer {
        multiplyLower(T, ℓ, x.ζ + first, columns: 1, into: $0.baseAddress!)
      }
      for (k, part) in parts.enumerated() {
        let group = part.groups[g]
        var (determinant, square) = (0.0, 0.0)
        for j in 0..<ℓ {
          for i in 0..<ℓ {
            let entry = group.zz[(level * ℓ + j) * ℓ + i]
            determinant += weights[j * ℓ + i] * entry
            square += b[i] * b[j] * entry
          }
        }
        for c in 0..<width {
          for i in 0..<ℓ {
            let entry = group.zx[(level * width + c) * ℓ + i]
            determinant += weights[(ℓ + c) * ℓ + i] * entry
            square += 2 * b[i] * x.ζ[q + c] * entry
          }
        }
        slopes.logDeterminant[k] += determinant
        slopes.squares[k] += square
      }
    }
  }

  /// 2⟨T G_jo Uᵀ, A_k,jo⟩ and the same of ŵŵᵀ for the pairs of two groups.
  private func addPairs(
    _ pair: CoOccurrence, at place: Int, firstEdge: Int, _ x: Inputs, _ parts: [ModelPart],
    _ slopes: inout PartSlopes
  ) {
    let (m, n) = (model.groups[pair.rowGroup].size, model.groups[pair.columnGroup].size)
    let (T, U) = (factors[pair.rowGroup], factors[pair.columnGroup])
    var weights = [Double](repeating: 0, count: m * n)
    var (b, d) = ([Double](repeating: 0, count: m), [Double](repeating: 0, count: n))
    for k in pair.rowLevels.indices {
      let (row, column) = setOwn(x, pair, k, firstEdge + k)
      weights.withUnsafeMutableBufferPointer {
        multiplyLower(T, m, x.own, columns: n, into: $0.baseAddress!)
      }
      timesTransposed(&weights, U, rows: m, columns: n)
      b.withUnsafeMutableBufferPointer {
        multiplyLower(T, m, x.ζ + row, columns: 1, into: $0.baseAddress!)
      }
      d.withUnsafeMutableBufferPointer {
        multiplyLower(U, n, x.ζ + column, columns: 1, into: $0.baseAddress!)
      }
      for (s, part) in parts.enumerated() {
        var (determinant, square) = (0.0, 0.0)
        for j in 0..<n {
          for i in 0..<m {
            let entry = part.pairs[place].blocks[(k * n + j) * m + i]
            determinant += weights[j * m + i] * entry
            square += b[i] * d[j] * entry
          }
        }
        slopes.logDeterminant[s] += 2 * determinant
        slopes.squares[s] += 2 * square
      }
    }
  }
}

/// a ← a Tᵀ for the first columns of `a`, rows × columns, and a lower triangular T.
private func timesTransposed(_ a: inout [Double], _ T: [Double], rows: Int, columns: Int) {
  for j in stride(from: columns - 1, through: 0, by: -1) {  // column j takes those before it
    for i in 0..<rows {
      var sum = 0.0
      for k in 0...j { sum += a[k * rows + i] * T[k * columns + j] }
      a[j * rows + i] = sum
    }
  }
}
