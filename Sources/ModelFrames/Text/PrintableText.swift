// SPDX-License-Identifier: GPL-2.0-or-later

extension Unicode.Scalar {
  /// Whether it would steer a terminal, break a line, reorder or hide what stands around it, or is
  /// no character at all.
  ///
  /// Control characters (C0, DEL, C1), line and paragraph separators, marks of direction and other
  /// invisible ones but the joiners that scripts and emoji need, and Unicode's noncharacters.
  package var isUnprintable: Bool {
    if (0x20..<0x7F).contains(value) { return false }
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .surrogate: return true
    case .format: return value != 0x200C && value != 0x200D
    default: return properties.isNoncharacterCodePoint
    }
  }

  /// Itself, or Swift's escape for the eye: `\n`, `\u{1B}`.
  package var printable: String {
    isUnprintable ? escaped(asASCII: true) : String(self)
  }
}

/// Text from outside as people may see it: escaped scalar by scalar, since a Character can hide a
/// control character or a quote behind a combining mark.
///
/// - Parameters:
///   - text: a label, a name, a path, a message.
///   - limit: so many characters are kept, and four times as many scalars, then comes `…`.
///   - keeping: scalars that are left as they are, such as line feeds of text in several lines.
package func printableText(
  _ text: some StringProtocol, limit: Int = .max, keeping: Set<Unicode.Scalar> = []
) -> String {
  let isLong = limit < .max && text.utf8.count > limit
  let (kept, isCut) = isLong ? beginning(text, limit) : (text[...], false)
  guard kept.unicodeScalars.contains(where: { $0.isUnprintable && !keeping.contains($0) }) else {
    return String(kept) + (isCut ? "…" : "")
  }
  var result = ""
  for scalar in kept.unicodeScalars {
    if keeping.contains(scalar) {
      result.unicodeScalars.append(scalar)
    } else {
      result += scalar.printable
    }
  }
  return result + (isCut ? "…" : "")
}

/// At most `limit` characters, of which marks without number make no more than four scalars each.
private func beginning<Text: StringProtocol>(
  _ text: Text, _ limit: Int
) -> (Text.SubSequence, isCut: Bool) {
  var end = text.startIndex
  var (characters, scalars) = (0, 0)
  while end < text.endIndex {
    let next = text.index(after: end)
    scalars += text.unicodeScalars.distance(from: end, to: next)
    guard characters < limit, scalars <= 4 * limit else { break }
    (end, characters) = (next, characters + 1)
  }
  return (text[..<end], end < text.endIndex)
}
