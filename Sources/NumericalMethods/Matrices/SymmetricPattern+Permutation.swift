// SPDX-License-Identifier: GPL-2.0-or-later

extension SymmetricPattern {
  /// The pattern of P A Pᵀ, where `order[k]` is the row of A that becomes row k.
  ///
  /// `source[e]` is the entry of `self` that becomes entry e. Time and memory O(n + entries):
  /// two bucket passes, the first by row and the second by column, leave the rows sorted.
  package func permuted(by order: [Int]) -> (pattern: SymmetricPattern, source: [Int]) {
    precondition(order.count == size)
    var place = [Int](repeating: -1, count: size)  // row of A → row of P A Pᵀ
    for (k, row) in order.enumerated() {
      precondition(place[row] < 0, "order repeats an index")
      place[row] = k
    }

    var rowEnds = [Int](repeating: 0, count: size + 1)
    var columnEnds = [Int](repeating: 0, count: size + 1)
    forEachEntry { i, j, _ in
      rowEnds[max(place[i], place[j]) + 1] += 1
      columnEnds[min(place[i], place[j]) + 1] += 1
    }
    for k in 0..<size {
      rowEnds[k + 1] += rowEnds[k]
      columnEnds[k + 1] += columnEnds[k]
    }
    let columnStarts = columnEnds

    var byRow = [(entry: Int, column: Int, row: Int)](repeating: (0, 0, 0), count: entryCount)
    forEachEntry { i, j, e in
      let row = max(place[i], place[j])
      byRow[rowEnds[row]] = (e, min(place[i], place[j]), row)
      rowEnds[row] += 1
    }
    var rowIndices = [Int](repeating: 0, count: entryCount)
    var source = rowIndices
    for (e, column, row) in byRow {
      rowIndices[columnEnds[column]] = row
      source[columnEnds[column]] = e
      columnEnds[column] += 1
    }
    let pattern = SymmetricPattern(
      size: size, columnStarts: columnStarts, rowIndices: rowIndices)
    return (pattern, source)
  }

  private func forEachEntry(_ body: (_ row: Int, _ column: Int, _ entry: Int) -> Void) {
    for j in 0..<size {
      for e in columnStarts[j]..<columnStarts[j + 1] { body(rowIndices[e], j, e) }
    }
  }
}
