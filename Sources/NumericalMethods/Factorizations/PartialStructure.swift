// SPDX-License-Identifier: GPL-2.0-or-later

/// Where the leading columns of a factor have entries, and what is left beside them.
struct PartialStructure {
  private let size: Int
  private let leading: Int
  /// Of every column, those of what is left included.
  private(set) var starts = [0]
  /// Ascending from the diagonal on.
  private(set) var rows: [Int32] = []

  init(_ pattern: SymmetricPattern, size: Int, leading: Int) {
    (self.size, self.leading) = (size, leading)
    starts.reserveCapacity(size + 1)
    rows.reserveCapacity(2 * pattern.entryCount)
    addLeading(pattern)
    addRemainder(pattern)
  }

  /// A column has its own entries and those of the columns whose first one below the diagonal is in its row.
  private mutating func addLeading(_ pattern: SymmetricPattern) {
    var firstChild = [Int32](repeating: -1, count: leading)
    var nextChild = [Int32](repeating: -1, count: leading)
    var mark = [Int32](repeating: -1, count: size)
    var own: [Int32] = []
    for j in 0..<leading {
      own.removeAll(keepingCapacity: true)
      mark[j] = Int32(j)
      for e in pattern.columnStarts[j] + 1..<pattern.columnStarts[j + 1] {
        let row = pattern.rowIndices[e]
        guard row < size else { break }
        mark[row] = Int32(j)
        own.append(Int32(row))
      }
      var child = firstChild[j]
      while child >= 0 {
        for e in starts[Int(child)] + 2..<max(starts[Int(child) + 1], starts[Int(child)] + 2)
        where mark[Int(rows[e])] != j {
          mark[Int(rows[e])] = Int32(j)
          own.append(rows[e])
        }
        child = nextChild[Int(child)]
      }
      own.sort()
      rows.append(Int32(j))
      rows += own
      starts.append(rows.count)
      if let parent = own.first, parent < leading {
        nextChild[j] = firstChild[Int(parent)]
        firstChild[Int(parent)] = Int32(j)
      }
    }
  }

  /// What is left has the matrix's own entries, and pairs of rows of each leading column that has no others.
  private mutating func addRemainder(_ pattern: SymmetricPattern) {
    let count = size - leading
    let roots = (0..<leading).filter { j in
      starts[j + 1] - starts[j] > 1 && Int(rows[starts[j] + 1]) >= leading
    }
    var lengths = [Int](repeating: 0, count: count + 1)
    for j in roots {
      for b in starts[j] + 1..<starts[j + 1] { lengths[Int(rows[b]) - leading] += starts[j + 1] - b - 1 }
    }
    var firsts = [0]
    for c in 0..<count { firsts.append(firsts[c] + lengths[c]) }
    var next = firsts
    var found = [Int32](repeating: 0, count: firsts[count])
    for j in roots {
      for b in starts[j] + 1..<starts[j + 1] {
        let c = Int(rows[b]) - leading
        for a in b + 1..<max(starts[j + 1], b + 1) {
          found[next[c]] = rows[a]
          next[c] += 1
        }
      }
    }
    var mark = [Int32](repeating: -1, count: size)
    var own: [Int32] = []
    for c in 0..<count {
      let column = leading + c
      own.removeAll(keepingCapacity: true)
      for e in pattern.columnStarts[column] + 1..<max(pattern.columnStarts[column + 1], pattern.columnStarts[column] + 1) {
        let row = pattern.rowIndices[e]
        guard row < size else { break }
        mark[row] = Int32(column)
        own.append(Int32(row))
      }
      for k in firsts[c]..<firsts[c + 1] where mark[Int(found[k])] != column {
        mark[Int(found[k])] = Int32(column)
        own.append(found[k])
      }
      own.sort()
      rows.append(Int32(column))
      rows += own
      starts.append(rows.count)
    }
  }

  /// Entry of the pattern → entry here; −1 beyond the matrix.
  func places(of pattern: SymmetricPattern) -> [Int32] {
    var places = [Int32](repeating: -1, count: pattern.entryCount)
    for j in 0..<size {
      var place = starts[j]
      for e in pattern.columnStarts[j]..<pattern.columnStarts[j + 1] {
        let row = pattern.rowIndices[e]
        guard row < size else { break }
        while Int(rows[place]) < row { place += 1 }
        places[e] = Int32(place)
      }
    }
    return places
  }

  /// Where the pairs of a column's entries below the diagonal are changed.
  func targets() -> [Int32] {
    let count = (0..<leading).reduce(0) { sum, j in
      let below = starts[j + 1] - starts[j] - 1
      return sum + below * (below + 1) / 2
    }
    return rows.withUnsafeBufferPointer { rows in
      [Int32](unsafeUninitializedCapacity: count) { targets, filled in
        for j in 0..<leading {
          let end = starts[j + 1]
          for b in starts[j] + 1..<max(end, starts[j] + 1) {
            let column = Int(rows[b])
            var low = starts[column]
            for a in b..<end {
              low = search(rows.baseAddress!, rows[a], low, starts[column + 1])
              targets[filled] = Int32(low)
              filled += 1
            }
          }
        }
      }
    }
  }
}
