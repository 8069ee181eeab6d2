// SPDX-License-Identifier: GPL-2.0-or-later

/// A bootstrap likelihood-ratio test.
///
/// JSON: `formula0`, `formula`, `criterion`, `seed`, `replicates`, `failed`, `singular`, `statistic`,
/// `df`, `p_naive` (from χ²), `p_value`, `p_value_se` (its Monte-Carlo error), `messages`.
public struct BootstrapTestReport: InferenceReport {
  private let test: BootstrapTest
  public let notes: [String]

  public init(_ test: BootstrapTest, notes: [String] = []) {
    self.test = test
    self.notes =
      bootstrapNotes(
        failed: test.failedCount, singular: test.singularCount, of: test.replicates.count)
      + test.messages + notes
  }

  public var summary: String {
    let statistic = tableCells([test.statistic])[0]
    let p = PValueColumn([test.pValue]).cells[0]
    let error = tableCells([test.pValueStandardError], digits: 2)[0]
    let naive = PValueColumn([test.naivePValue]).cells[0]
    let kind = test.criterionKind == .reml ? "restricted " : ""
    let lines = [
      "Parametric bootstrap of the \(kind)likelihood-ratio test, \(test.replicates.count) replicates (seed \(test.seed))",
      "Null:        \(test.smaller.printable)", "Alternative: \(test.larger.printable)", "",
      "LRT = \(statistic) on \(test.df) degree\(test.df == 1 ? "" : "s") of freedom",
      "Pr(>LRT) by simulation: \(p) (Monte-Carlo standard error \(error))",
      "Pr(>Chisq), naive:      \(naive)",
    ]
    return (lines + noteLines(notes)).joined(separator: "\n") + "\n"
  }

  public var json: String {
    JSONValue.object([
      ("formula0", .string(test.smaller)), ("formula", .string(test.larger)),
      ("criterion", .string(test.criterionKind.rawValue)),
      ("seed", .integer(Int(clamping: test.seed))), ("replicates", .integer(test.replicates.count)),
      ("failed", .integer(test.failedCount)), ("singular", .integer(test.singularCount)),
      ("statistic", .number(test.statistic)), ("df", .integer(test.df)),
      ("p_naive", .optional(test.naivePValue)), ("p_value", .number(test.pValue)),
      ("p_value_se", .number(test.pValueStandardError)), ("messages", .strings(notes)),
    ]).document
  }

  public var tidy: String {
    var text = "term,statistic,df,p.value,p.value.se,p.naive,replicates,failed\n"
    text.writeRecord([
      .text(test.larger), .number(test.statistic), .integer(test.df), .number(test.pValue),
      .number(test.pValueStandardError), .number(test.naivePValue),
      .integer(test.replicates.count), .integer(test.failedCount),
    ])
    return text
  }
}
