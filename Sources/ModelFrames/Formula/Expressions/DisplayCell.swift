// SPDX-License-Identifier: GPL-2.0-or-later

/// A character as a terminal shows it.
struct DisplayCell {
  let text: String
  /// Terminal columns.
  let width: Int

  init(_ character: Character) {
    if character == "\t" {
      (text, width) = (" ", 1)
    } else if character.unicodeScalars.contains(where: \.isUnprintable) {
      text = printableText(String(character))
      width = text.count
    } else {
      // A pile of marks would hide what stands above.
      text = String(String.UnicodeScalarView(character.unicodeScalars.prefix(16)))
      let first = character.unicodeScalars.first!
      width = DisplayCell.isCombining(first) ? 0 : DisplayCell.isWide(first) ? 2 : 1
    }
  }

  /// `text` with control characters escaped, cut after 60 characters.
  static func printable(_ text: String) -> String {
    printableText(text, limit: 60)
  }

  private static func isCombining(_ scalar: Unicode.Scalar) -> Bool {
    let category = scalar.properties.generalCategory
    return category == .nonspacingMark || category == .enclosingMark || category == .format
  }

  /// East Asian wide and fullwidth blocks and the emoji, by Unicode's EastAsianWidth.txt.
  private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
      0x1F680...0x1F6FF, 0x1F900...0x1FAFF, 0x20000...0x3FFFD:
      true
    default: false
    }
  }
}
