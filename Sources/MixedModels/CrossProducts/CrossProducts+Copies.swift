// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

extension CrossProducts {
  /// The cross-products of so many copies of the rows: each with levels of its own of a grouping factor, as
  /// new subjects who do what the old ones did; or, without a factor, of the same levels.
  ///
  /// Labels of copies end in `#2`, `#3`, ….
  ///
  /// - Throws: `FitError.memoryShortage`.
  package func copies(_ count: Int, ofLevelsOf factor: Int?) throws(FitError) -> CrossProducts {
    var total = self
    guard count > 1 else { return total }
    for copy in 2...count {
      var other = self
      for (set, source) in basis.cellSets.enumerated() {
        guard let factor, source == .factor(factor), case .factor(let levels) = cellSets[set] else {
          continue
        }
        var renamed = LevelDictionary()
        for label in levels.labels { _ = renamed.code(for: "\(label)#\(copy)") }
        precondition(renamed.count == levels.count, "distinct labels stay so")
        other.cellSets[set] = .factor(renamed)
      }
      try total.add(other)
    }
    total.finish()
    return total
  }
}
