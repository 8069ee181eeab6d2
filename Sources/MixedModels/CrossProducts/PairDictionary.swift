// SPDX-License-Identifier: GPL-2.0-or-later

/// Pairs of codes ↔ dense codes 0, 1, … in order of first appearance (open addressing).
package struct PairDictionary: Sendable {
  /// Left and right code of every pair, by its own code.
  package private(set) var left: [Int32] = []
  package private(set) var right: [Int32] = []
  private var slots: [Int32] = Array(repeating: -1, count: 64)

  package init() {}

  package var count: Int { left.count }

  /// The code of a pair, a new one if it was not seen before.
  package mutating func code(_ a: Int32, _ b: Int32) -> Int32 {
    if left.count * 2 >= slots.count { grow() }
    var slot = Self.slot(a, b, mask: slots.count - 1)
    while slots[slot] >= 0 {
      let candidate = slots[slot]
      if left[Int(candidate)] == a && right[Int(candidate)] == b { return candidate }
      slot = (slot + 1) & (slots.count - 1)
    }
    let code = Int32(left.count)
    slots[slot] = code
    left.append(a)
    right.append(b)
    return code
  }

  /// The code of a pair, nil if it was never seen.
  package func find(_ a: Int32, _ b: Int32) -> Int32? {
    var slot = Self.slot(a, b, mask: slots.count - 1)
    while slots[slot] >= 0 {
      let candidate = slots[slot]
      if left[Int(candidate)] == a && right[Int(candidate)] == b { return candidate }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  private mutating func grow() {
    slots = Array(repeating: -1, count: slots.count * 4)
    for code in left.indices {
      var slot = Self.slot(left[code], right[code], mask: slots.count - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(code)
    }
  }

  private static func slot(_ a: Int32, _ b: Int32, mask: Int) -> Int {
    let key = UInt64(UInt32(bitPattern: a)) << 32 | UInt64(UInt32(bitPattern: b))
    let mixed = (key ^ (key >> 29)) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: mixed >> 32) & mask
  }
}
