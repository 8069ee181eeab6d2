// SPDX-License-Identifier: GPL-2.0-or-later

/// Labels and their codes 0, 1, … in order of first appearance.
///
/// Labels are byte strings, equal only if all bytes are: one arena of bytes and one open-addressing
/// table, no String per row.
package struct LevelDictionary: Sendable {
  private var arena: [UInt8] = []
  private var ends: [Int] = []  // label c is arena[ends[c - 1]..<ends[c]]
  private var hashes: [UInt32] = []  // of label c
  private var slots: [Int32] = []  // codes, -1 = free; a power of two, at most half full

  package init() {}

  package var count: Int { ends.count }

  /// The code of the label, a new one if it was not there.
  ///
  /// At most 2³¹ − 1 labels.
  package mutating func code(for bytes: UnsafeRawBufferPointer) -> Int32 {
    if 2 * ends.count >= slots.count { grow() }
    let hash = labelHash(bytes)
    let mask = slots.count - 1
    var slot = Int(hash) & mask
    while true {
      let code = slots[slot]
      if code < 0 { break }
      if hashes[Int(code)] == hash, isLabel(code, bytes) { return code }
      slot = (slot + 1) & mask
    }
    let code = Int32(ends.count)
    slots[slot] = code
    hashes.append(hash)
    arena.append(contentsOf: bytes)
    ends.append(arena.count)
    return code
  }

  package mutating func code(for label: String) -> Int32 {
    var label = label
    return label.withUTF8 { code(for: UnsafeRawBufferPointer($0)) }
  }

  /// The code of the label, or nil if it is not there.
  package func find(_ bytes: UnsafeRawBufferPointer) -> Int32? {
    if slots.isEmpty { return nil }
    let hash = labelHash(bytes)
    let mask = slots.count - 1
    var slot = Int(hash) & mask
    while slots[slot] >= 0 {
      let code = slots[slot]
      if hashes[Int(code)] == hash, isLabel(code, bytes) { return code }
      slot = (slot + 1) & mask
    }
    return nil
  }

  package func find(_ label: String) -> Int32? {
    var label = label
    return label.withUTF8 { find(UnsafeRawBufferPointer($0)) }
  }

  /// The label of a code; bytes that are no UTF-8 become U+FFFD.
  package func label(_ code: Int32) -> String {
    String(decoding: arena[range(code)], as: UTF8.self)
  }

  /// All labels, by code.
  package var labels: [String] { (0..<Int32(count)).map(label) }

  /// The bytes of a label, valid during the call.
  package func withBytes<R, E: Error>(
    of code: Int32, _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    let range = range(code)
    return try arena.withUnsafeBufferPointer { (bytes) throws(E) -> R in
      try body(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[range])))
    }
  }

  /// Adds the labels of `other`, in its order, and returns the code here of every code there.
  package mutating func merge(_ other: LevelDictionary) -> [Int32] {
    var codes: [Int32] = []
    codes.reserveCapacity(other.count)
    other.arena.withUnsafeBytes { bytes in
      var start = 0
      for end in other.ends {
        codes.append(code(for: UnsafeRawBufferPointer(rebasing: bytes[start..<end])))
        start = end
      }
    }
    return codes
  }

  private func range(_ code: Int32) -> Range<Int> {
    (code == 0 ? 0 : ends[Int(code) - 1])..<ends[Int(code)]
  }

  @inline(__always)
  private func isLabel(_ code: Int32, _ bytes: UnsafeRawBufferPointer) -> Bool {
    let range = range(code)
    if range.count != bytes.count { return false }
    if range.isEmpty { return true }
    return arena.withUnsafeBytes { equalBytes($0.baseAddress! + range.lowerBound, bytes) }
  }

  private mutating func grow() {
    let size = max(64, 2 * slots.count)
    slots = [Int32](repeating: -1, count: size)
    for (code, hash) in hashes.enumerated() {
      var slot = Int(hash) & (size - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (size - 1) }
      slots[slot] = Int32(code)
    }
  }
}

@inline(__always)
private func equalBytes(_ a: UnsafeRawPointer, _ b: UnsafeRawBufferPointer) -> Bool {
  guard let other = b.baseAddress else { return true }
  var i = 0
  while i + 8 <= b.count {
    if a.loadUnaligned(fromByteOffset: i, as: UInt64.self)
      != other.loadUnaligned(fromByteOffset: i, as: UInt64.self)
    {
      return false
    }
    i += 8
  }
  while i < b.count {
    if a.load(fromByteOffset: i, as: UInt8.self) != other.load(fromByteOffset: i, as: UInt8.self) {
      return false
    }
    i += 1
  }
  return true
}

/// Multiply-and-fold over words of eight bytes; the last word is short.
@inline(__always)
private func labelHash(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
  let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15
  var state = UInt64(truncatingIfNeeded: bytes.count) &* multiplier
  var i = 0
  while i + 8 <= bytes.count {
    let word = bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self)
    let product = (state ^ word).multipliedFullWidth(by: multiplier)
    state = product.high ^ product.low
    i += 8
  }
  var word: UInt64 = 0
  while i < bytes.count {
    word = word << 8 | UInt64(bytes[i])
    i += 1
  }
  let product = (state ^ word).multipliedFullWidth(by: multiplier)
  state = product.high ^ product.low
  return UInt32(truncatingIfNeeded: state ^ (state >> 32))
}
