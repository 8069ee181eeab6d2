// SPDX-License-Identifier: GPL-2.0-or-later

/// Labels and their codes 0, 1, … in order of first appearance.
///
/// Labels are byte strings, equal only if all bytes are: one arena of bytes and one open-addressing
/// table, no String per row.
public struct LevelDictionary: Sendable {
  private var words: [UInt64] = []  // of label c: its bytes and count if it is short, else its hash
  private var ends: [Int] = []  // long label c is arena[ends[c - 1]..<ends[c]], a short one is not there
  private var arena: [UInt8] = []
  private var slots: [UInt64] = []  // half a hash and the code; a power of two, at most two thirds full
  private var slotted = 0  // labels in `slots`
  private var small = SmallNumberCodes()  // of labels that are small numbers, which need no slot
  private var last: Int32 = -1  // the code given last: in sorted data the next one
  private var lastWord: UInt64 = 0  // its word, at hand where `words` would have to be fetched

  private let seed = HashSeed.ofProcess

  public init() {}

  public var count: Int { words.count }

  /// The code of the label, a new one if it was not there.
  ///
  /// At most 2³¹ − 1 labels.
  public mutating func code(for bytes: UnsafeRawBufferPointer) -> Int32 {
    code(for: bytes, word: word(bytes))
  }

  /// What tells labels apart quickly, see `words`.
  @inline(__always)
  func word(_ bytes: UnsafeRawBufferPointer) -> UInt64 { labelWord(bytes, seed) }

  /// The code of the label with this word.
  mutating func code(for bytes: UnsafeRawBufferPointer, word: UInt64) -> Int32 {
    if word == lastWord, last >= 0, !isLong(word) || isLongLabel(last, bytes) { return last }
    let number = smallNumber(word)
    if small.covers(number) || small.shouldCover(number, labels: words.count) {
      (last, lastWord) = (smallCode(number, word), word)
      return last
    }
    if 3 * slotted >= 2 * slots.count { grow() }
    let (slot, found) = probe(word, bytes)
    if found >= 0 {
      (last, lastWord) = (found, word)
      return found
    }
    let code = Int32(words.count)
    slots[slot] = slotHash(word, seed) << 32 | UInt64(code)
    slotted += 1
    if isLong(word) { arena.append(contentsOf: bytes) }
    words.append(word)
    ends.append(arena.count)
    (last, lastWord) = (code, word)
    return code
  }

  /// The code of a small number's digits, a new one if they were not there; nil where they have to be written out.
  @inline(__always)
  mutating func code(addingSmall number: Int) -> Int32? {
    guard number >= 0, number < smallNumberLimit,
      small.covers(number) || small.shouldCover(number, labels: words.count)
    else { return nil }
    let word = smallNumberWord(number)
    (last, lastWord) = (smallCode(number, word), word)
    return last
  }

  /// Overwrites numbers, each as `markedNumber` has it, with the codes of their digits, in order; codes stay.
  ///
  /// A loop of few instructions, which waits for the memory of several rows at a time.
  mutating func replaceNumbers(_ values: UnsafeMutableBufferPointer<Int32>) {
    var (lastMarked, lastCode): (Int32, Int32) = (0, -1)
    for k in values.indices {
      let marked = values[k]
      guard marked < -1 else { continue }
      if marked != lastMarked { (lastMarked, lastCode) = (marked, code(forSmall: markedNumber(marked))) }
      values[k] = lastCode
    }
  }

  /// The code of a small number's digits, a new one if they were not there.
  @inline(__always)
  private mutating func code(forSmall number: Int) -> Int32 {
    if let code = code(ofSmall: number) { return code }
    if let code = code(addingSmall: number) { return code }
    return withUnsafeBytes(of: smallNumberWord(number).littleEndian) {
      code(for: UnsafeRawBufferPointer(rebasing: $0[..<Int($0[7])]))
    }
  }

