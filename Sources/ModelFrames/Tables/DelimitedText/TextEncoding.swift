// SPDX-License-Identifier: GPL-2.0-or-later

/// How the bytes of a table stand for characters.
public enum TextEncoding: String, Sendable, CaseIterable {
  case utf8 = "utf-8"
  /// ISO 8859-1: a byte is the number of its character.
  case latin1
  /// Latin 1 with letters and signs in place of the controls 128…159.
  case windows1252 = "windows-1252"
}

extension TextEncoding {
  /// These bytes as UTF-8.
  func utf8(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    guard self != .utf8 else { return Array(bytes) }
    var result: [UInt8] = []
    for byte in bytes {
      if byte < 0x80 {
        result.append(byte)
      } else {
        result.append(contentsOf: UTF8.encode(scalar(of: byte))!)
      }
    }
    return result
  }

  /// These bytes as text, nil if they are none.
  package func text(_ bytes: some Sequence<UInt8>) -> String? { validText(utf8(bytes)) }

  /// The character of one byte that is not ASCII.
  private func scalar(of byte: UInt8) -> Unicode.Scalar {
    guard self == .windows1252, byte < 0xA0 else { return Unicode.Scalar(byte) }
    return Unicode.Scalar(windows1252Letters[Int(byte) - 0x80]) ?? Unicode.Scalar(byte)
  }
}

/// Characters of the bytes 128…159; the five without a character are controls, as in browsers
/// (WHATWG Encoding Standard, index windows-1252).
private let windows1252Letters: [UInt16] = [
  0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
  0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
  0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
  0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178,
]

/// Text of another encoding as UTF-8.
final class TranscodedStream: ByteStream {
  private let source: any ByteStream
  private let encoding: TextEncoding
  private var ready: [UInt8] = []
  private var delivered = 0  // of `ready`
  private var scratch = [UInt8](repeating: 0, count: 1 << 16)

  var position: Int { source.position }

  init(_ source: any ByteStream, _ encoding: TextEncoding) {
    (self.source, self.encoding) = (source, encoding)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int {
    if delivered == ready.count {
      let count = try scratch.withUnsafeMutableBufferPointer { (bytes) throws(DataError) -> Int in
        try source.read(into: UnsafeMutableRawBufferPointer(bytes))
      }
      ready = encoding.utf8(scratch[..<count])
      delivered = 0
    }
    let count = min(buffer.count, ready.count - delivered)
    buffer.copyBytes(from: ready[delivered..<delivered + count])
    delivered += count
    return count
  }
}

/// Text in UTF-8, nil if the bytes are none.
func validText(_ bytes: some Sequence<UInt8>) -> String? {
  String(validating: bytes, as: UTF8.self)
}

extension DataError {
  /// Bytes where text was expected, in the column that they shall be a name or value of.
  static func notUTF8(
    _ bytes: some Collection<UInt8>, file: String, line: Int? = nil, column: String? = nil
  ) -> DataError {
    DataError(
      .notUTF8(isLatin1: bytes.allSatisfy { !(0x80..<0xA0).contains($0) }), file: file, line: line,
      column: column, value: String(decoding: bytes, as: UTF8.self))
  }
}
