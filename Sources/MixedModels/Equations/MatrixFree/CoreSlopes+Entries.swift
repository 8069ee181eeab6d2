// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension CoreSlopes {
  /// Takes in Ē of a core that is written out, off its diagonal blocks: [ĒE]_cc, and the sums
  /// Σ_d B_cdR_dᵀĒ_dcL_c⁻¹. Overwrites each Ē_cd with R_cᵀĒ_cdR_d, the derivative in B.
  func add(_ entries: CoreEntries) {
    let parts = system.coreParts
    core.team.forEach(parts.count, pays: system.pays) { worker, k in
      let part = parts[k]
      let (m, first) = (system.core[part.member].size, core.blockStarts[part.member])
      let inverse = scratch.start + worker * 5 * square
      for place in part.places {
        let at = first + place * m * m
        invertLower(m, core.L.start + at, into: inverse)
        for pair in entries.pairs where pair.rows == part.member {
          pair.E.forEachPartner(place) { partner, block in
            add(pair, block, Int(partner), at, inverse, sums.start + k * square)
          }
        }
      }
    }
  }

  /// One block. `inverse`, L_c⁻¹, is followed by scratch.
  @inline(__always)
  private func add(
    _ pair: CoreEntries.Pair, _ block: Int, _ partner: Int, _ at: Int,
    _ inverse: UnsafeMutablePointer<Double>, _ sum: UnsafeMutablePointer<Double>
  ) {
    let (m, n) = (pair.E.height, pair.E.width)
    let offset = block * m * n
    let (E, B) = (pair.E.values.start + offset, pair.B.start + offset)
    let slope = pair.slope.start + offset
    let left = core.R.start + at
    let right = core.R.start + core.blockStarts[pair.columns] + partner * n * n
    if m == 1, n == 1 {
      N.start[at] += slope[0] * E[0]
      sum[0] += B[0] * right[0] * slope[0] * inverse[0]
      slope[0] *= left[0] * right[0]
      return
    }
    let (X, Y) = (inverse + square, inverse + 2 * square)
    for c in 0..<m {
      for r in 0..<m {
        for x in 0..<n { N.start[at + c * m + r] += slope[x * m + r] * E[x * m + c] }
      }
    }
    for x in 0..<n {  // B_cdR_dᵀ
      for r in 0..<m {
        X[x * m + r] = (0..<n).reduce(0.0) { $0 + B[$1 * m + r] * right[$1 * n + x] }
      }
    }
    for k in 0..<m {  // and that times Ē_dc
      for r in 0..<m {
        Y[k * m + r] = (0..<n).reduce(0.0) { $0 + X[$1 * m + r] * slope[$1 * m + k] }
      }
    }
    for c in 0..<m {
      for r in 0..<m {
        for k in c..<m { sum[c * m + r] += Y[k * m + r] * inverse[c * m + k] }
      }
    }
    for x in 0..<n {  // R_cᵀĒ_cd
      for r in 0..<m {
        X[x * m + r] = (0..<m).reduce(0.0) { $0 + left[r * m + $1] * slope[x * m + $1] }
      }
    }
    multiplyBlocks(m, n, n, X, right, into: slope)
  }
}

extension CoreEntries {
  /// Adds to each leading level's ℓ × ℓ block Σ A_jcG_cdA_dj over its partners c ≠ d, once Ē was overwritten
  /// with G.
  func addLeadingSlopes(to products: UnsafeMutablePointer<Double>) {
    let (ℓ, parts) = (system.size, system.leadingParts)
    let widest = system.model.groups.map(\.size).max() ?? 1
    let square = widest * widest
    let scratch = OwnedBuffer(repeating: 0.0, count: team.count * 3 * square)
    let groups = system.crossed.map { $0?.rows(of: system.leading) }
    team.forEach(parts.count, pays: system.pays) { worker, part in
      let work = scratch.start + worker * 3 * square
      for j in parts[part] {
        for (c, rows) in groups.enumerated() {
          for (d, columns) in groups.enumerated() where d >= c {
            guard let rows, let columns, let pair = pair(c, d) else { continue }
            rows.forEachPartner(j) { a, first in
              columns.forEachPartner(j) { b, second in
                guard d > c || b > a, let block = pair.E.block(Int(a), b) else { return }
                addBlock(
                  pair, block, (rows, first), (columns, second), ℓ, work, square,
                  to: products + j * ℓ * ℓ)
              }
            }
          }
        }
      }
    }
  }

  /// A_jcG_cdA_dj and its transpose.
  @inline(__always)
  private func addBlock(
    _ pair: Pair, _ block: Int, _ left: (rows: BlockRows, k: Int),
    _ right: (rows: BlockRows, k: Int),
    _ ℓ: Int, _ work: UnsafeMutablePointer<Double>, _ square: Int,
    to M: UnsafeMutablePointer<Double>
  ) {
    let (m, n) = (pair.E.height, pair.E.width)
    let G = pair.slope.start + block * m * n
    if m == 1, n == 1, ℓ == 1 {
      let a = left.rows.isUnit ? 1 : left.rows.values.start[left.k]
      let b = right.rows.isUnit ? 1 : right.rows.values.start[right.k]
      M[0] += 2 * a * G[0] * b
      return
    }
    let (A, B, X) = (work, work + square, work + 2 * square)
    left.rows.copyBlock(left.k, to: A)  // ℓ × m
    right.rows.copyBlock(right.k, to: B)  // ℓ × n
    multiplyBlocks(ℓ, m, n, A, G, into: X)
    for c in 0..<ℓ {
      for r in 0..<ℓ {
        let value = (0..<n).reduce(0.0) { $0 + X[$1 * ℓ + r] * B[$1 * ℓ + c] }
        M[c * ℓ + r] += value
        M[r * ℓ + c] += value
      }
    }
  }
}

extension BlockRows {
  /// Where the block of a row and a partner is, partners being in order; nil where there is none.
  @inline(__always)
  func block(_ row: Int, _ partner: Int32) -> Int? {
    var (low, end) = (starts.start[row], starts.start[row + 1])
    let last = end
    while low < end {
      let middle = (low + end) / 2
      if partners.start[middle] < partner { low = middle + 1 } else { end = middle }
    }
    return low < last && partners.start[low] == partner ? low : nil
  }
}
