// SPDX-License-Identifier: GPL-2.0-or-later

/// Pairs of codes ↔ dense codes 0, 1, … in order of first appearance (open addressing).
package struct PairDictionary: Sendable {
  /// Every pair by its own code, the left code in the upper half.
  package private(set) var keys: [UInt64] = []
  private var slots: [Int32] = Array(repeating: -1, count: 64)

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
    var (lastKey, lastCode) = (UInt64.max, Int32(-1))
    return a.indices.map { i in
      let key = Self.key(a[i], b[i])
      if key != lastKey { (lastKey, lastCode) = (key, code(key)) }
      return lastCode
    }
  }

  /// Adds the pairs of `other`, whose codes are `left` and `right` here, and returns the code here
  /// of every pair
  /// there.
  package mutating func merge(
    _ other: PairDictionary, left: [Int32], right: [Int32]
  ) -> [Int32] {
    other.keys.map { code(Self.translated($0, left, right)) }
  }

  /// A key in other codes.
  @inline(__always)
  static func translated(_ key: UInt64, _ left: [Int32], _ right: [Int32]) -> UInt64 {
    Self.key(left[Int(key >> 32)], right[Int(UInt32(truncatingIfNeeded: key))])
  }

  /// The code of a pair, a new one if it was not seen before.
  @inline(__always)
  mutating func code(_ key: UInt64) -> Int32 {
    if keys.count * 2 >= slots.count { grow() }
    let mask = slots.count - 1
    var slot = Self.slot(key, mask: mask)
    while slots[slot] >= 0 {
      let candidate = slots[slot]
      if keys[Int(candidate)] == key { return candidate }
      slot = (slot + 1) & mask
    }
    let code = Int32(keys.count)
    slots[slot] = code
    keys.append(key)
    return code
  }

  /// The code of a pair, nil if it was never seen.
  package func find(_ a: Int32, _ b: Int32) -> Int32? {
    let key = Self.key(a, b)
    let mask = slots.count - 1
    var slot = Self.slot(key, mask: mask)
    while slots[slot] >= 0 {
      let candidate = slots[slot]
      if keys[Int(candidate)] == key { return candidate }
      slot = (slot + 1) & mask
    }
    return nil
  }

  @inline(never)
  private mutating func grow() {
    var larger = [Int32](repeating: -1, count: slots.count * 4)
    let mask = larger.count - 1
    for (code, key) in keys.enumerated() {
      var slot = Self.slot(key, mask: mask)
      while larger[slot] >= 0 { slot = (slot + 1) & mask }
      larger[slot] = Int32(code)
    }
    slots = larger
  }

  @inline(__always)
  private static func slot(_ key: UInt64, mask: Int) -> Int {
    let mixed = (key ^ (key >> 29)) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: mixed >> 32) & mask
  }
}
