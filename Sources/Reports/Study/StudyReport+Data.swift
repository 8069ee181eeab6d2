// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import Studies

extension Study {
  static let designColumns: [Column<StudyCell>] = [
    .text(json: "label", \.design.label),
    .json("varied") { .object($0.design.varied.map { ($0.name, .string($0.value)) }) },
    .count(json: "rows", \.rows),
    .json("groups") { .object($0.groups.map { ($0.name, .integer($0.levels)) }) },
    .records("methods", methodColumns) { cell in cell.methods.map { (cell, $0) } },
  ]

  private static let methodColumns: [Column<(StudyCell, StudyMethod)>] = [
    .text(json: "method", \.1.kind.rawValue), .count(json: "failed", \.1.failedCount),
    .number(json: "singular") { $0.1.singularShare?.value },
    .number(json: "singular_se") { $0.1.singularShare?.error },
    .records("parameters", parameterColumns) { cell, method in
      zip(cell.parameters, method.summaries).map { StudyRow(cell, method, $0, $1) }
    },
  ]

  /// A row for every parameter of every method of every design.
  var rows: [StudyRow] {
    cells.flatMap { cell in
      cell.methods.flatMap { method in
        zip(cell.parameters, method.summaries).map { StudyRow(cell, method, $0, $1) }
      }
    }
  }

  static let parameterFields: [Column<StudyRow>] =
    [
      .text(tidy: "design", \.cell.design.label), .count(tidy: "rows", \.cell.rows),
      .text(tidy: "method", \.method.kind.rawValue),
    ] + parameterColumns

  private static let parameterColumns: [Column<StudyRow>] =
    [
      .text(json: "name", \.parameter.name),
      .text(json: "kind", tidy: "kind", \.parameter.kind.rawValue),
      .text(json: "group", tidy: "group", \.parameter.group),
      .text(json: "term", tidy: "term", \.parameter.term),
      .number(json: "truth", tidy: "truth", \.parameter.truth),
      .count(json: "count", tidy: "count", \.summary.count),
      .number(json: "mean", tidy: "mean") { $0.summary.mean?.value },
    ] + figure("bias", tidy: "bias", \.bias) + [
      .number(json: "bias_expected", tidy: "bias.expected", \.summary.expectedBias)
    ] + figure("sd", tidy: "sd", \.deviation) + figure("rmse", tidy: "rmse", \.rootMeanSquare) + [
      .number(json: "mean_std_error", tidy: "mean.std.error", \.summary.meanStandardError)
    ] + figure("coverage", tidy: "coverage", \.coverage) + [
      .count(json: "intervals", tidy: "intervals", \.summary.intervalCount)
    ] + figure("profile_coverage", tidy: "profile.coverage", \.profileCoverage) + [
      .count(json: "profile_intervals", tidy: "profile.intervals", \.summary.profileCount),
      .count(json: "profile_failures", tidy: "profile.failures", \.summary.profileFailures),
    ] + figure("rejection", tidy: "rejection", \.rejection)

  /// A number and its Monte-Carlo error.
  private static func figure(
    _ json: String, tidy: String,
    _ figure: @escaping @Sendable (StudySummary) -> MonteCarloFigure?
  ) -> [Column<StudyRow>] {
    [
      .number(json: json, tidy: tidy) { figure($0.summary)?.value },
      .number(json: json + "_se", tidy: tidy + ".se") { figure($0.summary)?.error },
    ]
  }
}

/// What came out for one parameter.
struct StudyRow {
  let cell: StudyCell
  let method: StudyMethod
  let parameter: StudyParameter
  let summary: StudySummary

  init(
    _ cell: StudyCell, _ method: StudyMethod, _ parameter: StudyParameter, _ summary: StudySummary
  ) {
    (self.cell, self.method, self.parameter, self.summary) = (cell, method, parameter, summary)
  }
}
