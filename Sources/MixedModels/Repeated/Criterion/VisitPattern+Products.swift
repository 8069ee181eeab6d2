// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension VisitPattern {
  /// Σ_n, the pattern's rows and columns of Σ.
  func submatrix(_ Σ: DenseMatrix) -> DenseMatrix { Σ.submatrix(rows: visits, columns: visits) }

  /// G += Σ_st w_st A^st for a symmetric w, half of it: G + Gᵀ is the sum.
  ///
  /// G is q × q, by rows.
  func addHalf(_ w: DenseMatrix, to G: inout [Double], _ q: Int) {
    let m = visits.count
    G.withUnsafeMutableBufferPointer { G in
      for s in 0..<m {
        for t in s..<m {
          let factor = s == t ? 0.5 * w[s, t] : w[s, t]
          guard factor != 0 else { continue }
          columns[t].withUnsafeBufferPointer { right in
            blocks[Self.pair(s, t, of: m)].withUnsafeBufferPointer { block in
              var next = 0
              for a in columns[s] {
                let line = Int(a) * q
                for b in right {
                  G[line + Int(b)] += factor * block[next]
                  next += 1
                }
              }
            }
          }
        }
      }
    }
  }

  /// ⟨F, A^st⟩ for all s and t, m × m, and a symmetric F of q × q.
  func products(_ F: DenseMatrix) -> DenseMatrix {
    let (m, q) = (visits.count, F.rows)
    var C = DenseMatrix(rows: m, columns: m)
    F.storage.withUnsafeBufferPointer { F in
      for s in 0..<m {
        for t in s..<m {
          var sum = 0.0
          columns[t].withUnsafeBufferPointer { right in
            blocks[Self.pair(s, t, of: m)].withUnsafeBufferPointer { block in
              var next = 0
              for a in columns[s] {
                let line = Int(a) * q
                for b in right {
                  sum += F[line + Int(b)] * block[next]
                  next += 1
                }
              }
            }
          }
          (C[s, t], C[t, s]) = (sum, sum)
        }
      }
    }
    return C
  }
}

extension RepeatedModel {
  /// Σ_m Σ_st w_m,st A_m^st of [X y] in working columns, (p + 1) × (p + 1), y last.
  ///
  /// - Parameter weights: Of every pattern, symmetric.
  func weightedProducts(_ weights: (Int) -> DenseMatrix) -> DenseMatrix {
    let q = basis.rows
    var half = [Double](repeating: 0, count: q * q)
    for (k, pattern) in patterns.enumerated() { pattern.addHalf(weights(k), to: &half, q) }
    let G = DenseMatrix(rows: q, columns: q, storage: half)
    let product = basis.multipliedByTransposeOnLeft(G * basis)
    return product + product.transposed
  }
}
