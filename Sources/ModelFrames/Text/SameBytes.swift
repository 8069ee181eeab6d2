// SPDX-License-Identifier: GPL-2.0-or-later

extension String {
  /// Whether the bytes are the same; `==` holds for é written as one scalar and as two, too, which
  /// are two levels to R and to a reader of bytes.
  package func hasBytes(of other: String) -> Bool {
    // The first is quick where texts differ, as most do.
    self == other && utf8.elementsEqual(other.utf8)
  }
}

/// A label, equal only to one with the same bytes.
package struct ExactLabel: Hashable {
  private let bytes: [UInt8]

  package init(_ label: String) { bytes = Array(label.utf8) }
}
