// SPDX-License-Identifier: GPL-2.0-or-later

private let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15

/// A label of up to seven bytes is its word, the count in the top byte; that byte is 255 over the
/// hash of longer ones.
@inline(__always)
func labelWord(_ bytes: UnsafeRawBufferPointer, _ seed: HashSeed) -> UInt64 {
  let count = bytes.count
  guard count > 0, let base = bytes.baseAddress else { return 0 }
  if count > 7 { return longWord(base, count, seed) }
  var word: UInt64
  if count >= 4 {
    let low = UInt32(littleEndian: base.loadUnaligned(as: UInt32.self))
    let high = UInt32(littleEndian: base.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
    word = UInt64(high) << UInt64(8 * (count - 4)) | UInt64(low)
  } else {
    word = UInt64(base.load(as: UInt8.self))
    let (middle, last) = (count / 2, count - 1)
    word |= UInt64(base.load(fromByteOffset: middle, as: UInt8.self)) << UInt64(8 * middle)
    word |= UInt64(base.load(fromByteOffset: last, as: UInt8.self)) << UInt64(8 * last)
  }
  return word | UInt64(count) << 56
}

@inline(__always)
func isLong(_ word: UInt64) -> Bool { word >> 56 == 255 }

@inline(__always)
func slotHash(_ word: UInt64, _ seed: HashSeed) -> UInt64 {
  folded(folded(word ^ seed.first) ^ seed.second) >> 32
}

@inline(__always)
private func folded(_ state: UInt64) -> UInt64 {
  let product = state.multipliedFullWidth(by: multiplier)
  return product.high ^ product.low
}

/// Multiply-and-fold over words of eight bytes, the last one overlapping the one before.
@inline(__always)
private func longWord(_ base: UnsafeRawPointer, _ count: Int, _ seed: HashSeed) -> UInt64 {
  var state = UInt64(count) &* multiplier ^ seed.first
  var i = 0
  while i < count {
    let offset = min(i, count - 8)
    state = folded(state ^ word8(base, offset))
    i += 8
  }
  return folded(state ^ seed.second) | 255 << 56
}

@inline(__always)
private func word8(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt64 {
  bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
}

/// At least eight bytes, compared as words, the last one overlapping the one before.
@inline(__always)
func equalBytes(_ a: UnsafeRawPointer, _ b: UnsafeRawBufferPointer) -> Bool {
  let other = b.baseAddress!
  var i = 0
  while i < b.count {
    let offset = min(i, b.count - 8)
    if word8(a, offset) != word8(other, offset) { return false }
    i += 8
  }
  return true
}
