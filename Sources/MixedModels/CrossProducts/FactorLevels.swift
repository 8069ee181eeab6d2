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
    let isAsWritten = given.map { dictionary.areLogical && dictionary.isListed(in: $0) } ?? false
    let sorted = isAsWritten ? byteSortedLevels(dictionary) : sortedLevels(dictionary)
    let isLogical = !isAsWritten && variable.isLogical && (variable.column == nil || dictionary.areLogical)
    if given == nil, variable.reference == nil, !isLogical {
      (labels, rank) = (sorted.labels, sorted.ranks.map { Int($0) })
      return
    }
    var order = isLogical ? ["FALSE", "TRUE"] : sorted.labels
    if let given {
      let listed = Set(given.map(Label.init))
      for label in sorted.labels where !listed.contains(Label(label)) {
        throw FitError.unlistedLevel(column: variable.column ?? variable.name, level: label)
      }
      let occurring = Set(order.map(Label.init))
      var seen: Set<Label> = []
      order = given.filter { occurring.contains(Label($0)) && seen.insert(Label($0)).inserted }
    }
    if let reference = variable.reference {
      guard let position = order.firstIndex(ofLabel: reference) else {
        throw FitError.unknownLevel(column: variable.name, level: reference, known: order)
      }
      order.insert(order.remove(at: position), at: 0)
    }
    let position = Dictionary(uniqueKeysWithValues: order.enumerated().map { (Label($1), $0) })
    labels = order
    rank = sorted.ranks.map { position[Label(sorted.labels[Int($0)])]! }
  }
}

extension LevelDictionary {
  /// Whether all labels are among these as they are written: `T` and `F`, and not what they mean.
  fileprivate func isListed(in given: [String]) -> Bool {
    let listed = Set(given.map(Label.init))
    return (0..<Int32(count)).allSatisfy { listed.contains(Label(label($0))) }
  }
}

extension FactorLevels {
  /// Texts that mean one number would be one level, and are not told apart where rows are compared.
  ///
  /// - Throws: `FitError`
  func checkDistinct(_ variable: FactorVariable) throws(FitError) {
    guard labels.count < rank.count else { return }
    throw .numerical(
      "levels of \(variable.name) are the same number in different writing, such as 1 and 01. Write them alike"
    )
  }
}
