// SPDX-License-Identifier: GPL-2.0-or-later

/// The entries of A⁻¹ on the pattern of A's Cholesky factor L, A being k × k.
///
/// The pattern of L contains that of A, so whatever is linear in A's entries, a trace of A⁻¹ times
/// a derivative of A above all, needs no other entry of the inverse.
package struct InverseSubset: Sendable {
  let layout: Layout
  /// Supernode after supernode, a dense block by columns; above its diagonal garbage.
  let values: [Double]

  /// k.
  package var size: Int { layout.size }

  /// Entry (i, j) of A⁻¹, in either order, or nil if it is not on the pattern of L.
  package func lookup(_ i: Int, _ j: Int) -> Double? {
    let (row, column) = (max(i, j), min(i, j))
    precondition(column >= 0 && row < size)
    let s = layout.supernodeOfColumn[column]
    guard let local = layout.place(of: row, in: s, after: 0) else { return nil }
    return values[layout.start(ofColumn: column, in: s) + local]
  }

  /// The diagonal of A⁻¹, k entries.
  package var diagonal: [Double] {
    (0..<size).map { j in
      let s = layout.supernodeOfColumn[j]
      return values[layout.start(ofColumn: j, in: s) + j - layout.first[s]]
    }
  }

  /// Writes column j of A⁻¹ from the diagonal on to `dense[i]`, where i is on the pattern of L.
  package func scatter(column j: Int, into dense: UnsafeMutablePointer<Double>) {
    let s = layout.supernodeOfColumn[j]
    let start = layout.start(ofColumn: j, in: s)
    for (local, row) in layout.rows[layout.rowStarts[s]..<layout.rowStarts[s + 1]].enumerated()
    where row >= j { dense[row] = values[start + local] }
  }

  /// Sets to zero what `scatter` wrote.
  package func clear(column j: Int, in dense: UnsafeMutablePointer<Double>) {
    let s = layout.supernodeOfColumn[j]
    for row in layout.rows[layout.rowStarts[s]..<layout.rowStarts[s + 1]] { dense[row] = 0 }
  }

  /// A⁻¹ at each entry of `pattern`, parallel to its entries.
  ///
  /// `pattern` may have more than k rows, as that of a matrix with A as leading block: its entries
  /// beyond row k are zero, and so are those that are not on the pattern of L.
  package func entries(on pattern: SymmetricPattern) -> [Double] {
    precondition(pattern.size >= size)
    var result = [Double](repeating: 0, count: pattern.entryCount)
    for j in 0..<size {
      let s = layout.supernodeOfColumn[j]
      let start = layout.start(ofColumn: j, in: s)
      var last = 0
      for e in pattern.columnStarts[j]..<pattern.columnStarts[j + 1] {
        let i = pattern.rowIndices[e]
        guard i < size else { break }
        guard let local = layout.place(of: i, in: s, after: last) else { continue }
        result[e] = values[start + local]
        last = local
      }
    }
    return result
  }
}

extension InverseSubset {
  /// The pattern of the leading k × k block of L in supernodes.
  ///
  /// Supernode s is columns `first[s]..<first[s + 1]`; its rows, ascending and beginning with
  /// these columns, are `rows[rowStarts[s]..<rowStarts[s + 1]]`; its block begins at
  /// `valueStarts[s]`.
  struct Layout: Sendable {
    let size: Int
    private(set) var first = [0]
    private(set) var rowStarts = [0]
    private(set) var valueStarts = [0]
    private(set) var rows: [Int] = []
    private(set) var supernodeOfColumn: [Int] = []

    init(size: Int) {
      self.size = size
      supernodeOfColumn.reserveCapacity(size)
    }

    var count: Int { first.count - 1 }
    var valueCount: Int { valueStarts[count] }

    /// Adds a supernode of the next `width` columns; `rows` begin with these and stay below k.
    mutating func append(width: Int, rows: some Collection<Int>) {
      supernodeOfColumn.append(contentsOf: repeatElement(count, count: width))
      first.append(first[count] + width)
      self.rows.append(contentsOf: rows)
      rowStarts.append(self.rows.count)
      valueStarts.append(valueStarts[valueStarts.count - 1] + width * rows.count)
    }

    func width(_ s: Int) -> Int { first[s + 1] - first[s] }
    func height(_ s: Int) -> Int { rowStarts[s + 1] - rowStarts[s] }

    /// Where column j of supernode s begins among the values, at the supernode's first row.
    func start(ofColumn j: Int, in s: Int) -> Int {
      valueStarts[s] + (j - first[s]) * height(s)
    }

    /// The position of `row` among the rows of supernode s, looked for from position `after` on.
    func place(of row: Int, in s: Int, after: Int) -> Int? {
      if row < first[s + 1] { return row - first[s] }
      let end = rowStarts[s + 1]
      var (low, high) = (max(rowStarts[s] + after, rowStarts[s] + width(s)), end)
      while low < high {
        let middle = (low + high) / 2
        if rows[middle] < row { low = middle + 1 } else { high = middle }
      }
      return low < end && rows[low] == row ? low - rowStarts[s] : nil
    }
  }
}