  /// The code of the number's digits where it is small and was there; nil where they have to be written out.
  @inline(__always)
  func code(ofSmall number: Int) -> Int32? {
    guard small.covers(number) else { return nil }
    let code = small[number]
    return code >= 0 ? code : nil
  }

  /// The code of a small number, found by its value.
  @inline(__always)
  private mutating func smallCode(_ number: Int, _ word: UInt64) -> Int32 {
    if !small.covers(number) { small.cover(number, words) }
    let found = small[number]
    if found >= 0 { return found }
    let code = Int32(words.count)
    small[number] = code
    words.append(word)
    ends.append(arena.count)
    return code
  }

  public mutating func code(for label: String) -> Int32 {
    var label = label
    return label.withUTF8 { code(for: UnsafeRawBufferPointer($0)) }
  }

  /// The code of the label, or nil if it is not there.
  package func find(_ bytes: UnsafeRawBufferPointer) -> Int32? {
    let word = labelWord(bytes, seed)
    let number = smallNumber(word)
    if small.covers(number) { return small[number] >= 0 ? small[number] : nil }
    if slots.isEmpty { return nil }
    let found = probe(word, bytes).code
    return found >= 0 ? found : nil
  }

  package func find(_ label: String) -> Int32? {
    var label = label
    return label.withUTF8 { find(UnsafeRawBufferPointer($0)) }
  }

  /// The label of a code.
  ///
  /// Bytes that are no UTF-8, which tables are refused for, become U+FFFD.
  public func label(_ code: Int32) -> String {
    withBytes(of: code) { String(decoding: $0, as: UTF8.self) }
  }

  /// All labels, by code.
  public var labels: [String] { (0..<Int32(count)).map(label) }

