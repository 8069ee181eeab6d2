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
      let listed = Set(given.map(ExactLabel.init))
      for label in sorted.labels where !listed.contains(ExactLabel(label)) {
        throw FitError.unlistedLevel(column: variable.column ?? variable.name, level: label)
      }
      var rest = Set(order.map(ExactLabel.init))
      order = given.filter { rest.remove(ExactLabel($0)) != nil }
    }
    if let reference = variable.reference {
      guard let position = order.firstIndex(where: { $0.hasBytes(of: reference) }) else {
        throw FitError.unknownLevel(column: variable.name, level: reference, known: order)
      }
      order.insert(order.remove(at: position), at: 0)
    }
    // Bytes that are no UTF-8 can make two labels one.
    let position = Dictionary(
      order.enumerated().map { (ExactLabel($1), $0) }, uniquingKeysWith: { first, _ in first })
    labels = order
    rank = sorted.ranks.map { position[ExactLabel(sorted.labels[Int($0)])]! }
  }
}
