// SPDX-License-Identifier: GPL-2.0-or-later

/// The guess at what a misspelt name was meant to be.
enum Spelling {
  /// Names longer than this are not compared.
  private static let maximumLength = 200

  static func didYouMean(_ name: String?) -> String? {
    name.map { "Did you mean \"\(DisplayCell.printable($0))\"?" }
  }

  /// The candidate that differs least from `name`, apart from case; nil if all differ much.
  static func nearest(to name: String, among candidates: [String]) -> String? {
    let word = Array(name.lowercased())
    guard word.count <= maximumLength else { return nil }
    // A third of the letters may be wrong: "dyas" finds "Days", "x" does not find "y".
    var best = (word.count + 1) / 3 + 1
    var nearest: String?
    for candidate in candidates {
      let other = Array(candidate.lowercased())
      guard other.count <= maximumLength, abs(other.count - word.count) < best else { continue }
      let distance = self.distance(word, other)
      if distance < best, distance < max(word.count, other.count) {
        best = distance
        nearest = candidate
      }
    }
    return nearest
  }

  /// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
  private static func distance(_ a: [Character], _ b: [Character]) -> Int {
    var previous: [Int] = []
    var row = Array(0...b.count)
    for i in a.indices {
      var next = [i + 1]
      for j in b.indices {
        var cost = min(row[j] + (a[i] == b[j] ? 0 : 1), row[j + 1] + 1, next[j] + 1)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          cost = min(cost, previous[j - 1] + 1)
        }
        next.append(cost)
      }
      (previous, row) = (row, next)
    }
    return row[b.count]
  }
}
