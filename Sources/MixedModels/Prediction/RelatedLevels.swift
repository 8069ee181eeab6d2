// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// Levels of a grouping factor that the model has and its data had not, such as animals of a pedigree
/// without records.
struct RelatedLevels: Sendable {
  private let finder: LevelFinder
  /// The level that is the finder's first: they follow those of the data.
  private let first: Int32

  /// nil where all levels had rows.
  init?(_ group: RandomEffectsGroup, in model: LinearMixedModel) {
    // Those of another group stand in its order.
    let levels = group.source.map { model.groups[$0].levels } ?? group.levels
    let first = group.source == nil ? (group.rank.max() ?? -1) + 1 : 0
    guard first < levels.count else { return nil }
    var labels = LevelDictionary()
    for label in levels[first...] { _ = labels.code(for: label) }
    (finder, self.first) = (LevelFinder(labels), Int32(first))
  }

  /// The level of every cell of a set of some rows, `KnownCells.new` where there is none.
  func levels(of set: Int, _ cells: RowCells, _ sources: [CellSetSource]) -> [Int32] {
    let labels = Self.labels(of: set, cells, sources)
    var dictionary = LevelDictionary()
    let codes = labels.map { dictionary.code(for: $0) }
    let found = finder.codes(of: dictionary).map { $0 < 0 ? KnownCells.new : first + $0 }
    return codes.map { found[Int($0)] }
  }

  /// Of an interaction the factors' labels with “:” between them, as `GroupLevels` has them.
  private static func labels(
    of set: Int, _ cells: RowCells, _ sources: [CellSetSource]
  ) -> [String] {
    switch (cells.sets[set], sources[set]) {
    case (.product(let pairs), .product(let left, let right)):
      let (a, b) = (labels(of: left, cells, sources), labels(of: right, cells, sources))
      return (0..<pairs.count).map { "\(a[Int(pairs.left[$0])]):\(b[Int(pairs.right[$0])])" }
    case (.factor(let levels), _): return (0..<Int32(levels.count)).map { levels.label($0) }
    case (.product, .factor): preconditionFailure("cells are made as their source says")
    }
  }
}

/// What a fit has seen, and what else it knows: the cells and the levels among which those of new rows
/// are looked up.
struct KnownLevels: Sendable {
  let cells: KnownCells
  private let sources: [CellSetSource]
  private let groups: [Group]

  private struct Group: Sendable {
    let cellSet: Int
    /// Cell → level.
    let rank: [Int]
    let related: RelatedLevels?
  }

  init(_ products: CrossProducts, _ model: LinearMixedModel) {
    sources = products.basis.cellSets
    cells = KnownCells(sources, products.cellSets)
    let fixed = (model.fixedLevels?.factors ?? []).map { ($0.rank, RelatedLevels?.none) }
    groups = zip(model.groups.map { ($0.rank, RelatedLevels($0, in: model)) } + fixed, products.basis.groups).map {
      Group(cellSet: $1.cellSet, rank: $0.0, related: $0.1)
    }
  }

  /// The level of every row in a group, −1 where a factor is missing, `KnownCells.new`; `codes` are
  /// the rows' cells in terms of `cells`.
  func levels(_ g: Int, _ rows: RowCells, _ codes: [[Int32]]) -> [Int32] {
    let group = groups[g]
    let levels = codes[group.cellSet].map { $0 < 0 ? $0 : Int32(group.rank[Int($0)]) }
    guard let related = group.related, levels.contains(KnownCells.new) else { return levels }
    let others = related.levels(of: group.cellSet, rows, sources)
    return zip(levels, rows.codes[group.cellSet]).map { level, code in
      level == KnownCells.new ? others[Int(code)] : level
    }
  }
}
