// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// The cells that some rows are in, of every classification that is needed, coded in order of first
/// appearance.
struct RowCells: Sendable {
  /// By place in the basis, empty where they are not needed.
  private(set) var sets: [CellSet] = []
  /// For every cell set the code of every row, −1 where a factor is missing.
  private(set) var codes: [[Int32]] = []

  /// - Parameters:
  ///   - needed: Places of cell sets, those among them that they are products of; nil for all.
  ///   - areComplete: whether no code is missing.
  init(
    _ sources: [CellSetSource], needed: Set<Int>? = nil,
    _ factors: [(labels: LevelDictionary, codes: [Int32])], areComplete: Bool
  ) {
    for (set, source) in sources.enumerated() {
      switch source {
      case _ where needed?.contains(set) == false:
        sets.append(.factor(LevelDictionary()))
        codes.append([])
      case .factor(let f):
        sets.append(.factor(factors[f].labels))
        codes.append(factors[f].codes)
      case .product(let left, let right):
        var pairs = PairDictionary()
        codes.append(
          areComplete
            ? pairs.codes(codes[left], codes[right])
            : Self.codes(codes[left], codes[right], &pairs))
        sets.append(.product(pairs))
      }
    }
  }

  /// The codes of pairs where neither side is missing.
  private static func codes(
    _ a: [Int32], _ b: [Int32], _ pairs: inout PairDictionary
  ) -> [Int32] {
    let rows = a.indices.filter { a[$0] >= 0 && b[$0] >= 0 }
    var codes = [Int32](repeating: -1, count: a.count)
    for (row, code) in zip(rows, pairs.codes(rows.map { a[$0] }, rows.map { b[$0] })) {
      codes[row] = code
    }
    return codes
  }
}

/// The cells that cross-products hold, among which those of other rows are looked up: levels by
/// their meaning, see `LevelFinder`.
struct KnownCells: Sendable {
  /// The code of a level, or of a combination of levels, that is not known.
  static let new: Int32 = -2

  private let sources: [CellSetSource]
  private let sets: [CellSet]
  /// By place of their cell sets.
  private let finders: [LevelFinder?]

  /// - Parameter sets: What the cells are by `sources`.
  init(_ sources: [CellSetSource], _ sets: [CellSet]) {
    (self.sources, self.sets) = (sources, sets)
    finders = sets.map {
      if case .factor(let levels) = $0 { LevelFinder(levels) } else { nil }
    }
  }

  /// For every cell set the code here of every row, −1 where a factor is missing, `new`.
  func codes(of rows: RowCells) -> [[Int32]] {
    var maps: [[Int32]] = []  // of the rows' cells
    for (set, source) in sources.enumerated() {
      switch (rows.sets[set], sets[set], source) {
      case (.factor(let theirs), .factor, _):
        maps.append(finders[set]!.codes(of: theirs).map { $0 < 0 ? Self.new : $0 })
      case (.product(let theirs), .product(let ours), .product(let left, let right)):
        maps.append(
          (0..<theirs.count).map { cell in
            let (a, b) = (maps[left][Int(theirs.left[cell])], maps[right][Int(theirs.right[cell])])
            return a < 0 || b < 0 ? Self.new : ours.find(a, b) ?? Self.new
          })
      default: maps.append([])
      }
    }
    return zip(maps, rows.codes).map { map, codes in codes.map { $0 < 0 ? $0 : map[Int($0)] } }
  }
}
