// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames
import Synchronization

/// `COLUMN=CODING` of `--contrasts`; a coding that begins with `@` names a file with a matrix, and the
/// column `*` means all factors that are not named.
struct ContrastArgument {
  enum Coding {
    case named(Contrast)
    case file(String)
  }

  let column: String
  let coding: Coding

  /// Words for codings.
  static let words = "treatment, sum, deviation, sdif, helmert, poly"

  var isForAll: Bool { column == "*" }

  init(_ argument: String) throws {
    let (column, name) = try columnAssignment(
      argument, option: "--contrasts", value: "treatment|sum|deviation|sdif|helmert|poly|@FILE.csv")
    self.column = column
    switch name {
    case "treatment": coding = .named(.treatment)
    case "sum": coding = .named(.sum)
    case "helmert": coding = .named(.helmert)
    case "poly": coding = .named(.polynomial)
    case "deviation": coding = .named(.deviation)
    case "sdif": coding = .named(.successiveDifferences)
    case _ where name.hasPrefix("@") && name.count > 1 && column != "*":
      coding = .file(String(name.dropFirst()))
    case _ where name.hasPrefix("@") && column == "*":
      throw ValidationError(
        "--contrasts '*': a matrix has the levels of one factor. Name the factor instead of *.")
    default:
      throw ValidationError(
        "--contrasts \(column): no coding is called '\(name)'. "
          + "There are \(Self.words) and @FILE.csv.")
    }
  }

  /// Reads the matrix if the coding is a file, in UTF-8 or else in `encoding`.
  func contrast(_ encoding: TextEncoding) throws -> Contrast {
    switch coding {
    case .named(let contrast): contrast
    case .file(let path): try Self.matrix(path, encoding)
    }
  }

  /// A file is read once, whatever the number of models, as a pipe can only be.
  private static func matrix(_ path: String, _ encoding: TextEncoding) throws -> Contrast {
    try matrices.withLock { known in
      if let matrix = known[path] { return matrix }
      let matrix = try contrastMatrix(path: path, encoding)
      known[path] = matrix
      return matrix
    }
  }

  private static let matrices = Mutex([String: Contrast]())
}

/// A contrast matrix from a CSV file: the header line names the contrasts, the first column the
/// levels.
private func contrastMatrix(path: String, _ encoding: TextEncoding) throws -> Contrast {
  let text = try DelimitedText(contentsOf: path, encoding)
  guard let header = text.records.first, header.count > 1, text.records.count > 1 else {
    throw DelimitedTextError(
      name: path, line: nil,
      problem: "a contrast matrix has a header line with the names of the contrasts and one line "
        + "per level, the level's name first")
  }
  let rows = text.records.dropFirst()
  let values = try zip(rows, text.lines.dropFirst()).map { row, line in
    guard row.count == header.count else {
      throw DelimitedTextError(
        name: path, line: line, problem: "\(row.count) fields, the header has \(header.count)")
    }
    return try row.dropFirst().map { field in
      guard let value = Double(field), value.isFinite else {
        throw DelimitedTextError(name: path, line: line, problem: "'\(field)' is no number")
      }
      return value
    }
  }
  return .matrix(
    levels: rows.map { $0[0] }, columns: Array(header.dropFirst()), values: values)
}
