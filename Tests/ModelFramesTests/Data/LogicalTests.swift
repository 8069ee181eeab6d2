// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Testing

/// R's `type.convert` takes T, TRUE, True and true for logicals; t and f, which PostgreSQL writes, are
/// ours.
@Suite struct LogicalTests {
  func kind(_ values: [String]) throws -> ColumnKind {
    let text = "b\n" + values.map { $0 + "\n" }.joined()
    return try TableReader([.bytes(Array(text.utf8), name: "t.csv")]).kind(of: "b")
  }

  func levels(_ values: [String]) -> [String] {
    var dictionary = LevelDictionary()
    for value in values { _ = dictionary.code(for: value) }
    return sortedLevels(dictionary).labels
  }

  @Test(arguments: [
    ["TRUE", "FALSE"], ["T", "F"], ["True", "False"], ["true", "false"], ["t", "f"],
    ["TRUE", "True", "f", "t"], ["T", "TRUE", "False"],
  ])
  func `ways to write logicals`(values: [String]) throws {
    #expect(try kind(values) == .logical)
    #expect(levels(values) == ["FALSE", "TRUE"])
    let numbers = try readNumbers("b", "b\n" + values.joined(separator: "\n"))
    #expect(numbers == values.map { $0.lowercased().hasPrefix("t") ? 1 : 0 })
  }

  @Test(arguments: [
    ["T", "t"], ["F", "M"], ["f", "m"], ["tRUE", "FALSE"], ["TRUE", "yes"], ["t", "F", "T"],
    ["Ture", "False"], ["fALSE", "TRUE"],
  ])
  func `texts that are no logicals, or not throughout`(values: [String]) throws {
    #expect(try kind(values) == .categorical)
    #expect(levels(values) == values.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
  }

  /// Later rows may tell more.
  @Test func `t or f alone are texts as levels`() throws {
    #expect(levels(["f"]) == ["f"] && levels(["t"]) == ["t"])
    #expect(levels(["T"]) == ["TRUE"] && levels(["F"]) == ["FALSE"])
  }

  @Test func `levels are found by their meaning, whoever wrote them`() {
    func codes(_ fitted: [String], _ later: [String]) -> [Int32] {
      var (a, b) = (LevelDictionary(), LevelDictionary())
      for label in fitted { _ = a.code(for: label) }
      for label in later { _ = b.code(for: label) }
      return LevelFinder(a).codes(of: b)
    }
    #expect(codes(["FALSE", "TRUE"], ["True", "f", "1", "0", "2", "x"]) == [1, 0, 1, 0, -1, -1])
    #expect(codes(["t", "f"], ["TRUE", "False", "1.0"]) == [0, 1, 0])
    #expect(codes(["0", "1"], ["TRUE", "f", "1.0"]) == [1, 0, 1])
    // One number among others, and letters that are no logicals.
    #expect(codes(["1", "2"], ["TRUE", "1.0"]) == [-1, 0])
    #expect(codes(["T", "t"], ["TRUE", "1", "t"]) == [-1, -1, 1])
    #expect(codes(["F", "M"], ["FALSE", "F", "0"]) == [-1, 0, -1])
  }
}
