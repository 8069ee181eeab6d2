// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// A file that says how the levels of a grouping factor hang together; what it is, its first lines say.
package struct RelationshipFile {
  package let path: String
  /// Empty for an array of NumPy.
  let text: DelimitedText
  let array: NumPyMatrix?

  /// - Throws: `DelimitedTextError` if it cannot be read.
  package init(_ path: String) throws {
    self.path = path
    let bytes = try DelimitedText.bytes(of: path, limit: 1 << 32)
    if bytes.starts(with: NumPyMatrix.magic) {
      array = try NumPyMatrix(bytes, name: path)
      text = try DelimitedText("", name: path)
    } else {
      array = nil
      text = try DelimitedText(bytes, name: path, .utf8)
    }
  }

  package func problem(_ line: Int?, _ words: String) -> DelimitedTextError {
    DelimitedTextError(name: path, line: line, problem: words)
  }

  /// Lines after the header, with at least the columns that are named.
  ///
  /// - Throws: `DelimitedTextError`
  func lines(_ columns: String) throws -> [(line: Int, fields: [String])] {
    guard text.records.count > 1 else {
      throw problem(nil, "there is nothing after a header line with \(columns)")
    }
    return try zip(text.lines, text.records).dropFirst().map { line, fields in
      guard fields.count >= 3 else { throw problem(line, "\(fields.count) fields, not \(columns)") }
      return (line, fields)
    }
  }
}
