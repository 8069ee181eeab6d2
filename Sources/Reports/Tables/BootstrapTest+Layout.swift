// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// A bootstrap likelihood-ratio test. `p_naive` is from χ², `p_value_se` the Monte-Carlo error.
extension BootstrapTest: Reportable {
  public static let layout = ReportLayout<BootstrapTest>(
    [
      .title { test in
        "Parametric bootstrap of the \(test.criterionKind == .reml ? "restricted " : "")likelihood-ratio test, \(test.replicates.count) replicates (seed \(test.seed))"
      }, .lines { ["Null:        \($0.smaller)", "Alternative: \($0.larger)"] },
      .data(
        .text(json: "formula0", \.smaller), .text(json: "formula", \.larger),
        .text(json: "criterion", \.criterionKind.rawValue),
        .count(json: "seed") { Int(clamping: $0.seed) },
        .count(json: "replicates", \.replicates.count), .count(json: "failed", \.failedCount),
        .count(json: "singular", \.singularCount), .number(json: "statistic", \.statistic),
        .count(json: "df", \.df), .number(json: "p_naive", \.naivePValue),
        .number(json: "p_value", \.pValue),
        .number(json: "p_value_se", \.pValueStandardError)), .paragraph(\.resultLines),
      .table(
        { [$0] },
        columns: { _ in
          [
            .text(tidy: "term", \.larger), .number(tidy: "statistic", \.statistic),
            .count(tidy: "df", \.df), .number(tidy: "p.value", \.pValue),
            .number(tidy: "p.value.se", \.pValueStandardError),
            .number(tidy: "p.naive", \.naivePValue),
            .count(tidy: "replicates", \.replicates.count), .count(tidy: "failed", \.failedCount),
          ]
        }), .notes(),
    ],
    notes: { test in
      bootstrapNotes(
        failed: test.failedCount, singular: test.singularCount, of: test.replicates.count)
        + test.messages
    })

  private var resultLines: [String] {
    let p = PValueColumn([pValue]).cells[0]
    let error = tableCells([pValueStandardError], digits: 2)[0]
    let naive = PValueColumn([naivePValue]).cells[0]
    return [
      "LRT = \(tableCells([statistic])[0]) on \(df) degree\(df == 1 ? "" : "s") of freedom",
      "Pr(>LRT) by simulation: \(p) (Monte-Carlo standard error \(error))",
      "Pr(>Chisq), naive:      \(naive)",
    ]
  }
}
