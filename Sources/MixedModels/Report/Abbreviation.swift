// SPDX-License-Identifier: GPL-2.0-or-later

/// Short forms of `names` that still tell them apart, as R's `abbreviate`: at least `minimumLength`
/// characters, longer where two different names would become the same.
package func abbreviations(of names: [String], minimumLength: Int) -> [String] {
  var distinct: [String] = []
  var seen: Set<String> = []
  for name in names where seen.insert(name).inserted { distinct.append(name) }

  var short = distinct.map { abbreviation(of: $0, minimumLength: minimumLength) }
  var length = minimumLength
  let longest = distinct.map(\.count).max() ?? 0
  while length < longest {
    let repeated = Set(Dictionary(grouping: short, by: \.self).filter { $1.count > 1 }.keys)
    if repeated.isEmpty { break }
    length += 1
    for index in short.indices where repeated.contains(short[index]) {
      short[index] = abbreviation(of: distinct[index], minimumLength: length)
    }
  }
  let shortOf = Dictionary(uniqueKeysWithValues: zip(distinct, short))
  return names.map { shortOf[$0]! }
}

/// Drops letters from the right until `minimumLength` are left, the least telling first.
///
/// Vowels go first, then other small letters, then anything, of each kind those that end a word
/// before those within. The first character of a word stays. Blanks go last and do not count.
private func abbreviation(of name: String, minimumLength: Int) -> String {
  var characters = Array(name.trimmingBlanks())
  guard characters.count > minimumLength else { return String(characters) }
  var length: Int { characters.reduce(0) { $0 + ($1.isWhitespace ? 0 : 1) } }

  /// Drops what `isDroppable`, from the right; the first character of the name is never touched.
  func drop(where isDroppable: (Int) -> Bool) {
    for index in characters.indices.dropFirst().reversed() {
      guard length > minimumLength else { return }
      if isDroppable(index) { characters.remove(at: index) }
    }
  }
  func startsWord(_ index: Int) -> Bool { characters[index - 1].isWhitespace }
  func endsWord(_ index: Int) -> Bool {
    !startsWord(index)
      && (index + 1 == characters.count || characters[index + 1].isWhitespace)
  }

  drop { isVowel(characters[$0]) && endsWord($0) }
  drop { isVowel(characters[$0]) && !startsWord($0) }
  drop { characters[$0].isLowercase && endsWord($0) }
  drop { characters[$0].isLowercase && !startsWord($0) }
  drop { !startsWord($0) && !characters[$0].isWhitespace }
  return String(characters.filter { !$0.isWhitespace })
}

/// A small vowel; small letters outside ASCII count as such, which keeps the consonants of
/// languages that mark their vowels.
private func isVowel(_ character: Character) -> Bool {
  "aeiou".contains(character) || (!character.isASCII && character.isLowercase)
}

extension String {
  fileprivate func trimmingBlanks() -> Substring {
    let start = firstIndex { $0 != " " } ?? endIndex
    let end = lastIndex { $0 != " " }.map(index(after:)) ?? endIndex
    return start < end ? self[start..<end] : self[endIndex...]
  }
}
