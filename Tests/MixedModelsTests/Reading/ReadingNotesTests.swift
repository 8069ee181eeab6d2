// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Testing

/// What a fit says of how its rows were read, and what it does not.
@Suite struct ReadingNotesTests {
  /// The table with a column more, by row.
  private func notes(
    _ column: (Int) -> String, _ formula: String = "y ~ x + c + (1 | id)",
    _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> [String] {
    var options = FitOptions()
    change(&options)
    let lines = ItemTable().text().split(separator: "\n")
    let text = lines.enumerated().map { "\($1),\($0 == 0 ? "c" : column($0 - 1))\n" }.joined()
    return try CrossProducts(
      Formula(formula), data: [.bytes(Array(text.utf8), name: "t.csv")], options: options
    ).notes
  }

  @Test func `dates are a factor, which is said`() throws {
    for date in ["2024-03-0", "3.0", "1/2/200"] {
      let found = try notes { date.contains("3.0") ? "0\($0 % 4).03.2024" : date + "\($0 % 4)" }
      #expect(
        found == [
          "column c has become a factor of 4 levels: it holds dates. For a trend write them as numbers, such as days"
        ])
    }
  }

  @Test func `texts among numbers are a factor, which is said with the first of them`() throws {
    let found = try notes { $0 % 8 < 5 ? "lost \($0 % 2)" : "\($0 % 8)" }
    #expect(
      found == [
        "column c has become a factor of 5 levels because of texts among its numbers, the first of them “lost 0” (t.csv, line 2); if it means missing, add ReadingOptions.missingTexts"
      ])
  }

  @Test(arguments: ["5%", "$5", "€5", "5 000"])
  func `numbers with signs are a factor, which is said`(text: String) throws {
    let found = try notes { text.replacing("5", with: "\(5 + $0 % 4)") }
    #expect(
      found == [
        "column c has become a factor of 4 levels: it holds texts such as “\(text)”. If they are numbers, write them without signs for percent, money or thousands"
      ])
  }

  @Test func `texts of many levels are said`() throws {
    let found = try notes { "text \($0 % 21)" }
    #expect(found.count == 1)
    #expect(
      found[0].hasPrefix(
        "column c has become a factor of 21 levels: it holds texts such as “text 0”"))
  }

  @Test func `ordinary factors and what the user says is one are no reason for a word`() throws {
    #expect(try notes { "t\($0 % 20)" } == [])
    #expect(try notes { $0 % 2 == 0 ? "TRUE" : "F" } == [])
    #expect(try notes({ "t\($0 % 24)" }, "y ~ x + factor(c) + (1 | id)") == [])
    #expect(try notes({ "t\($0 % 24)" }, "y ~ x + (1 | id) + (1 | c)") == [])
    #expect(
      try notes({ "t\($0 % 24)" }, "y ~ x + c + (1 | id)") { $0.reading.categoricalColumns = ["c"] }
        == [])
  }

  @Test func `a text for missing values that no column has is said`() throws {
    let found = try notes({ "\($0 % 5)" }, "y ~ x + c + (1 | id)") {
      $0.reading.missingTexts = ["-99", "4", "."]
    }
    #expect(
      found == [
        "no column that the model uses has the text “-99”, which was said to mean missing",
        "no column that the model uses has the text “.”, which was said to mean missing",
      ])
  }

  @Test func `columns without any value are named`() throws {
    func error(_ text: String) -> String {
      do {
        _ = try Fit(
          Formula("y ~ x + z + (1 | g)"), data: [.bytes(Array(text.utf8), name: "t.csv")])
        return "no error"
      } catch { return "\(error)" }
    }
    #expect(
      error("y,x,z,g\n1,2,,a\n2,1,NA,a\n3,2,,b\n") == """
        no rows are left: “z” has no value in any of the 3 rows. Take that column out of the model, \
        or check how the table was exported.
        """)
    #expect(
      error("y,x,z,g\n1,2,,a\n2,NA,1,a\n").hasPrefix("no rows are left: all 2 have a missing value")
    )
  }
}
