// SPDX-License-Identifier: GPL-2.0-or-later

/// A small positive semidefinite A = LLᵀ, rank-revealing, and G = L⁺B for columns B of its range.
struct PivotedElimination {
  /// size × size; the columns from `rank` on are zero.
  let L: [Double]
  /// size × columns of B; the rows from `rank` on are zero.
  let G: [Double]
  let rank: Int

  /// What elimination leaves of a diagonal entry and is taken for rounding, as a share of the entry.
  private static let negligible = 1e-12

  /// Outer products, largest pivot (as a share of its diagonal entry) first; columns by columns.
  init(_ A: [Double], _ B: [Double], size n: Int) {
    let columns = n == 0 ? 0 : B.count / n
    var (A, B, L, G, rank) = (A, B, A.map { _ in 0.0 }, B.map { _ in 0.0 }, 0)
    let diagonal = (0..<n).map { A[$0 * n + $0] }
    func share(_ i: Int) -> Double { diagonal[i] > 0 ? A[i * n + i] / diagonal[i] : 0 }
    while rank < n, let pivot = (0..<n).max(by: { share($0) < share($1) }),
      share(pivot) > Self.negligible
    {
      let root = A[pivot * n + pivot].squareRoot()
      for i in 0..<n { L[rank * n + i] = A[pivot * n + i] / root }
      for c in 0..<columns { G[c * n + rank] = B[c * n + pivot] / root }
      for j in 0..<n {
        for i in 0..<n { A[j * n + i] -= L[rank * n + i] * L[rank * n + j] }
        (A[j * n + pivot], A[pivot * n + j]) = (0, 0)
      }
      for c in 0..<columns {
        for i in 0..<n { B[c * n + i] -= L[rank * n + i] * G[c * n + rank] }
      }
      rank += 1
    }
    (self.L, self.G, self.rank) = (L, G, rank)
  }
}
