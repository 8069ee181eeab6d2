// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A short comma-separated text, such as a list of levels or a contrast matrix, held in memory.
package struct DelimitedText {
  /// Fields without their quotes; empty lines are left out.
  package private(set) var records: [[String]] = []
  /// The 1-based line on which each record starts.
  package private(set) var lines: [Int] = []

  /// - Throws: `DelimitedTextError` if a quoted field is never closed.
  package init(_ text: String, name: String) throws(DelimitedTextError) {
    var fields: [String] = []
    var field = ""
    var (isQuoted, wasQuoted) = (false, false)
    var (line, start) = (1, 1)
    var characters = Array(text.unicodeScalars)[...]
    if characters.first == "\u{FEFF}" { characters.removeFirst() }
    if characters.last != "\n" { characters.append("\n") }

    while let character = characters.popFirst() {
      if character == "\n" { line += 1 }
      switch character {
      case "\"" where isQuoted && characters.first == "\"":
        characters.removeFirst()
        field.append("\"")
      case "\"" where isQuoted: isQuoted = false
      case _ where isQuoted: field.unicodeScalars.append(character)
      case "\"" where field.isEmpty: (isQuoted, wasQuoted) = (true, true)
      case ",":
        fields.append(field)
        (field, wasQuoted) = ("", false)
      case "\r" where characters.first == "\n": break
      case "\n":
        if !fields.isEmpty || !field.isEmpty || wasQuoted {
          records.append(fields + [field])
          lines.append(start)
        }
        (fields, field, wasQuoted, start) = ([], "", false, line)
      default: field.unicodeScalars.append(character)
      }
    }
    guard !isQuoted else {
      throw DelimitedTextError(name: name, line: start, problem: "a quote is never closed")
    }
  }

  /// Reads a file of at most `limit` bytes, in UTF-8 or else in `encoding`.
  /// - Throws: `DelimitedTextError` with the system's words if it cannot be read.
  package init(
    contentsOf path: String, _ encoding: TextEncoding, limit: Int = 1 << 24
  ) throws(DelimitedTextError) {
    try self.init(Self.bytes(of: path, limit: limit), name: path, encoding)
  }

  /// The bytes of a file, at most `limit`.
  /// - Throws: `DelimitedTextError` with the system's words if it cannot be read.
  package static func bytes(of path: String, limit: Int) throws(DelimitedTextError) -> [UInt8] {
    func fail(_ problem: String) -> DelimitedTextError {
      DelimitedTextError(name: path, line: nil, problem: problem)
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw fail(String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw fail(String(cString: strerror(errno))) }
      if count == 0 { break }
      bytes += buffer[..<count]
      guard bytes.count <= limit else { throw fail("more than \(limit >> 20) MiB, which is too large") }
    }
    return bytes
  }

  /// In UTF-8 or else in `encoding`.
  /// - Throws: `DelimitedTextError`
  package init(_ bytes: [UInt8], name: String, _ encoding: TextEncoding) throws(DelimitedTextError) {
    guard let text = String(validating: bytes, as: UTF8.self) ?? encoding.text(bytes) else {
      throw DelimitedTextError(
        name: name, line: nil, problem: "is not UTF-8 text. Name its encoding: \(Setting.encoding())")
    }
    try self.init(text, name: name)
  }
}

/// Why a short text could not be read, in words.
package struct DelimitedTextError: Error, CustomStringConvertible {
  package let name: String
  package let line: Int?
  package let problem: String

  package init(name: String, line: Int?, problem: String) {
    (self.name, self.line, self.problem) = (name, line, problem)
  }

  package var description: String {
    let place: MessageText = line.map { "\(name), line \($0)" } ?? "\(name)"
    return ("\(place): \(problem)" as MessageText).description
  }
}
