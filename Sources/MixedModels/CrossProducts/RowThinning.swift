// SPDX-License-Identifier: GPL-2.0-or-later

/// Collects one chunk of rows in sixteen, once a table has shown that it has very many pairs of levels.
///
/// Rows that follow each other are a random sample where they have no order, and whole levels where
/// they are sorted by a factor: either will do to begin a search with. The choice depends on the
/// data alone.
struct RowThinning {
  private var part: CrossProducts?
  private var chunks = 0

  /// Pairs that make an evaluation of the criterion take long.
  private static let manyPairs = 1_000_000
  private static let share = 16
  /// With fewer rows, or a smaller share, the start would not be much better than any.
  private static let fewestRows = 100_000

  /// Looks at a chunk that was just added to `total`.
  mutating func add(_ chunk: CrossProducts, of total: CrossProducts) {
    if part == nil {
      guard total.pairs.reduce(0, { $0 + $1.count }) >= Self.manyPairs else { return }
      part = CrossProducts(total.specification)
    }
    if chunks % Self.share == 0 { part?.add(chunk) }
    chunks += 1
  }

  /// What was collected, if it is enough.
  func sample(of total: CrossProducts) -> [CrossProducts] {
    guard let part, part.observations >= Self.fewestRows,
      part.observations >= total.observations / (2 * Self.share)
    else { return [] }
    return [part]
  }
}
