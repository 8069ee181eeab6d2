// SPDX-License-Identifier: GPL-2.0-or-later

extension SparseCholesky {
  /// The entries of A₁₁⁻¹ on the pattern of L₁₁, A₁₁ being the leading k × k block of A.
  ///
  /// About twice the work of a factorization (Takahashi, Fagan & Chin 1973; Erisman & Tinney
  /// 1975, Communications of the ACM 18, 177–179), done by supernodes with dense blocks whether
  /// the factor is supernodal or not. Memory: that of L₁₁ again.
  /// - Throws: `CholmodError.notFactorized`.
  package mutating func inverseSubset(leading k: Int) throws(CholmodError) -> InverseSubset {
    precondition(k >= 0 && k <= size)
    guard isFactorized else { throw .notFactorized }
    let layout = layout(leading: k)
    var values = leadingValues(layout)
    invert(layout, &values)
    return InverseSubset(layout: layout, values: values)
  }

  private mutating func layout(leading k: Int) -> InverseSubset.Layout {
    if let inverseLayout, inverseLayout.size == k { return inverseLayout }
    let layout = isSupernodal ? supernodalLayout(k) : simplicialLayout(k)
    inverseLayout = layout
    return layout
  }

  private func supernodalLayout(_ k: Int) -> InverseSubset.Layout {
    let blocks = SupernodeArrays(factor.pointee)
    var layout = InverseSubset.Layout(size: k)
    for s in 0..<blocks.count where blocks.first[s] < k {
      let all = UnsafeBufferPointer(
        start: blocks.rows + blocks.rowStarts[s],
        count: blocks.rowStarts[s + 1] - blocks.rowStarts[s])
      let width = min(blocks.first[s + 1], k) - blocks.first[s]
      layout.append(width: width, rows: all.prefix { $0 < k })
    }
    return layout
  }

  // Column j + 1 joins j's supernode if its rows are those of j below the diagonal. As they
  // always contain these once j + 1 is one of them, counting is enough.
  private func simplicialLayout(_ k: Int) -> InverseSubset.Layout {
    var layout = InverseSubset.Layout(size: k)
    guard k > 0 else { return layout }
    let columns = ColumnArrays(factor.pointee)
    func rows(_ j: Int) -> Slice<UnsafeBufferPointer<Int>> {
      UnsafeBufferPointer(start: columns.rows + columns.starts[j], count: columns.counts[j])
        .prefix { $0 < k }
    }
    var first = 0
    var firstRows = rows(0)
    var lastCount = firstRows.count
    for j in 1..<max(k, 1) {
      let here = rows(j)
      let joins =
        here.count == lastCount - 1 && j - first < firstRows.count && firstRows[j - first] == j
      lastCount = here.count
      if joins { continue }
      layout.append(width: j - first, rows: firstRows)
      (first, firstRows) = (j, here)
    }
    layout.append(width: k - first, rows: firstRows)
    return layout
  }

  /// L₁₁ in blocks.
  private func leadingValues(_ layout: InverseSubset.Layout) -> [Double] {
    var values = [Double](repeating: 0, count: layout.valueCount)
    values.withUnsafeMutableBufferPointer { target in
      for s in 0..<layout.count {
        for j in layout.first[s]..<layout.first[s + 1] {
          let local = j - layout.first[s]  // rows above the diagonal
          let source = columnValues(j)
          for i in 0..<layout.height(s) - local {
            target[layout.valueStarts[s] + local * layout.height(s) + local + i] = source[i]
          }
        }
      }
    }
    return values
  }

  /// The entries of column j of L from the diagonal on.
  private func columnValues(_ j: Int) -> UnsafePointer<Double> {
    if !isSupernodal {
      let columns = ColumnArrays(factor.pointee)
      return columns.values + columns.starts[j]
    }
    let blocks = SupernodeArrays(factor.pointee)
    let s = supernodeOfColumn[j]
    let height = blocks.rowStarts[s + 1] - blocks.rowStarts[s]
    return blocks.values + blocks.valueStarts[s] + (j - blocks.first[s]) * (height + 1)
  }
}
