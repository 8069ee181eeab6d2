// SPDX-License-Identifier: GPL-2.0-or-later

/// Where the searches from several starts have ended.
struct SearchEnds {
  /// Searches begun.
  private(set) var starts = 0
  /// The criterion where each of them ended, in increasing order; those given up are not there.
  private var values: [Double] = []

  /// Searches that went below the best end, to where there is none.
  private(set) var falls = 0

  /// Values nearer than this are those of one minimum.
  private static let gap = 1e-4

  mutating func add(_ value: Double?) {
    starts += 1
    guard let value, value.isFinite else { return }
    values.insert(value, at: values.firstIndex { $0 > value } ?? values.endIndex)
  }

  mutating func addFall() { falls += 1 }

  /// Minima seen.
  private var minima: Int {
    values.isEmpty ? 0 : 1 + zip(values, values.dropFirst()).count { $1 - $0 > Self.gap }
  }

  /// Searches that ended at a value, or below.
  func agreed(on value: Double) -> Int { values.count { $0 <= value + Self.gap } }

  /// Whether less than half a minimum can be expected that none of these has led to.
  ///
  /// After w minima of N random starts w(N − 1)/(N − w − 2) are to be expected in all (Boender &
  /// Rinnooy Kan 1987, Mathematical Programming 37:59). The more parameters, the more room there is
  /// for minima that few starts lead to.
  func isComplete(parameters: Int) -> Bool {
    let w = minima
    return starts > 2 * w * w + 3 * w + 2
      && starts >= min(60, 6 + 3 * parameters + parameters * parameters / 4)
  }
}
