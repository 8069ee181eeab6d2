// SPDX-License-Identifier: GPL-2.0-or-later

/// TRUE, True, true, T and t are 1, FALSE, False, false, F and f are 0, all else is nil: what R,
/// pandas and PostgreSQL write.
///
/// Surrounding blanks do not count. Whether a column is logical only its other values tell: see
/// `LogicalWords`.
func readLogical(_ field: UnsafeBufferPointer<UInt8>) -> Bool? {
  let (first, last) = trimmed(field)
  let text = field[first..<last]
  switch last - first {
  case 1:
    switch field[first] {
    case UInt8(ascii: "T"), UInt8(ascii: "t"): return true
    case UInt8(ascii: "F"), UInt8(ascii: "f"): return false
    default: return nil
    }
  case 4: return isWord(text, "true") ? true : nil
  case 5: return isWord(text, "false") ? false : nil
  default: return nil
  }
}

/// Whether the text is `word`, all small, all large, or small after a large first letter.
private func isWord(_ text: Slice<UnsafeBufferPointer<UInt8>>, _ word: StaticString) -> Bool {
  let isSmall = text.map { $0 & 0x20 != 0 }
  guard isSmall.dropFirst().allSatisfy({ $0 == isSmall.last }), isSmall.last! || !isSmall[0]
  else { return false }
  return word.withUTF8Buffer { zip(text, $0).allSatisfy { lowercase($0) == $1 } }
}

/// Which ways to write TRUE and FALSE a column's values follow, looked at one by one.
///
/// T and t in one column are two things, such as alleles, and t or f alone says nothing: a column of
/// men's data may be m throughout and one of women's f.
struct LogicalWords {
  private var words = false
  private var large = false  // T, F
  private var small = (true: false, false: false)  // t, f
  private(set) var areAllLogical = true

  mutating func add(_ field: UnsafeBufferPointer<UInt8>) {
    guard areAllLogical else { return }
    guard let value = readLogical(field) else {
      areAllLogical = false
      return
    }
    let (first, last) = trimmed(field)
    if last - first > 1 {
      words = true
    } else if field[first] < UInt8(ascii: "a") {
      large = true
    } else if value {
      small.true = true
    } else {
      small.false = true
    }
    if large, small.true || small.false { areAllLogical = false }
  }

  /// Whether the values are logical, these being all there are.
  var areLogical: Bool {
    guard areAllLogical else { return false }
    return words || large || (small.true && small.false)
  }
}
