// SPDX-License-Identifier: GPL-2.0-or-later

/// R's `abbreviate`, letter by letter as its help describes it, in time that grows with the cube of
/// the names' lengths: what the program's must be equal to.
func plainAbbreviations(of names: [String], minimumLength: Int) -> [String] {
  var distinct: [String] = []
  for name in names where !distinct.contains(name) { distinct.append(name) }
  var short = distinct.map { plainAbbreviation(of: $0, minimumLength: minimumLength) }
  var length = minimumLength
  while length < distinct.map(\.count).max() ?? 0 {
    let repeated = short.filter { name in short.count { $0 == name } > 1 }
    if repeated.isEmpty { break }
    length += 1
    for index in short.indices where repeated.contains(short[index]) {
      short[index] = plainAbbreviation(of: distinct[index], minimumLength: length)
    }
  }
  return names.map { short[distinct.firstIndex(of: $0)!] }
}

private func plainAbbreviation(of name: String, minimumLength: Int) -> String {
  var letters = Array(name)
  while letters.first == " " { letters.removeFirst() }
  while letters.last == " " { letters.removeLast() }
  guard letters.count > minimumLength else { return String(letters) }
  func drop(where isDroppable: (Int) -> Bool) {
    for index in letters.indices.dropFirst().reversed() {
      guard letters.count(where: { !$0.isWhitespace }) > minimumLength else { return }
      if isDroppable(index) { letters.remove(at: index) }
    }
  }
  func starts(_ index: Int) -> Bool { letters[index - 1].isWhitespace }
  func ends(_ index: Int) -> Bool {
    !starts(index) && (index + 1 == letters.count || letters[index + 1].isWhitespace)
  }
  func isVowel(_ letter: Character) -> Bool {
    "aeiou".contains(letter) || (!letter.isASCII && letter.isLowercase)
  }
  drop { isVowel(letters[$0]) && ends($0) }
  drop { isVowel(letters[$0]) && !starts($0) }
  drop { letters[$0].isLowercase && ends($0) }
  drop { letters[$0].isLowercase && !starts($0) }
  drop { !starts($0) && !letters[$0].isWhitespace }
  return String(letters.filter { !$0.isWhitespace })
}
