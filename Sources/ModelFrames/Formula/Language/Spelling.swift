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
      let distance = editDistance(word, other)
      if distance < best, distance < max(word.count, other.count) {
        best = distance
        nearest = candidate
      }
    }
    return nearest
  }
}
