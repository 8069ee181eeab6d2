// SPDX-License-Identifier: GPL-2.0-or-later

/// A text that equals another only if all their bytes do, as in R.
///
/// `String` takes canonically equivalent texts for one: é as a single character, and e followed by an
/// accent. Two levels of a factor may differ in just that, and so may the coefficients named after
/// them.
package struct Label: Hashable, Comparable, Sendable {
  package let text: String

  package init(_ text: String) { self.text = text }

  package static func == (a: Label, b: Label) -> Bool { a.text.hasBytes(of: b.text) }

  package func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }

  /// By bytes, which is the order of the characters' numbers.
  package static func < (a: Label, b: Label) -> Bool {
    a.text.utf8.lexicographicallyPrecedes(b.text.utf8)
  }
}

extension String {
  /// Whether both are the same bytes; see `Label`.
  package func hasBytes(of other: String) -> Bool {
    // The first is quick where texts differ, as most do.
    self == other && utf8.elementsEqual(other.utf8)
  }
}

extension Collection<String> {
  /// The first element with the same bytes; see `Label`.
  package func firstIndex(ofLabel label: String) -> Index? {
    firstIndex { $0.hasBytes(of: label) }
  }

  package func containsLabel(_ label: String) -> Bool { firstIndex(ofLabel: label) != nil }
}
