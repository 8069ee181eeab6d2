// SPDX-License-Identifier: GPL-2.0-or-later

/// An input, taken apart from its front: first bytes choose, the rest is text.
struct InputBytes {
  private var rest: UnsafeRawBufferPointer.SubSequence

  init(_ bytes: UnsafeRawBufferPointer) { rest = bytes[...] }

  /// Below `bound`; 0 at the end.
  mutating func choice(_ bound: Int) -> Int {
    guard let byte = rest.popFirst() else { return 0 }
    return Int(byte) % bound
  }

  var remaining: [UInt8] { Array(rest) }
  /// What is not UTF-8 is replaced, as for an argument of a command.
  var text: String { String(decoding: rest, as: UTF8.self) }
}

/// Whatever the library says of an input, as its users print it: wording may fail as well.
func saying(_ body: () throws -> Void) {
  do { try body() } catch { _ = "\(error)".utf8.count }
}
