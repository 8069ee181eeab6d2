// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// Confidence intervals, laid out as R's `confint` does. `parameter` is lme4's name, `effect`, `group`
/// and `term` are broom.mixed's; `message` is null unless a limit is missing.
public struct ConfidenceReport: Reportable {
  private let title: String
  private let method: String
  private let formula: String
  private let level: Double
  private let intervals: [ConfidenceInterval]
  private let messages: [String]

  public static let layout = ReportLayout<ConfidenceReport>(
    [
      .title(\.title), .fact("formula", "Formula", \.formula),
      .data(.text(json: "method", \.method), .number(json: "level", \.level)),
      .table(
        json: "intervals", \.intervals, label: \.parameter.name, footnotes: \.legend, width: 120,
        columns: columns), .notes(),
    ],
    notes: { report in
      report.intervals.compactMap { interval in
        interval.message.map { "\(interval.parameter.name): \($0)" }
      } + report.messages
    })

  /// Of profiles.
  public init(_ profile: Profile) {
    title =
      profile.isRefitted
      ? "Profile likelihood intervals, by maximum likelihood (the fit by REML has other estimates)"
      : "Profile likelihood intervals"
    (method, formula, level) = ("profile", profile.formula, profile.level)
    (intervals, messages) = (profile.intervals, profile.messages)
  }

  /// Of Wald's method.
  public init(
    wald intervals: [ConfidenceInterval], _ fitted: FittedModel, level: Double,
    _ method: DegreesOfFreedomMethod
  ) {
    title = "Wald intervals, coefficients by \(method.title)"
    (self.method, formula, self.level) = ("wald", fitted.fit.formula, level)
    self.intervals = intervals
    messages =
      intervals.contains { $0.parameter.kind != .fixed }
      ? ["standard deviations on the scale of logarithms, correlations on that of Fisher's z"] : []
  }

  /// Of a bootstrap.
  public init(
    bootstrap intervals: [ConfidenceInterval], _ bootstrap: Bootstrap, level: Double,
    kind: BootstrapInterval.Kind
  ) {
    title =
      "\(kind == .basic ? "Basic" : "Percentile") bootstrap intervals, \(bootstrap.replicates.count) replicates (seed \(bootstrap.seed))"
    (method, formula, self.level) = ("bootstrap", bootstrap.formula, level)
    self.intervals = intervals
    messages = bootstrapNotes(
      failed: bootstrap.failedCount, singular: bootstrap.singularCount,
      of: bootstrap.replicates.count)
  }

  @Sendable private static func columns(
    _ report: ConfidenceReport?
  ) -> [Column<ConfidenceInterval>] {
    let tail = 100 * (1 - (report?.level ?? 0.95)) / 2
    return [
      .text(json: "parameter", \.parameter.name),
      .text(json: "effect", tidy: "effect", \.parameter.tidyEffect),
      .text(json: "group", tidy: "group", \.parameter.tidyGroup),
      .text(json: "term", tidy: "term", \.parameter.tidyTerm),
      .number(json: "estimate", tidy: "estimate", header: "Estimate", \.estimate),
      limit("lower", "conf.low", percent(tail), \.lower, \.lowerAtBound),
      limit("upper", "conf.high", percent(100 - tail), \.upper, \.upperAtBound),
      .flag(json: "lower_at_bound", tidy: "low.at.bound", \.lowerAtBound),
      .flag(json: "upper_at_bound", tidy: "high.at.bound", \.upperAtBound),
      .text(json: "message", tidy: "message", \.message),
    ]
  }

  /// A star marks the edge; limits that are missing are NA.
  private static func limit(
    _ json: String, _ tidy: String, _ header: String,
    _ limit: @escaping @Sendable (ConfidenceInterval) -> Double?,
    _ isBound: @escaping @Sendable (ConfidenceInterval) -> Bool
  ) -> Column<ConfidenceInterval> {
    var column = Column.number(json: json, tidy: tidy, header: header, limit)
    column.cells = { intervals in
      let cells = NumberColumn(intervals.map(limit), digits: TableDigits.of(5)).cells
      let marks = intervals.map(isBound)
      guard marks.contains(true) else { return cells }
      return zip(cells, marks).map { $0 + ($1 ? "*" : " ") }
    }
    return column
  }

  /// R's `format(…, digits = 3)`: `2.5 %`.
  private static func percent(_ value: Double) -> String {
    NumberColumn([value], digits: 4).cells[0] + " %"
  }

  private var legend: [String] {
    intervals.contains { $0.lowerAtBound || $0.upperAtBound }
      ? ["* the edge of what the parameter can be"] : []
  }
}
