// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension MatrixTable {
  /// A square matrix of reals in the Matrix Market's exchange format (Boisvert, Pozo & Remington 1996,
  /// NISTIR 5935), coordinate or array.
  ///
  /// Its levels are the lines of the file of the same name that ends in `.labels` in place of `.mtx`, or 1, 2, …
  ///
  /// - Throws: `DelimitedTextError`
  init(matrixMarket file: RelationshipFile) throws {
    let words = Self.words(file.text.records[0])
    guard words.count >= 5, words[1].lowercased() == "matrix",
      ["coordinate", "array"].contains(words[2].lowercased()),
      ["real", "integer", "double"].contains(words[3].lowercased()),
      ["symmetric", "general"].contains(words[4].lowercased())
    else {
      throw file.problem(
        file.text.lines[0],
        "not a real matrix, symmetric or general, in coordinate or array format")
    }
    let rest = zip(file.text.lines, file.text.records).dropFirst()
      .map { (line: $0, words: Self.words($1)) }
      .filter { !$0.words.isEmpty && $0.words[0].first != "%" }
    guard let size = rest.first, size.words.count >= 2, let n = Int(size.words[0]),
      n > 0, size.words[1] == size.words[0]
    else { throw file.problem(rest.first?.line, "the matrix is not square") }
    let labels = try Self.labels(file.path, count: n)
    try self.init(
      rest.dropFirst(), labels, file, isArray: words[2].lowercased() == "array",
      isSymmetric: words[4].lowercased() == "symmetric")
  }

  private init(
    _ lines: ArraySlice<(line: Int, words: [Substring])>, _ labels: [String],
    _ file: RelationshipFile, isArray: Bool, isSymmetric: Bool
  ) throws {
    var (row, column) = (0, 0)  // of the next value of an array
    let entries = try lines.map { line, words in
      let value = try Self.number(String(words.last!), file, line)
      if isArray {
        defer {
          row += 1
          if row == labels.count { (row, column) = (isSymmetric ? column + 1 : 0, column + 1) }
        }
        guard words.count == 1, column < labels.count else {
          throw file.problem(line, "not one value, or more than the matrix has")
        }
        return (row: labels[row], column: labels[column], value: value)
      }
      guard words.count == 3, let i = Int(words[0]), let j = Int(words[1]),
        (1...labels.count).contains(i), (1...labels.count).contains(j)
      else {
        throw file.problem(line, "not a row, a column up to \(labels.count) and a value")
      }
      return (row: labels[i - 1], column: labels[j - 1], value: value)
    }
    self.init(entries, lines: lines.map(\.line))
  }

  private static func words(_ fields: [String]) -> [Substring] {
    fields[0].split { $0 == " " || $0 == "\t" }
  }

  /// The lines of the file of the same name that ends in `.labels`, or 1, 2, …
  static func labels(_ path: String, count: Int) throws -> [String] {
    let hasEnding = path.hasSuffix(".mtx") || path.hasSuffix(".npy")
    let place = (hasEnding ? String(path.dropLast(4)) : path) + ".labels"
    guard access(place, F_OK) == 0 else { return (1...count).map(String.init) }
    let labels = try DelimitedText(contentsOf: place, .utf8).records.map { $0[0] }
    guard labels.count == count else {
      throw DelimitedTextError(
        name: place, line: nil,
        problem: "\(labels.count) labels for a matrix of \(count) rows")
    }
    return labels
  }
}
