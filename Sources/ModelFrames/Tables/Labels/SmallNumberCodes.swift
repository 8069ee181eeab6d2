// SPDX-License-Identifier: GPL-2.0-or-later

/// Codes of labels that are small numbers, found by the number itself: a look at four bytes instead
/// of a search.
///
/// Covers the numbers below a bound, and has the codes of all labels that are such numbers.
struct SmallNumberCodes: Sendable {
  private var codes: [Int32] = []  // by number, −1: not there

  /// So many numbers for each label at most, and those below a bound that a cache holds the codes of.
  private static let (spread, always) = (16, 1 << 17)
  /// Numbers covered at first.
  private static let least = 1 << 10

  @inline(__always)
  func covers(_ number: Int) -> Bool { UInt(bitPattern: number) < UInt(bitPattern: codes.count) }

  /// Whether a number that is not covered should be, given how many labels there are.
  @inline(__always)
  func shouldCover(_ number: Int, labels: Int) -> Bool {
    number >= 0 && number < Self.spread * labels + Self.always
  }

  /// Raises the bound above `number`; `words` are the labels so far, by code.
  @inline(never)
  mutating func cover(_ number: Int, _ words: [UInt64]) {
    var bound = max(Self.least, 2 * codes.count)
    while bound <= number { bound *= 2 }
    codes = Array(repeating: -1, count: bound)
    for (code, word) in words.enumerated() {
      let number = smallNumber(word)
      if covers(number) { codes[number] = Int32(code) }
    }
  }

  @inline(__always)
  subscript(number: Int) -> Int32 {
    get { codes[number] }
    set { codes[number] = newValue }
  }
}

/// Numbers below are of at most seven digits, which a word holds.
let smallNumberLimit = 10_000_000

/// The word of the label that is a small number's digits.
@inline(__always)
func smallNumberWord(_ number: Int) -> UInt64 {
  let digits = eightDigits(UInt64(number))
  let count = 8 &- UInt64(min(digits.trailingZeroBitCount &>> 3, 7))
  let shift = 64 &- 8 &* count
  return (digits | zeroDigits) &>> shift | count &<< 56
}

/// The number that a label's word spells in decimal digits without leading zeros, below 10⁷; −1 if
/// it spells none.
@inline(__always)
func smallNumber(_ word: UInt64) -> Int {
  let count = word >> 56
  guard count &- 1 < 7, count == 1 || word & 0xFF != UInt64(UInt8(ascii: "0")) else { return -1 }
  let shift = 64 &- 8 &* count
  let digits = (word ^ zeroDigits) &<< shift
  return areDigits(digits) ? Int(numberOfEightDigits(digits)) : -1
}
