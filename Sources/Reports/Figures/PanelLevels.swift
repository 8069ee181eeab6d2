// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// The levels that stand for many: near equally spaced ranks of one effect, of levels with about
/// the same rank the one with the most rows.
struct PanelLevels {
  /// Neighbours that are looked at, of thousands of levels.
  private static let neighbours = 20

  /// All levels in their order up to `limit` of them; else `shown`, ascending by the last effect of a
  /// term.
  static func chosen(
    _ source: FigureSource, term: Int, count shown: Int, above limit: Int
  ) -> [Int] {
    let block = source.model.covariance.blocks[term]
    let group = source.model.groups[block.group]
    guard group.levelCount > limit else { return Array(0..<group.levelCount) }
    let modes = source.modes(term)
    let last = stride(from: block.size - 1, to: modes.count, by: block.size).map { modes[$0] }
    let order = last.indices.sorted { (last[$0], $0) < (last[$1], $1) }
    let reach = min(neighbours, order.count / (4 * shown))
    return thinned(order.count, to: shown).map { place in
      let near = order[max(0, place - reach)...min(order.count - 1, place + reach)]
      return near.max { weight(group, $0) < weight(group, $1) }!
    }
  }

  /// Rows of a level, as the trace of its block in columns of unit mean square tells them.
  private static func weight(_ group: RandomEffectsGroup, _ level: Int) -> Double {
    let (ℓ, first) = (group.size, level * group.size * group.size)
    return (0..<ℓ).reduce(0) { $0 + group.zz[first + $1 * ℓ + $1] }
  }
}
