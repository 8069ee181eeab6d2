// SPDX-License-Identifier: GPL-2.0-or-later

/// Short forms of `names` that still tell them apart, as R's `abbreviate`: at least `minimumLength`
/// characters, longer where two different names would become the same.
///
/// Takes time in proportion to the names' lengths, but for a logarithm.
package func abbreviations(of names: [String], minimumLength: Int) -> [String] {
  var distinct: [String] = []
  var seen: Set<String> = []
  for name in names where seen.insert(name).inserted { distinct.append(name) }

  var short = distinct.map { Abbreviation(of: $0, length: minimumLength) }
  var length = minimumLength
  while true {
    let repeated = Dictionary(grouping: short.indices) { short[$0].hash }
      .values.filter { $0.count > 1 }.joined()
    if !repeated.contains(where: { short[$0].canGrow }) { break }
    length += 1
    for index in repeated { short[index].grow(to: length) }
  }
  let shortOf = Dictionary(uniqueKeysWithValues: zip(distinct, short.map(\.text)))
  return names.map { shortOf[$0]! }
}

/// A name of which some characters are shown; more are as it grows.
private struct Abbreviation {
  private let characters: [Character]
  /// The length from which on each character is shown.
  private let showing: [Int]
  /// Characters that are not shown, the last one the next to be.
  private var hidden: [Int]
  private var shown: SequenceHash
  private var length = 0

  init(of name: String, length: Int) {
    characters = Array(name.trimmingBlanks())
    let showing = lengthsToShow(characters)
    self.showing = showing
    hidden = characters.indices.sorted { showing[$0] > showing[$1] }
    shown = SequenceHash(count: characters.count)
    grow(to: length)
  }

  var hash: UInt64 { shown.hash }

  var canGrow: Bool { !hidden.isEmpty }

  mutating func grow(to length: Int) {
    self.length = length
    while let next = hidden.last, showing[next] <= length {
      shown.insert(characters[next], at: next)
      hidden.removeLast()
    }
  }

  var text: String {
    String(characters.indices.filter { showing[$0] <= length }.map { characters[$0] })
  }
}

/// A character and its place among those that are left.
private struct Letter {
  let character: Character
  let startsWord: Bool
  let endsWord: Bool
}

/// The length of the abbreviation from which on each character is in it.
///
/// Letters are dropped from the right until the length is reached, the least telling first: vowels,
/// then other small letters, then anything, of each kind those that end a word before those within.
/// The first character of a word stays. Blanks go last and do not count.
private func lengthsToShow(_ characters: [Character]) -> [Int] {
  var kept = Array(characters.indices)
  var length = characters.count { !$0.isWhitespace }
  var showing = characters.map { $0.isWhitespace ? characters.count : 0 }

  /// Drops what `isDroppable`, from the right; the first character of the name is never touched.
  func drop(where isDroppable: (Letter) -> Bool) {
    var right: [Int] = []  // kept, from the right
    for place in kept.indices.reversed() {
      let index = kept[place]
      let startsWord = place > 0 && characters[kept[place - 1]].isWhitespace
      let endsWord = !startsWord && (right.last.map { characters[$0].isWhitespace } ?? true)
      let letter = Letter(
        character: characters[index], startsWord: startsWord, endsWord: endsWord)
      if place > 0, isDroppable(letter) {
        showing[index] = length
        length -= 1
      } else {
        right.append(index)
      }
    }
    kept = right.reversed()
  }
  drop { isVowel($0.character) && $0.endsWord }
  drop { isVowel($0.character) && !$0.startsWord }
  drop { $0.character.isLowercase && $0.endsWord }
  drop { $0.character.isLowercase && !$0.startsWord }
  drop { !$0.startsWord && !$0.character.isWhitespace }
  return showing
}

/// A small vowel; small letters outside ASCII count as such, which keeps the consonants of
/// languages that mark their vowels.
private func isVowel(_ character: Character) -> Bool {
  "aeiou".contains(character) || (!character.isASCII && character.isLowercase)
}

/// A hash of those elements of a sequence that are there: equal for equal elements in a row,
/// wherever they stand.
///
/// A binary tree over the places, each node with the hash of its elements and what to multiply by
/// that of elements before them.
private struct SequenceHash {
  private var nodes: [(hash: UInt64, factor: UInt64)]
  private let leaves: Int

  init(count: Int) {
    var leaves = 1
    while leaves < count { leaves *= 2 }
    self.leaves = leaves
    nodes = Array(repeating: (0, 1), count: 2 * leaves)
  }

  var hash: UInt64 { nodes[1].hash }

  mutating func insert(_ element: some Hashable, at place: Int) {
    var node = leaves + place
    let value = UInt64(bitPattern: Int64(element.hashValue))
    nodes[node] = (value, 0x9E37_79B9_7F4A_7C15)
    node /= 2
    while node > 0 {
      let (left, right) = (nodes[2 * node], nodes[2 * node + 1])
      nodes[node] = (left.hash &* right.factor &+ right.hash, left.factor &* right.factor)
      node /= 2
    }
  }
}

extension String {
  fileprivate func trimmingBlanks() -> Substring {
    let start = firstIndex { $0 != " " } ?? endIndex
    let end = lastIndex { $0 != " " }.map(index(after:)) ?? endIndex
    return start < end ? self[start..<end] : self[endIndex...]
  }
}
