// SPDX-License-Identifier: GPL-2.0-or-later

/// Where a sparse symmetric matrix has entries: its lower triangle, diagonal included, by columns.
///
/// Structural zeros count as entries, so that a matrix keeps its pattern when its values change.
package struct SymmetricPattern: Sendable, Equatable {
  /// n, the number of rows and of columns.
  package let size: Int
  /// n + 1 of them; column j holds entries `columnStarts[j]..<columnStarts[j + 1]`.
  package let columnStarts: [Int]
  /// The row of each entry, ascending within a column, beginning at the diagonal.
  package let rowIndices: [Int]

  /// Takes the arrays as they are; they must satisfy `isValid`.
  package init(size: Int, columnStarts: [Int], rowIndices: [Int]) {
    self.size = size
    self.columnStarts = columnStarts
    self.rowIndices = rowIndices
  }

  /// The number of entries in the lower triangle.
  package var entryCount: Int { rowIndices.count }

  /// Whether each column starts with its diagonal and its rows ascend and stay below n.
  ///
  /// CHOLMOD takes wrong patterns without complaint and then reads out of bounds, so this is
  /// checked, in time O(entries), before every analysis.
  package var isValid: Bool {
    guard size >= 0, columnStarts.count == size + 1, columnStarts[0] == 0,
      columnStarts[size] == rowIndices.count
    else { return false }
    for j in 0..<size {
      let (first, end) = (columnStarts[j], columnStarts[j + 1])
      guard first < end, end <= rowIndices.count, rowIndices[first] == j,
        rowIndices[end - 1] < size
      else { return false }
      for e in first + 1..<end where rowIndices[e] <= rowIndices[e - 1] { return false }
    }
    return true
  }

  /// The index of entry (i, j), i ≥ j, or nil where there is none; O(log of the column's length).
  package func entry(_ i: Int, _ j: Int) -> Int? {
    var (low, high) = (columnStarts[j], columnStarts[j + 1])
    while low < high {
      let middle = (low + high) / 2
      if rowIndices[middle] < i { low = middle + 1 } else { high = middle }
    }
    return low < columnStarts[j + 1] && rowIndices[low] == i ? low : nil
  }
}
