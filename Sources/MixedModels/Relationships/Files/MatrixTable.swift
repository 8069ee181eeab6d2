// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// Entries of a matrix over levels, as a file has them.
struct MatrixTable {
  let entries: [(row: String, column: String, value: Double)]
  /// Of every entry; none where the file has no lines.
  private let lines: [Int]

  init(_ entries: [(row: String, column: String, value: Double)], lines: [Int]) {
    (self.entries, self.lines) = (entries, lines)
  }

  /// Two levels and a number of every line after the header.
  ///
  /// - Throws: `DelimitedTextError`
  init(entries file: RelationshipFile) throws {
    let lines = try file.lines("level, level and value")
    self.lines = lines.map(\.line)
    entries = try lines.map { line, fields in
      (fields[0], fields[1], try Self.number(fields[2], file, line))
    }
  }

  /// A row and a column of every level; one triangle may be empty.
  ///
  /// - Throws: `DelimitedTextError`
  init(square file: RelationshipFile) throws {
    let header = file.text.records[0]
    var (entries, lines) = ([(row: String, column: String, value: Double)](), [Int]())
    for (line, fields) in zip(file.text.lines, file.text.records).dropFirst() {
      guard fields.count == header.count else {
        throw file.problem(
          line, "\(fields.count - 1) values, where the header has \(header.count - 1) levels")
      }
      for (column, field) in zip(header, fields).dropFirst() where field != "" {
        entries.append((fields[0], column, try Self.number(field, file, line)))
        lines.append(line)
      }
    }
    self.init(entries, lines: lines)
  }

  static func number(_ field: String, _ file: RelationshipFile, _ line: Int) throws -> Double {
    guard let value = Double(field), value.isFinite else {
      throw file.problem(line, "'\(field)' is no number")
    }
    return value
  }

  /// Where what an error names is there for the last time.
  func line(of error: RelationshipError) -> Int? {
    guard !lines.isEmpty else { return nil }
    func last(_ isMeant: (String, String) -> Bool) -> Int? {
      entries.lastIndex { isMeant($0.row, $0.column) }.map { lines[$0] }
    }
    switch error {
    case .noDiagonal(let name):
      return last { $0.hasBytes(of: name) || $1.hasBytes(of: name) }
    case .notPositive(let name, _):
      return last { $0.hasBytes(of: name) && $1.hasBytes(of: name) }
    case .repeated(let a, let b), .asymmetric(let a, let b, _, _):
      return last {
        ($0.hasBytes(of: a) && $1.hasBytes(of: b)) || ($0.hasBytes(of: b) && $1.hasBytes(of: a))
      }
    default: return nil
    }
  }
}