  /// The bytes of a label, valid during the call.
  package func withBytes<R, E: Error>(
    of code: Int32, _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    let word = words[Int(code)]
    if !isLong(word) {
      return try withUnsafeBytes(of: word.littleEndian) { (bytes) throws(E) -> R in
        try body(UnsafeRawBufferPointer(rebasing: bytes[..<Int(word >> 56)]))
      }
    }
    let range = range(code)
    return try arena.withUnsafeBufferPointer { (bytes) throws(E) -> R in
      try body(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[range])))
    }
  }

  /// The first label that is no UTF-8, nil if all are.
  package var firstMalformed: Int32? {
    let highBits: UInt64 = 0x0080_8080_8080_8080
    let short = words.reduce(UInt64(0)) { $0 | (isLong($1) ? 0 : $1) }
    let long = arena.withUnsafeBufferPointer { $0.reduce(UInt8(0), |) }
    if short & highBits == 0, long < 0x80 { return nil }
    return (0..<Int32(count)).first { code in
      if !isLong(words[Int(code)]), words[Int(code)] & highBits == 0 { return false }
      return withBytes(of: code) { validText($0) == nil }
    }
  }

  /// The labels that some rows have, in order of first appearance, and the rows' codes among them.
  ///
  /// - Parameter codes: in this dictionary; negative ones stay as they are.
  func ofRows(_ codes: ArraySlice<Int32>) -> (labels: LevelDictionary, codes: [Int32]) {
    var labels = LevelDictionary()
    if isInOrder(codes) { return (self, Array(codes)) }
    guard count <= codes.count else {  // a map would be longer than the rows
      let own = codes.map { code in
        code < 0 ? code : withBytes(of: code) { labels.code(for: $0) }
      }
      return (labels, own)
    }
    var map = [Int32](repeating: -1, count: count)
    let own = codes.map { code in
      guard code >= 0 else { return code }
      if map[Int(code)] < 0 { map[Int(code)] = withBytes(of: code) { labels.code(for: $0) } }
      return map[Int(code)]
    }
    return (labels, own)
  }

  /// Whether the rows have all labels, and first meet them in their order.
  private func isInOrder(_ codes: ArraySlice<Int32>) -> Bool {
    codes.withUnsafeBufferPointer { codes in
      var next: Int32 = 0
      for code in codes where code >= next {
        if code > next { return false }
        next += 1
      }
      return next == count
    }
  }

  /// Adds the labels of `other`, in its order, and returns the code here of every code there.
  package mutating func merge(_ other: LevelDictionary) -> [Int32] {
    [Int32](unsafeUninitializedCapacity: other.count) { map, count in
      other.words.withUnsafeBufferPointer { words in
        var next = 0
        while next < words.count {
          next = findSmall(words, from: next, map)
          guard next < words.count else { break }
          map[next] = other.withBytes(of: Int32(next)) { code(for: $0) }
          next += 1
        }
      }
      count = other.count
    }
  }

  /// Finds the codes of labels up to one that is new or no small number, whose place is returned.
  ///
  /// First the numbers of some labels, then their codes, in a loop of few instructions: it waits for the memory of many
  /// codes at a time.
  private func findSmall(
    _ words: UnsafeBufferPointer<UInt64>, from first: Int, _ map: UnsafeMutableBufferPointer<Int32>
  ) -> Int {
    var start = first
    // One at first, for the next label may be new as well.
    var portion = 1
    while start < words.count {
      let end = min(start + portion, words.count)
      for k in start..<end { map[k] = Int32(truncatingIfNeeded: smallNumber(words[k])) }
      for k in start..<end {
        guard let code = code(ofSmall: Int(map[k])) else { return k }
        map[k] = code
      }
      (start, portion) = (end, min(4 * portion, 512))
    }
    return words.count
  }

  private func range(_ code: Int32) -> Range<Int> {
    (code == 0 ? 0 : ends[Int(code) - 1])..<ends[Int(code)]
  }

  /// Where the label is or belongs, and its code, −1 if it is not there.
  @inline(__always)
  private func probe(_ word: UInt64, _ bytes: UnsafeRawBufferPointer) -> (slot: Int, code: Int32) {
    let hash = slotHash(word, seed)
    let mask = slots.count - 1
    return slots.withUnsafeBufferPointer { slots in
      var slot = Int(hash) & mask
      while slots[slot] != freeSlot {
        let entry = slots[slot]
        let code = Int32(truncatingIfNeeded: entry)
        if entry >> 32 == hash, isLabel(code, word, bytes) { return (slot, code) }
        slot = (slot + 1) & mask
      }
      return (slot, -1)
    }
  }

  @inline(__always)
  private func isLabel(_ code: Int32, _ word: UInt64, _ bytes: UnsafeRawBufferPointer) -> Bool {
    words[Int(code)] == word && (!isLong(word) || isLongLabel(code, bytes))
  }

  @inline(never)
  private func isLongLabel(_ code: Int32, _ bytes: UnsafeRawBufferPointer) -> Bool {
    let range = range(code)
    return range.count == bytes.count
      && arena.withUnsafeBytes { equalBytes($0.baseAddress! + range.lowerBound, bytes) }
  }

  @inline(never)
  private mutating func grow() {
    var larger = [UInt64](
      repeating: freeSlot, count: max(64, (slots.count < 1 << 14 ? 4 : 2) * slots.count))
    let mask = larger.count - 1
    larger.withUnsafeMutableBufferPointer { larger in
      for entry in slots where entry != freeSlot {
        var slot = Int(entry >> 32) & mask
        while larger[slot] != freeSlot { slot = (slot + 1) & mask }
        larger[slot] = entry
      }
    }
    slots = larger
  }
}

private let freeSlot = UInt64.max

/// A small number where codes will stand: below −1.
@inline(__always)
func markedNumber(_ number: Int) -> Int32 { Int32(truncatingIfNeeded: -2 &- number) }

@inline(__always)
private func markedNumber(_ marked: Int32) -> Int { -2 &- Int(marked) }

