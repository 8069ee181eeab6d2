// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// The rows of one chunk as a model sees them: complete rows only, numbers as polynomials of shifted atoms, factors
/// as codes.
package struct RowBlock: Sendable {
  package let count: Int
  package let omittedCount: Int
  /// (y − offset − predictor) / scale, as the raw basis says.
  package let response: [Double]
  /// y − offset, as it was read.
  package let rawResponse: [Double]
  package let offset: [Double]
  package let weights: [Double]
  /// For every atom T₁, T₂, …
  package let polynomials: [[[Double]]]
  package let cellSets: [CellSet]
  /// For every cell set the code of every row.
  package let cells: [[Int32]]
  package let moments: [AtomMoments]

  /// - Throws: `RowError` for an infinite value or a weight that is not positive, or a missing value where
  ///   `omitsMissing` is false.
  init(
    _ chunk: TableChunk, basis: RawBasis, columns: ColumnLookup, omitsMissing: Bool
  ) throws {
    let values = try RowValues(chunk, basis: basis, columns: columns)
    let kept = try values.completeRows(omitsMissing: omitsMissing)
    let isWhole = kept.count == chunk.rowCount
    func select<T>(_ all: [T]) -> [T] { isWhole ? all : kept.map { all[$0] } }

    count = kept.count
    omittedCount = chunk.rowCount - kept.count
    weights = values.weights.map(select) ?? Array(repeating: 1, count: kept.count)
    offset = select(values.offset)
    rawResponse = select(values.response)

    var polynomials: [[[Double]]] = []
    var moments: [AtomMoments] = []
    for (a, atom) in basis.atoms.enumerated() {
      let t = values.atoms[a].map { ($0 - atom.shift) / atom.scale }
      let all = Chebyshev.evaluate(t, degree: atom.degree)
      var moment = AtomMoments(degree: atom.needsMoments ? atom.degree : 0)
      if atom.needsMoments { moment.add(all) }
      moments.append(moment)
      polynomials.append(all.map(select))
    }
    self.polynomials = polynomials
    self.moments = moments

    var response = rawResponse
    for (k, monomial) in basis.fixed[0].monomials.enumerated() where basis.predictor[k] != 0 {
      let column = Self.values(of: monomial, polynomials, count: kept.count)
      for row in response.indices { response[row] -= basis.predictor[k] * column[row] }
    }
    for row in response.indices { response[row] /= basis.responseScale }
    self.response = response

    (cellSets, cells) = Self.classify(basis.cellSets, values.factors.map { ($0.0, select($0.1)) })
  }

  /// Codes of every cell set, and the cells that occur in these rows.
  private static func classify(
    _ sources: [CellSetSource], _ factors: [(labels: LevelDictionary, codes: [Int32])]
  ) -> ([CellSet], [[Int32]]) {
    var sets: [CellSet] = []
    var cells: [[Int32]] = []
    for source in sources {
      switch source {
      case .factor(let f):
        let (labels, codes) = usedLevels(factors[f].labels, factors[f].codes)
        sets.append(.factor(labels))
        cells.append(codes)
      case .product(let left, let right):
        var pairs = PairDictionary()
        cells.append(cells[left].indices.map { pairs.code(cells[left][$0], cells[right][$0]) })
        sets.append(.product(pairs))
      }
    }
    return (sets, cells)
  }

  /// Drops the levels that occur only in omitted rows.
  private static func usedLevels(
    _ labels: LevelDictionary, _ codes: [Int32]
  ) -> (LevelDictionary, [Int32]) {
    var used = [Bool](repeating: false, count: labels.count)
    for code in codes { used[Int(code)] = true }
    if used.allSatisfy({ $0 }) { return (labels, codes) }
    var kept = LevelDictionary()
    let map = used.indices.map { code in
      used[code] ? labels.withBytes(of: Int32(code)) { kept.code(for: $0) } : -1
    }
    return (kept, codes.map { map[Int($0)] })
  }

  /// One column: the product of the monomial's polynomials.
  static func values(
    of monomial: Monomial, _ polynomials: [[[Double]]], count: Int
  ) -> [Double] {
    guard let first = monomial.powers.first else { return Array(repeating: 1, count: count) }
    var column = polynomials[first.atom][first.degree - 1]
    for power in monomial.powers.dropFirst() {
      let factor = polynomials[power.atom][power.degree - 1]
      for row in column.indices { column[row] *= factor[row] }
    }
    return column
  }

  /// The rows' entries in the columns of `blocks`; with `response`, that one first, in column 0.
  package func panel(
    _ blocks: [ColumnBlock], _ directory: ColumnDirectory, response: [Double]? = nil
  ) -> SparsePanel {
    let lead = response == nil ? 0 : 1
    let width = blocks.reduce(lead) { $0 + $1.monomials.count }
    var panel = SparsePanel(
      width: width, index: Array(repeating: 0, count: count * width),
      value: Array(repeating: 0, count: count * width))
    if let response { for row in 0..<count { panel.value[row * width] = response[row] } }
    var offset = lead
    for (b, block) in blocks.enumerated() {
      for (k, monomial) in block.monomials.enumerated() {
        let column = Self.values(of: monomial, polynomials, count: count)
        let starts = directory.starts[b]
        for row in 0..<count {
          let start = block.cellSet.map { starts[Int(cells[$0][row])] } ?? starts[0]
          panel.index[row * width + offset + k] = start + Int32(k)
          panel.value[row * width + offset + k] = column[row]
        }
      }
      offset += block.monomials.count
    }
    return panel
  }
}

extension SparsePanel {
  /// Σ w x xᵀ, row-major, upper triangle, summed in blocks of rows.
  func weightedProducts(columns: Int, weights: [Double]) -> [Double] {
    var total = [Double](repeating: 0, count: columns * columns)
    var partial = total
    let rows = weights.count
    let blockRows = max(256, columns * columns)  // adding up the partial sums must stay cheap
    var first = 0
    while first < rows {
      let last = min(first + blockRows, rows)
      for row in first..<last {
        for a in row * width..<(row + 1) * width {
          let wx = weights[row] * value[a]
          let line = Int(index[a]) * columns
          for b in a..<(row + 1) * width { partial[line + Int(index[b])] += wx * value[b] }
        }
      }
      for k in total.indices {
        total[k] += partial[k]
        partial[k] = 0
      }
      first = last
    }
    return total
  }
}
