// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension LeadingLevels {
  /// u_j = D_j⁻¹Tᵀ Σ_o A_job_o for every level, with b = [−Uu; −β; 1] for all rows of the core.
  func modes(_ T: [Double], b: [Double], _ team: ThreadTeam) -> [Double] {
    let ℓ = size
    return forEachLevel(T, values: ℓ, columns: 0, team) { j, N, _, work, target in
      let sum = work
      for i in 0..<ℓ { (sum[i], target[i]) = (0, 0) }
      for k in columnStarts[j]..<columnStarts[j + 1] {
        let value = b[Int(rows.start[k])]
        for i in 0..<ℓ { sum[i] += A.start[k * ℓ + i] * value }
      }
      for h in 0..<ℓ { for i in 0..<ℓ { target[i] += N[h * ℓ + i] * sum[h] } }
    }
  }

  /// [M⁻¹]_jj = D_j⁻¹ + R_jG R_jᵀ with R_j = D_j⁻¹TᵀA_joU for every level, ℓ × ℓ.
  func conditionalCovariances(
    _ T: [Double], _ inverse: CoreInverse, factors: [[Double]], groupOfScalar: [Int32],
    _ team: ThreadTeam
  ) -> [Double] {
    let ℓ = size
    let widest = (0..<levelCount).reduce(0) { max($0, columnStarts[$1 + 1] - columnStarts[$1]) }
    nonisolated(unsafe) let inverse = inverse
    return forEachLevel(T, values: ℓ * ℓ, columns: widest, team) { j, N, F, R, target in
      target.update(from: F, count: ℓ * ℓ)
      let own = columnStarts[j]..<columnStarts[j + 1] - width
      multiply(own, N, factors, groupOfScalar, into: R)
      let product = R + widest * ℓ
      for (s, column) in own.enumerated() {
        let c = Int(rows.start[column])
        for i in 0..<ℓ { product[i] = 0 }
        for (r, other) in own.enumerated() {
          let row = Int(rows.start[other])
          let value = inverse.entry(max(row, c), min(row, c))
          for i in 0..<ℓ { product[i] += R[r * ℓ + i] * value }
        }
        for k in 0..<ℓ {
          for i in 0..<ℓ { target[k * ℓ + i] += product[i] * R[s * ℓ + k] }
        }
      }
    }
  }

  /// [K⁻¹] at level j and X, with R_j = D_j⁻¹TᵀA_joU for the core and the first `fixed` columns of X:
  /// [K⁻¹]_jj = D_j⁻¹ + R_jG R_jᵀ and [K⁻¹]_jX = −R_jG_·X.
  func inverse(
    _ j: Int, _ T: [Double], _ G: CoreInverse, factors: [[Double]], groupOfScalar: [Int32],
    fixed: Int
  ) -> LeafLevels.PartnerInverse {
    let ℓ = size
    var (N, F) = (DenseMatrix(rows: ℓ, columns: ℓ), DenseMatrix(rows: ℓ, columns: ℓ))
    var scratch = [Double](repeating: 0, count: 3 * ℓ * ℓ)
    zz.withUnsafeBufferPointer { zz in
      MixedModels.respond(
        ℓ, .inverse, zz.baseAddress! + j * ℓ * ℓ, T, &scratch, N: &N.storage, F: &F.storage)
    }
    let end = columnStarts[j + 1] - width
    let own = columnStarts[j]..<end + fixed
    var R = DenseMatrix(rows: ℓ, columns: own.count)
    multiply(
      columnStarts[j]..<end, N.storage, factors, groupOfScalar, into: &R.storage)
    for x in 0..<fixed {
      for i in 0..<ℓ {
        for h in 0..<ℓ { R[i, end - own.lowerBound + x] += N[i, h] * A.start[(end + x) * ℓ + h] }
      }
    }
    var block = DenseMatrix(rows: own.count, columns: own.count)
    for (c, column) in own.enumerated() {
      for (r, row) in own.enumerated() {
        let (a, b) = (Int(rows.start[column]), Int(rows.start[row]))
        block[r, c] = G.entry(max(a, b), min(a, b))
      }
    }
    let RG = R * block
    let tail = Array(own.count - fixed..<own.count)
    return LeafLevels.PartnerInverse(
      own: F + RG * R.transposed,
      cross: -1.0 * RG.submatrix(rows: Array(0..<ℓ), columns: tail),
      fixed: block.submatrix(rows: tail, columns: tail))
  }

  /// R = N A_joU
  private func multiply(
    _ columns: Range<Int>, _ N: UnsafePointer<Double>, _ factors: [[Double]],
    _ groupOfScalar: [Int32], into R: UnsafeMutablePointer<Double>
  ) {
    let ℓ = size
    for (r, column) in columns.enumerated() {
      for i in 0..<ℓ {
        R[r * ℓ + i] = (0..<ℓ).reduce(0) { $0 + N[$1 * ℓ + i] * A.start[column * ℓ + $1] }
      }
    }
    var r = 0
    while r < columns.count {
      let U = factors[Int(groupOfScalar[Int(rows.start[columns.lowerBound + r])])]
      let m = Int(Double(U.count).squareRoot())
      for c in 0..<m {
        for i in 0..<ℓ {
          var sum = 0.0
          for h in c..<m { sum += R[(r + h) * ℓ + i] * U[c * m + h] }
          R[(r + c) * ℓ + i] = sum
        }
      }
      r += m
    }
  }

  /// So many values for every level from N and F (see `respond`), with room for ℓ × (columns + 1)
  /// intermediate results.
  private func forEachLevel(
    _ T: [Double], values: Int, columns: Int, _ team: ThreadTeam,
    _ body: (
      _ level: Int, _ N: UnsafePointer<Double>, _ F: UnsafePointer<Double>,
      _ work: UnsafeMutablePointer<Double>, _ target: UnsafeMutablePointer<Double>
    ) -> Void
  ) -> [Double] {
    let ℓ = size
    let own = 5 * ℓ * ℓ + ℓ * (columns + 1)
    let scratch = OwnedBuffer(repeating: 0.0, count: own * team.count)
    nonisolated(unsafe) let scratchStart = scratch.start
    nonisolated(unsafe) let body = body
    return [Double](unsafeUninitializedCapacity: levelCount * values) { buffer, count in
      nonisolated(unsafe) let result = buffer.baseAddress!
      team.forEach(Self.parts, pays: columnStarts[levelCount] > 1000) { worker, part in
        let start = scratchStart + worker * own
        let (N, F, work) = (start + 3 * ℓ * ℓ, start + 4 * ℓ * ℓ, start + 5 * ℓ * ℓ)
        zz.withUnsafeBufferPointer { zz in
          for j in partBounds[part]..<partBounds[part + 1] {
            MixedModels.respond(
              ℓ, .inverse, zz.baseAddress! + j * ℓ * ℓ, T, start, N: N, F: F)
            body(j, N, F, work, result + j * values)
          }
        }
      }
      count = levelCount * values
    }
  }
}
