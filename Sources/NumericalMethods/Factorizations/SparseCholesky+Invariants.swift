// SPDX-License-Identifier: GPL-2.0-or-later
import CCholmod

extension SparseCholesky {
  /// Whether CHOLMOD's arrays are as the rest of this type takes them to be; O(entries of L).
  ///
  /// After a factorization every column has ascending rows from its diagonal on, holds A's rows
  /// there, and is positive on the diagonal. `factorize` asserts this in debug builds.
  package var invariantsHold: Bool {
    let l = factor.pointee
    guard l.n == size, l.itype == CHOLMOD_LONG, (l.is_super != 0) == isSupernodal,
      supernodeOfColumn.count == (isSupernodal ? size : 0)
    else { return false }
    guard isFactorized, size > 0 else { return true }
    guard l.is_ll != 0, l.xtype == CHOLMOD_REAL, l.minor == l.n else { return false }
    for j in 0..<size where !columnIsSound(j) { return false }
    return true
  }

  private func columnIsSound(_ j: Int) -> Bool {
    var rows: [Int] = []
    forEachEntry(ofColumn: j) { i, _ in rows.append(i) }
    guard rows.first == j, rows.last! < size, zip(rows, rows.dropFirst()).allSatisfy(<),
      diagonal(j) > 0
    else { return false }
    var next = 0
    for e in pattern.columnStarts[j]..<pattern.columnStarts[j + 1] {
      while next < rows.count, rows[next] < pattern.rowIndices[e] { next += 1 }
      if next == rows.count || rows[next] != pattern.rowIndices[e] { return false }
    }
    return true
  }
}
