// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// The levels of a factor in their order, and where the codes of the raw basis stand in it.
struct FactorLevels {
  /// Labels in order; the first is the base of treatment contrasts.
  let labels: [String]
  /// Raw code → position in `labels`. Codes that mean the same number share one.
  let rank: [Int]

  /// - Throws: `FitError` where `--levels` or `relevel` names a level that does not occur, or
  ///   leaves one out.
  init(_ variable: FactorVariable, dictionary: LevelDictionary, given: [String]?) throws {
    let sorted = sortedLevels(dictionary)
    if given == nil, variable.reference == nil, !variable.isLogical {
      (labels, rank) = (sorted.labels, sorted.ranks.map { Int($0) })
      return
    }
    var order = variable.isLogical ? ["FALSE", "TRUE"] : sorted.labels
    if let given {
      let listed = Set(given)
      for label in sorted.labels where !listed.contains(label) {
        throw FitError.unlistedLevel(column: variable.column ?? variable.name, level: label)
      }
      let occurring = Set(order)
      var seen: Set<String> = []
      order = given.filter { occurring.contains($0) && seen.insert($0).inserted }
    }
    if let reference = variable.reference {
      guard let position = order.firstIndex(of: reference) else {
        throw FitError.unknownLevel(column: variable.name, level: reference, known: order)
      }
      order.insert(order.remove(at: position), at: 0)
    }
    let position = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    labels = order
    rank = sorted.ranks.map { position[sorted.labels[Int($0)]]! }
  }
}
