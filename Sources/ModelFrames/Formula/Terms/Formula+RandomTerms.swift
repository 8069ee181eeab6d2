// SPDX-License-Identifier: GPL-2.0-or-later

extension Formula {
  /// The formula's text with other random terms, which stand at its end; those that are there, and the
  /// signs before them, are left out.
  package func text(withRandomTerms random: [String]) -> String {
    var characters = Array(text)
    for range in Set(randomTerms.map(\.range)).sorted(by: { $0.lowerBound > $1.lowerBound }) {
      func blank(_ k: Int) -> Bool { characters[k].isWhitespace }
      let before = (0..<range.lowerBound).last { !blank($0) }
      let after = (range.upperBound..<characters.count).first { !blank($0) }
      if let before, characters[before] == "+" {
        characters.removeSubrange(before..<range.upperBound)
      } else if let after, characters[after] == "+" {
        characters.removeSubrange(range.lowerBound..<after + 1)
      } else {
        characters.replaceSubrange(range, with: ["1"])
      }
    }
    let fixed = String(characters).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return ([fixed] + random).joined(separator: " + ")
  }
}
