// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

extension RowBlock {
  /// Some rows of several blocks, in any order, as a block of its own: what sums take of rows, and not
  /// where they stand.
  ///
  /// - Parameters:
  ///   - rows: The block and the row in it.
  ///   - basis: That of all blocks.
  init(
    picking rows: [(block: Int, row: Int)], of blocks: [RowBlock], _ basis: RawBasis,
    place: RowBlockPlace = RowBlockPlace(chunk: 0, rows: nil, kept: nil)
  ) {
    func pick<T>(_ values: (RowBlock) -> [T]) -> [T] {
      let all = blocks.map(values)
      return rows.map { all[$0.block][$0.row] }
    }
    (count, omittedCount) = (rows.count, 0)
    self.place = place
    response = pick(\.response)
    weights = pick(\.weights)
    times = pick(\.times)
    (rawResponse, offset, valuedColumns, undefinedCounts) = ([], [], [], [:])
    polynomials = basis.atoms.indices.map { atom in
      (blocks.first?.polynomials[atom].indices ?? 0..<0).map { degree in
        pick { $0.polynomials[atom][degree] }
      }
    }
    moments = basis.atoms.map { AtomMoments(degree: $0.needsMoments ? $0.degree : 0) }
    columnSums = ColumnSums()
    found = RowCells(
      basis.cellSets,
      basis.factors.indices.map { factor in
        guard let set = basis.cellSets.firstIndex(of: .factor(factor)) else {
          return (LevelDictionary(), rows.map { _ in 0 })
        }
        return Self.picked(rows, blocks, cellSet: set)
      }, areComplete: true)
  }

  /// The levels of a factor that rows have, in the order of their first appearance.
  private static func picked(
    _ rows: [(block: Int, row: Int)], _ blocks: [RowBlock], cellSet set: Int
  ) -> (labels: LevelDictionary, codes: [Int32]) {
    var labels = LevelDictionary()
    var maps = [[Int32: Int32]](repeating: [:], count: blocks.count)
    let codes = rows.map { block, row -> Int32 in
      let code = blocks[block].cells[set][row]
      if let known = maps[block][code] { return known }
      guard case .factor(let theirs) = blocks[block].cellSets[set] else {
        preconditionFailure("a factor's cells are its levels")
      }
      let own = theirs.withBytes(of: code) { labels.code(for: $0) }
      maps[block][code] = own
      return own
    }
    return (labels, codes)
  }

  /// The same without what its source has, so that this can be forgotten.
  func withoutSource(_ basis: RawBasis) -> RowBlock {
    RowBlock(
      picking: (0..<count).map { (0, $0) }, of: [self], basis,
      place: RowBlockPlace(chunk: place.chunk, rows: nil, kept: place.kept))
  }
}
