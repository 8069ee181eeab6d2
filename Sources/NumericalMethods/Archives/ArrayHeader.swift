// SPDX-License-Identifier: GPL-2.0-or-later

/// What NumPy's format .npy says before an array's values: their type and the lengths, the last
/// index running fastest.
package struct ArrayHeader: Sendable, Equatable {
  package enum Element: String, Sendable, CaseIterable {
    case double = "<f8"
    case int32 = "<i4"
    case byte = "|u1"

    package var size: Int {
      switch self {
      case .double: 8
      case .int32: 4
      case .byte: 1
      }
    }
  }

  package let element: Element
  package let shape: [Int]

  package init(_ element: Element, _ shape: [Int]) { (self.element, self.shape) = (element, shape) }

  /// Bytes of all values; nil if there are too many to count.
  package var byteCount: Int? {
    shape.reduce(element.size as Int?) { product, length in
      guard let (value, overflow) = product?.multipliedReportingOverflow(by: length), !overflow
      else { return nil }
      return value
    }
  }

  /// Version 1.0 of the format; values begin at a multiple of 64.
  package var bytes: [UInt8] {
    let lengths = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var text =
      "{'descr': '\(element.rawValue)', 'fortran_order': False, 'shape': (\(lengths)), }"
    text += String(repeating: " ", count: 63 - (Self.magic.count + 2 + text.utf8.count) % 64) + "\n"
    let count = text.utf8.count
    return Self.magic + [UInt8(count & 255), UInt8(count >> 8)] + Array(text.utf8)
  }

  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
  /// No header of ours is longer.
  static let longest = 4 * 64

  /// Reads what `bytes` writes and nothing else; `start` may go on behind the header.
  init?(_ start: [UInt8]) {
    guard start.count > 10, start.starts(with: Self.magic) else { return nil }
    let count = 10 + Int(start[8]) + Int(start[9]) << 8
    guard count <= start.count else { return nil }
    let fields = String(decoding: start[10..<count], as: UTF8.self)
      .split(separator: "'", omittingEmptySubsequences: false)
    guard fields.count == 9, let element = Element(rawValue: String(fields[3])) else { return nil }
    let lengths = fields[8].filter { $0 == "," || ("0"..."9").contains($0) }.split(separator: ",")
    self.init(element, lengths.compactMap { Int($0) })
    guard Array(start[..<count]) == bytes else { return nil }
  }
}
