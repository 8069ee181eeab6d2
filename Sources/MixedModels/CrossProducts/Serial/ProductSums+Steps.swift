// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

extension ProductSums {
  /// Σ w(x xᵀ + x′x′ᵀ) over steps from a row x′ to the next one x.
  ///
  /// - Parameter later: The later rows.
  init(_ basis: RawBasis, like whole: CrossProducts, _ chunk: ChunkPanels, endsOf later: [Int]) {
    var rows: [Int] = []
    var times: [Double] = []
    func add(_ row: Int) {
      if rows.last == row {
        times[times.count - 1] += 1
      } else {
        rows.append(row)
        times.append(1)
      }
    }
    for row in later {
      add(row - 1)
      add(row)
    }
    self.init(
      basis, like: whole, counts: chunk.counts, x: chunk.x.selecting(rows),
      z: chunk.z.map { $0.selecting(rows) }, levels: chunk.levels(basis, rows),
      weights: zip(rows, times).map { chunk.rows.weights[$0] * $1 })
    observations = later.count
  }

  /// Σ d dᵀ of the differences d = √w x − √w′ x′ of steps from a row x′ to the next one x, whose levels
  /// are the same.
  ///
  /// Summed themselves, and not made of products, they lose no digits where rows hardly differ from those
  /// before.
  init(_ basis: RawBasis, like whole: CrossProducts, _ chunk: ChunkPanels, differencesTo later: [Int]) {
    let roots = chunk.rows.weights.map { $0.squareRoot() }
    self.init(
      basis, like: whole, counts: chunk.counts, x: chunk.x.differences(to: later, roots),
      z: chunk.z.map { $0.differences(to: later, roots) }, levels: chunk.levels(basis, later),
      weights: later.map { _ in 1 })
  }
}

extension SparsePanel {
  /// √w x − √w′ x′ for rows x and those x′ before them.
  ///
  /// - Parameter roots: √w of all rows.
  func differences(to later: [Int], _ roots: [Double]) -> SparsePanel {
    let sparse = width - dense
    // Entries of cells in columns of their own: those of both rows.
    var result = SparsePanel(
      rows: later.count, dense: dense, runs: [Int](repeating: 1, count: 2 * sparse))
    var entries: [(column: Int, value: Double)] = []
    withRows { table in
      for (k, row) in later.enumerated() {
        entries.removeAll(keepingCapacity: true)
        let first = k * result.width
        for (at, factor) in [(row, roots[row]), (row - 1, -roots[row - 1])] {
          let (columns, values) = table.row(at)
          for c in 0..<dense { result.values[first + c] += factor * values[c] }
          for c in dense..<width {
            if let known = entries.firstIndex(where: { $0.column == columns[c] }) {
              entries[known].value += factor * values[c]
            } else {
              entries.append((columns[c], factor * values[c]))
            }
          }
        }
        // In order, so that products are those of an upper triangle; the room that is left is zero.
        entries.sort { $0.column < $1.column }
        for c in 0..<2 * sparse {
          let entry = c < entries.count ? entries[c] : (entries.last!.column, 0)
          result.starts[k * 2 * sparse + c] = Int32(entry.column)
          result.values[first + dense + c] = entry.value
        }
      }
    }
    return result
  }
}
