// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// Pairs of codes ↔ dense codes 0, 1, … in order of first appearance.
///
/// The first pair of every code of one side is found by that code; nested factors have no others.
/// Further ones are in a table (open addressing).
package struct PairDictionary: Sendable {
  /// Every pair by its own code, the left code in the upper half.
  package private(set) var keys: [UInt64] = []
  /// The first pair of a code of the side with more codes, −1: none yet.
  private var firsts: [Int32] = []
  /// Where that side is in a key.
  private var firstsShift: UInt64 = 0
  /// The other pairs.
  private var slots: [Int32] = []
  private var slotted = 0
  private let seed = HashSeed.ofProcess

  package init() {}

  package var count: Int { keys.count }

  /// Left and right code of every pair, by its own code.
  package var left: Side { Side(keys: keys, shift: 32) }
  package var right: Side { Side(keys: keys, shift: 0) }

  package struct Side {
    fileprivate let keys: [UInt64]
    fileprivate let shift: UInt64

    package subscript(code: Int) -> Int32 { Int32(truncatingIfNeeded: keys[code] >> shift) }
  }

  @inline(__always)
  static func key(_ a: Int32, _ b: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: a)) << 32 | UInt64(UInt32(bitPattern: b))
  }

  /// The codes of pairs, new ones for those that were not seen before.
  package mutating func codes(_ a: [Int32], _ b: [Int32]) -> [Int32] {
    precondition(a.count == b.count, "a code has no partner")
    if keys.isEmpty { firstsShift = (a.max() ?? 0) > (b.max() ?? 0) ? 32 : 0 }
    var (lastKey, lastCode) = (UInt64.max, Int32(-1))
    return a.indices.map { i in
      let key = Self.key(a[i], b[i])
      if key != lastKey { (lastKey, lastCode) = (key, code(key)) }
      return lastCode
    }
  }

  /// Adds the pairs of `other`, whose codes are `left` and `right` here, and returns the code here
  /// of every pair there.
  package mutating func merge(
    _ other: PairDictionary, left: [Int32], right: [Int32]
  ) -> [Int32] {
    if keys.isEmpty { firstsShift = other.firstsShift }
    return other.keys.map { code(Self.translated($0, left, right)) }
  }

  /// A key in other codes.
  @inline(__always)
  static func translated(_ key: UInt64, _ left: [Int32], _ right: [Int32]) -> UInt64 {
    Self.key(left[Int(key >> 32)], right[Int(UInt32(truncatingIfNeeded: key))])
  }

  /// The code of a pair, a new one if it was not seen before.
  @inline(__always)
  mutating func code(_ key: UInt64) -> Int32 {
    let own = owner(key)
    if own >= firsts.count { extendFirsts(own) }
    let first = firsts[own]
    if first < 0 {
      firsts[own] = Int32(keys.count)
    } else if keys[Int(first)] == key {
      return first
    } else {
      if slotted * 2 >= slots.count { grow() }
      let (slot, found) = probe(key)
      if found >= 0 { return found }
      slots[slot] = Int32(keys.count)
      slotted += 1
    }
    keys.append(key)
    return Int32(keys.count - 1)
  }

  /// The code of a pair, nil if it was never seen.
  package func find(_ a: Int32, _ b: Int32) -> Int32? {
    let key = Self.key(a, b)
    let own = owner(key)
    guard own < firsts.count, firsts[own] >= 0 else { return nil }
    if keys[Int(firsts[own])] == key { return firsts[own] }
    if slots.isEmpty { return nil }
    let found = probe(key).code
    return found >= 0 ? found : nil
  }

  @inline(__always)
  private func owner(_ key: UInt64) -> Int { Int(UInt32(truncatingIfNeeded: key >> firstsShift)) }

  /// Where the pair is or belongs among the others, and its code, −1 if it is not there.
  @inline(__always)
  private func probe(_ key: UInt64) -> (slot: Int, code: Int32) {
    let mask = slots.count - 1
    var slot = Self.slot(key, seed, mask: mask)
    while slots[slot] >= 0 {
      if keys[Int(slots[slot])] == key { return (slot, slots[slot]) }
      slot = (slot + 1) & mask
    }
    return (slot, -1)
  }

  @inline(never)
  private mutating func extendFirsts(_ own: Int) {
    let more = max(own + 1, 2 * firsts.count, 64) - firsts.count
    firsts.append(contentsOf: repeatElement(-1, count: more))
  }

  @inline(never)
  private mutating func grow() {
    var larger = [Int32](repeating: -1, count: max(64, slots.count * 4))
    let mask = larger.count - 1
    for code in slots where code >= 0 {
      var slot = Self.slot(keys[Int(code)], seed, mask: mask)
      while larger[slot] >= 0 { slot = (slot + 1) & mask }
      larger[slot] = code
    }
    slots = larger
  }

  @inline(__always)
  private static func slot(_ key: UInt64, _ seed: HashSeed, mask: Int) -> Int {
    let first = (key ^ seed.first).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    let second = (first.high ^ first.low ^ seed.second) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: second >> 32) & mask
  }
}
