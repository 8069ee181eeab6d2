// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// B = ZᵀV⁻¹Z and H = ZᵀV⁻¹X of one set of connected levels, dense.
struct ComponentMatrices {
  private let p: Int
  /// The random effects in the component's order: group, level's first row.
  private let blocks: [(group: Int, row: Int)]
  private let sizes: [Int]
  let B: DenseMatrix
  let H: DenseMatrix
  /// L⁻¹ΛᵀZᵀWX for LLᵀ = ΛᵀZᵀWZΛ + I.
  private let D: DenseMatrix

  /// With T = Λ(ΛᵀAΛ + I)⁻¹Λᵀ: T, and N = I − TA; nil unless asked for.
  let correction: (T: DenseMatrix, N: DenseMatrix)?

  /// From A = ZᵀWZ and C = ZᵀWX, or what other levels leave of them.
  ///
  /// nil if the equations are not positive definite, that is, not finite.
  init?(
    _ A: consuming DenseMatrix, _ C: DenseMatrix, blocks: [(group: Int, row: Int)], sizes: [Int],
    factors: [[Double]], wantsCorrection: Bool = false
  ) {
    (p, self.blocks, self.sizes) = (C.columns, blocks, sizes)
    let q = C.rows
    var A = A
    var S = A
    Self.multiplyOnLeft(&S, blocks, sizes, factors)
    var Dt = C
    Self.multiplyOnLeft(&Dt, blocks, sizes, factors)
    var L = S
    Self.multiplyOnRight(&L, blocks, sizes, factors)
    for i in 0..<q { L[i, i] += 1 }
    guard (try? DenseCholesky.factorize(&L)) != nil else { return nil }
    DenseCholesky.solveLower(L, &S)
    DenseCholesky.solveLower(L, &Dt)
    if wantsCorrection {
      var root = DenseMatrix.identity(q)  // L⁻¹Λᵀ
      Self.multiplyOnLeft(&root, blocks, sizes, factors)
      DenseCholesky.solveLower(L, &root)
      let TA = root.multipliedByTransposeOnLeft(S)
      correction = (root.gram, .identity(q) - TA)
    } else {
      correction = nil
    }
    L = DenseMatrix(rows: 0, columns: 0)  // its memory is wanted for SᵀS
    H = C - S.multipliedByTransposeOnLeft(Dt)
    D = Dt
    let gram = S.gram
    for k in A.storage.indices { A.storage[k] -= gram.storage[k] }
    B = A
  }

  /// Λᵀa, in place.
  private static func multiplyOnLeft(
    _ a: inout DenseMatrix, _ blocks: [(group: Int, row: Int)], _ sizes: [Int],
    _ factors: [[Double]]
  ) {
    let rows = a.rows
    for c in 0..<a.columns {
      for block in blocks {
        let (ℓ, base) = (sizes[block.group], c * rows + block.row)
        for j in 0..<ℓ {  // λ is lower triangular: row j of λᵀ needs rows j… only
          var sum = 0.0
          for k in j..<ℓ { sum += factors[block.group][j * ℓ + k] * a.storage[base + k] }
          a.storage[base + j] = sum
        }
      }
    }
  }

  /// aΛ, in place.
  private static func multiplyOnRight(
    _ a: inout DenseMatrix, _ blocks: [(group: Int, row: Int)], _ sizes: [Int],
    _ factors: [[Double]]
  ) {
    let rows = a.rows
    for block in blocks {
      let ℓ = sizes[block.group]
      for j in 0..<ℓ {
        let (target, λ) = ((block.row + j) * rows, factors[block.group])
        for i in 0..<rows { a.storage[target + i] *= λ[j * ℓ + j] }
        for k in j + 1..<max(ℓ, j + 1) where λ[j * ℓ + k] != 0 {
          let source = (block.row + k) * rows
          for i in 0..<rows { a.storage[target + i] += λ[j * ℓ + k] * a.storage[source + i] }
        }
      }
    }
  }

  /// Adds what concerns parameters of this component's groups.
  func add(_ parameters: [CovarianceParameter], to moments: inout CovarianceMoments) {
    let groups = Set(blocks.map(\.group))
    func add(_ a: DenseMatrix, to sums: inout [Double], _ index: Int) {
      for k in 0..<p * p { sums[index * p * p + k] += a.storage[k] }
    }
    add(D.gram, to: &moments.absorbed, 0)
    let EH = parameters.map(pattern)
    for (s, σ) in parameters.enumerated() where groups.contains(σ.group) {
      add(EH[s].multipliedByTransposeOnLeft(H), to: &moments.HEH, s)
      let V = B * EH[s]
      for r in s..<parameters.count where groups.contains(parameters[r].group) {
        let pair = CovarianceMoments.pair(r, s)
        add(EH[r].multipliedByTransposeOnLeft(V), to: &moments.HEBEH, pair)
        moments.traces[pair] += trace(parameters[r], σ)
      }
      for block in blocks where block.group == σ.group {
        moments.singleTraces[s] +=
          (σ.isDiagonal ? 1 : 2) * B[block.row + σ.i, block.row + σ.j]
      }
    }
  }

  /// E_rH.
  func pattern(_ ρ: CovarianceParameter) -> DenseMatrix {
    var result = DenseMatrix(rows: H.rows, columns: p)
    for block in blocks where block.group == ρ.group {
      for c in 0..<p {
        result[block.row + ρ.i, c] = H[block.row + ρ.j, c]
        result[block.row + ρ.j, c] = H[block.row + ρ.i, c]
      }
    }
    return result
  }

  /// tr(BE_ρBE_σ).
  private func trace(_ ρ: CovarianceParameter, _ σ: CovarianceParameter) -> Double {
    var sum = product(ρ.i, ρ.j, ρ.group, σ.i, σ.j, σ.group)
    if !ρ.isDiagonal { sum += product(ρ.j, ρ.i, ρ.group, σ.i, σ.j, σ.group) }
    if !σ.isDiagonal { sum += product(ρ.i, ρ.j, ρ.group, σ.j, σ.i, σ.group) }
    if !ρ.isDiagonal, !σ.isDiagonal { sum += product(ρ.j, ρ.i, ρ.group, σ.j, σ.i, σ.group) }
    return sum
  }

  /// tr(BE_ρBE_σ) for E_ρ = e_a e_bᵀ and E_σ = e_c e_dᵀ at all levels of groups g and h.
  private func product(_ a: Int, _ b: Int, _ g: Int, _ c: Int, _ d: Int, _ h: Int) -> Double {
    let rows = blocks.filter { $0.group == g }.map(\.row)
    let columns = blocks.filter { $0.group == h }.map(\.row)
    let q = B.rows
    return B.storage.withUnsafeBufferPointer { B in
      var sum = 0.0
      for column in columns {
        let (left, right) = ((column + c) * q + b, (column + d) * q + a)
        for row in rows { sum += B[left + row] * B[right + row] }
      }
      return sum
    }
  }
}
