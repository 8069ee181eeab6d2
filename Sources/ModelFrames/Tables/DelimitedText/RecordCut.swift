// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The last record end outside quotes in a growing text that begins with a record.
struct RecordCut {
  /// Bytes up to and with the last record end, 0 if there is none yet.
  var end = 0
  /// Where the quote opened that is open at the end of the text.
  private(set) var openQuote: Int?
  private var scanned = 0

  /// Goes on where the last call stopped.
  ///
  /// `atEnd`: no more text will follow.
  mutating func scan(
    _ text: UnsafePointer<UInt8>, _ count: Int, separator: UInt8, atEnd: Bool
  ) {
    while scanned < count {
      let found = memchr(text + scanned, Int32(quote), count - scanned)
      let next = found.map { UnsafeRawPointer($0) - UnsafeRawPointer(text) }
      if openQuote != nil {
        guard let next else { scanned = count; return }
        if next + 1 == count, !atEnd {  // may be the first of a doubled quote
          scanned = next
          return
        }
        if next + 1 < count, text[next + 1] == quote {
          scanned = next + 2
        } else {
          scanned = next + 1
          openQuote = nil
        }
      } else {
        if let last = lastLineFeed(text, scanned..<(next ?? count)) { end = last + 1 }
        guard let next else { scanned = count; return }
        if next == 0 || text[next - 1] == separator || text[next - 1] == lineFeed {
          openQuote = next
        }
        scanned = next + 1
      }
    }
  }
}

private func lastLineFeed(_ text: UnsafePointer<UInt8>, _ range: Range<Int>) -> Int? {
  var i = range.upperBound
  while i > range.lowerBound {
    i -= 1
    if text[i] == lineFeed { return i }
  }
  return nil
}

/// Number of line feeds in the first `count` bytes, eight bytes at a time.
func countLineFeeds(_ text: UnsafePointer<UInt8>, _ count: Int) -> Int {
  let ones: UInt64 = 0x0101_0101_0101_0101
  let low7 = ones &* 0x7f
  let bytes = UnsafeRawPointer(text)
  var total = 0
  var i = 0
  while i + 8 <= count {
    let blockEnd = min(count - 7, i + 255 * 8)
    var sums: UInt64 = 0  // in each byte at most 255
    while i < blockEnd {
      let x = bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self) ^ ones &* UInt64(lineFeed)
      sums &+= (~((x & low7) &+ low7 | x) >> 7) & ones  // 1 in every byte of x that is zero
      i += 8
    }
    let pairs = (sums & 0x00ff_00ff_00ff_00ff) &+ (sums >> 8 & 0x00ff_00ff_00ff_00ff)
    total += Int((pairs &* 0x0001_0001_0001_0001) >> 48)
  }
  while i < count {
    if text[i] == lineFeed { total += 1 }
    i += 1
  }
  return total
}
