// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Testing

/// A covariate that is no factor but for how it was written is never one without a word.
@Suite struct MisreadCovariateTests {
  static let scores: [Double] = [
    16, 17, 18, 22, 16, 17, 22, 19, 13, 17, 21, 22, 18, 21, 23, 22, 25, 25, 29, 29,
    24, 30, 29, 28, 25, 21, 25, 26, 21, 23, 22, 24, 19, 23, 26, 22, 21, 19, 21, 24,
    20, 17, 26, 25, 19, 23, 22, 22, 23, 22, 26, 27, 19, 27, 25, 24, 22, 25, 22, 28,
    24, 25, 26, 29, 23, 22, 28, 29, 23, 24, 27, 22, 16, 23, 26, 30, 20, 24, 24, 21,
  ]

  /// Twenty people, four doses each.
  func table(_ doses: [String], separator: String = ";") -> DataSource {
    var text = ["id", "dose", "score"].joined(separator: separator) + "\n"
    for (row, score) in Self.scores.enumerated() {
      text +=
        ["p\(row / 8)", doses[row % doses.count], "\(Int(score))"].joined(separator: separator)
        + "\n"
    }
    return .bytes(Array(text.utf8), name: "t.csv")
  }

  func fit(
    _ doses: [String], _ formula: String = "score ~ dose + (1 | id)",
    _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> Fit {
    var options = FitOptions()
    change(&options)
    return try Fit(Formula(formula), data: [table(doses)], options: options)
  }

  func error(_ doses: [String], _ formula: String = "score ~ dose + (1 | id)") -> String {
    do {
      return "none: \(try fit(doses, formula).fixedEffects)"
    } catch {
      return "\(error)"
    }
  }

  /// R 4.2.2, lme4 1.1-31: read.csv2.
  @Test func `decimal commas are refused, and read where they are named`() throws {
    let doses = ["0", "0,25", "0,5", "0,75"]
    #expect(
      error(doses) == """
        t.csv, line 3: "0,25" in column "dose" has a decimal comma. Read decimals with a comma: \
        ReadingOptions.decimalComma = true; if the column is categorical, add ReadingOptions.categoricalColumns = ["dose"].
        """)
    #expect(error(doses, "score ~ log1p(dose) + (1 | id)").contains("(“0,25” in t.csv, line 3)"))
    #expect(error(doses, "score ~ log1p(dose) + (1 | id)").hasSuffix("ReadingOptions.decimalComma = true."))
    let read = try fit(doses) { $0.reading.decimalComma = true }
    #expect(abs(read.criterion - 371.775913835) < 1e-7)
    #expect(abs(read.fixedEffects[1].estimate! - 6.14) < 1e-9)
    // As a factor, if that is what it is.
    #expect(try fit(doses) { $0.reading.categoricalColumns = ["dose"] }.fixedEffects.count == 4)
    #expect(
      try fit(doses, "score ~ factor(dose) + (1 | id)") { $0.reading.decimalComma = true }
        .fixedEffects.map(\.name)
        == ["(Intercept)", "factor(dose)0.25", "factor(dose)0.5", "factor(dose)0.75"])
  }

  @Test(arguments: [".", "NULL", "null", "N/A", "-", "?", "#N/A"])
  func `words for missing values in half of a column`(word: String) throws {
    let doses = ["1", word, word, "2.5", word]
    #expect(
      error(doses).hasPrefix(
        "t.csv, line 3: \"\(word)\" in column \"dose\" stands among numbers such as 1. If it means missing, add ReadingOptions.missingTexts = [\"\(word)\"]; "
      ))
    let read = try fit(doses) { $0.reading.missingTexts = [word] }
    #expect(read.fixedEffects.map(\.name) == ["(Intercept)", "dose"] && read.observations == 32)
  }

  @Test func `in whatever order`() {
    for doses in [[".", ".", ".", "1", "2"], ["1", ".", ".", ".", "2"]] {
      let message = error(doses)
      #expect(message.contains("\".\" in column \"dose\" stands among numbers such as 1."))
    }
    #expect(error(["1", "2", "3", "."]).contains("\".\" in numeric column"))
  }

  @Test func `factors that are meant so are no reason for a word`() throws {
    for doses in [
      ["1", "control", "none", "other"], ["a", ".", "b", "c"], ["-", "+", "0", "++"],
    ] {
      #expect(try fit(doses).fixedEffects.count == 4, "\(doses)")
    }
    #expect(throws: Never.self) { try fit(["1", "2"], "score ~ 1 + (1 | id) + (1 | dose)") }
  }
}
