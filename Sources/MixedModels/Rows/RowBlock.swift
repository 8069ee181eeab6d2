// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// The rows of one chunk as a model sees them: complete rows only, numbers as polynomials of
/// shifted atoms, factors as codes.
package struct RowBlock: Sendable {
  package let count: Int
  package let omittedCount: Int
  /// (y − offset − predictor) / scale, as the raw basis says.
  package let response: [Double]
  /// y − offset, as it was read.
  package let rawResponse: [Double]
  package let offset: [Double]
  package let weights: [Double]
  /// When the rows of a subject are; empty where rows are independent.
  let times: [Double]
  /// For every atom T₁, T₂, …
  package let polynomials: [[[Double]]]
  /// Of every cell set.
  let found: RowCells
  package let moments: [AtomMoments]
  package let columnSums: ColumnSums
  /// Where the rows stand in their table.
  package let place: RowBlockPlace
  /// Names of the columns that have a value in some row, omitted ones included.
  let valuedColumns: [String]
  /// Rows that were left out because an expression of columns that have values is no number, by expression.
  let undefinedCounts: [String: Int]

  /// - Throws: `RowError` for an infinite value or a weight that is not positive, or a missing
  ///   value where
  ///   `omitsMissing` is false.
  init(
    _ chunk: TableChunk, basis: RawBasis, columns: ColumnLookup, omitsMissing: Bool
  ) throws {
    let values = try RowValues(chunk, basis: basis, columns: columns)
    valuedColumns = zip(columns.requests, chunk.columns).filter { $0.1.hasValue }.map(\.0.name)
    let kept = try values.completeRows(omitsMissing: omitsMissing)
    undefinedCounts = kept == nil ? [:] : values.undefinedCounts
    let count = kept?.count ?? chunk.rowCount
    func select<T>(_ all: [T]) -> [T] { kept.map { $0.map { all[$0] } } ?? all }

    place = RowBlockPlace(chunk: chunk.index, rows: chunk.rows, kept: kept)
    self.count = count
    omittedCount = chunk.rowCount - count
    weights = values.weights.map(select) ?? Array(repeating: 1, count: count)
    times = values.times.map(select) ?? []
    offset = select(values.offset)
    rawResponse = select(values.adjustedResponse)

    var polynomials: [[[Double]]] = []
    var moments: [AtomMoments] = []
    for (a, atom) in basis.atoms.enumerated() {
      let all = values.polynomials(a)
      var moment = AtomMoments(degree: atom.needsMoments ? atom.degree : 0)
      if atom.needsMoments { moment.add(all) }
      moments.append(moment)
      polynomials.append(all.map(select))
    }
    self.polynomials = polynomials
    self.moments = moments
    var sums = ColumnSums()
    for name in basis.numericColumns {
      sums.add(name, select(chunk.columns[columns.index(name)].numbers))
    }
    for mean in basis.usedGroupMeans { sums.add(mean.name, select(try values.values(mean))) }
    columnSums = sums

    var response = rawResponse
    for (k, monomial) in basis.fixed[0].monomials.enumerated() where basis.predictor[k] != 0 {
      Self.subtract(basis.predictor[k], Self.values(of: monomial, polynomials, count: count), from: &response)
    }
    let scale = basis.responseScale
    if scale != 1 { for row in response.indices { response[row] /= scale } }
    self.response = response

    found = RowCells(
      basis.cellSets, values.factors.map { Self.usedLevels($0.labels, select($0.codes)) },
      areComplete: true)
  }

  package var cellSets: [CellSet] { found.sets }
  /// For every cell set the code of every row.
  package var cells: [[Int32]] { found.codes }

  private static func subtract(_ factor: Double, _ column: [Double], from response: inout [Double]) {
    column.withUnsafeBufferPointer { column in
      response.withUnsafeMutableBufferPointer { response in
        for row in response.indices { response[row] -= factor * column[row] }
      }
    }
  }

  /// Drops the levels that occur only in omitted rows.
  private static func usedLevels(
    _ labels: LevelDictionary, _ codes: [Int32]
  ) -> (labels: LevelDictionary, codes: [Int32]) {
    var used = [Bool](repeating: false, count: labels.count)
    used.withUnsafeMutableBufferPointer { used in
      for code in codes { used[Int(code)] = true }
    }
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
    let shared = blocks.indices.filter { blocks[$0].cellSet == nil }  // one at most
    let celled = blocks.indices.filter { blocks[$0].cellSet != nil }
    let monomials = (shared + celled).flatMap { blocks[$0].monomials }
    var panel = SparsePanel(
      rows: count, dense: shared.reduce(lead) { $0 + blocks[$1].monomials.count },
      runs: celled.map { blocks[$0].monomials.count },
      columns: (response.map { [$0] } ?? [])
        + monomials.map { $0 == .one ? nil : Self.values(of: $0, polynomials, count: count) })
    for (run, b) in celled.enumerated() {
      panel.setStarts(run, directory.starts[b], cells[blocks[b].cellSet!])
    }
    panel.isConstant =
      response == nil && blocks.count == 1 && shared.count == 1
      && blocks[0].monomials == [.one]
    return panel
  }
}

/// Where the rows of a block stand in the table.
package struct RowBlockPlace: Sendable {
  /// Of all chunks.
  package let chunk: Int
  /// The chunk's rows as their source has them; nil where those are given back.
  package let rows: (any TableRows)?
  /// Those of them that are in the block; nil: all.
  let kept: [Int]?

  /// The row of the chunk that is row `row` of the block.
  package func rowOfChunk(_ row: Int) -> Int { kept?[row] ?? row }
}

extension SparsePanel {
  fileprivate mutating func setStarts(_ run: Int, _ firstColumns: [Int32], _ cells: [Int32]) {
    let width = runs.count
    starts.withUnsafeMutableBufferPointer { starts in
      for row in cells.indices { starts[row * width + run] = firstColumns[Int(cells[row])] }
    }
  }
}
