// SPDX-License-Identifier: GPL-2.0-or-later

/// Confidence intervals, laid out as R's `confint` does.
///
/// JSON: `formula`, `method`, `level`, `intervals`, `messages`; an interval has `parameter` (lme4's
/// name), `effect`, `group` and `term` (broom.mixed's), `estimate`, `lower`, `upper`,
/// `lower_at_bound`, `upper_at_bound`, and `message`, which is null unless a limit is missing.
public struct ConfidenceReport: InferenceReport {
  private let title: String
  private let method: String
  private let formula: String
  private let level: Double
  private let intervals: [ConfidenceInterval]
  public let notes: [String]

  /// Of profiles.
  public init(_ profile: Profile, notes: [String] = []) {
    self.init(
      title: profile.isRefitted
        ? "Profile likelihood intervals, by maximum likelihood (the fit by REML has other estimates)"
        : "Profile likelihood intervals",
      method: "profile", formula: profile.formula, level: profile.level,
      intervals: profile.intervals, notes: profile.messages + notes)
  }

  /// Of Wald's method.
  public init(
    wald intervals: [ConfidenceInterval], _ fitted: FittedModel, level: Double,
    _ method: DegreesOfFreedomMethod, notes: [String] = []
  ) {
    let scales =
      intervals.contains { $0.parameter.kind != .fixed }
      ? ["standard deviations on the scale of logarithms, correlations on that of Fisher's z"] : []
    self.init(
      title: "Wald intervals, coefficients by \(method.title)", method: "wald",
      formula: fitted.fit.formula, level: level, intervals: intervals, notes: scales + notes)
  }

  /// Of a bootstrap.
  public init(
    bootstrap intervals: [ConfidenceInterval], _ bootstrap: Bootstrap, level: Double,
    kind: BootstrapInterval.Kind, notes: [String] = []
  ) {
    self.init(
      title:
        "\(kind == .basic ? "Basic" : "Percentile") bootstrap intervals, \(bootstrap.replicates.count) replicates (seed \(bootstrap.seed))",
      method: "bootstrap", formula: bootstrap.formula, level: level, intervals: intervals,
      notes: bootstrapNotes(
        failed: bootstrap.failedCount, singular: bootstrap.singularCount,
        of: bootstrap.replicates.count) + notes)
  }

  private init(
    title: String, method: String, formula: String, level: Double,
    intervals: [ConfidenceInterval], notes: [String]
  ) {
    (self.title, self.method, self.formula) = (title, method, formula)
    (self.level, self.intervals) = (level, intervals)
    let named = intervals.compactMap { interval in
      interval.message.map { "\(interval.parameter.name): \($0)" }
    }
    self.notes = named + notes
  }

  public var summary: String {
    let tail = 100 * (1 - level) / 2
    let lines =
      [title, "Formula: \(formula.printable)", ""]
      + TextTable(
        rowLabels: intervals.map(\.parameter.name),
        columns: [
          ("Estimate", tableCells(intervals.map(\.estimate))),
          (Self.percent(tail), limits(\.lower, \.lowerAtBound)),
          (Self.percent(100 - tail), limits(\.upper, \.upperAtBound)),
        ], alignment: .right
      ).lines(width: 120)
    let isBounded = intervals.contains { $0.lowerAtBound || $0.upperAtBound }
    let legend = isBounded ? ["* the edge of what the parameter can be"] : []
    return (lines + legend + noteLines(notes)).joined(separator: "\n") + "\n"
  }

  /// A star marks the edge; limits that are missing are NA.
  private func limits(
    _ limit: KeyPath<ConfidenceInterval, Double?>, _ isBound: KeyPath<ConfidenceInterval, Bool>
  ) -> [String] {
    let cells = NumberColumn(intervals.map { $0[keyPath: limit] }, digits: 5).cells
    let marks = intervals.map { $0[keyPath: isBound] }
    guard marks.contains(true) else { return cells }
    return zip(cells, marks).map { $0 + ($1 ? "*" : " ") }
  }

  /// R's `format(…, digits = 3)`: `2.5 %`.
  private static func percent(_ value: Double) -> String {
    NumberColumn([value], digits: 4).cells[0] + " %"
  }

  public var json: String {
    JSONValue.object([
      ("formula", .string(formula)), ("method", .string(method)), ("level", .number(level)),
      (
        "intervals",
        .array(
          intervals.map { interval in
            .object([
              ("parameter", .string(interval.parameter.name)),
              ("effect", .string(interval.parameter.tidyEffect)),
              ("group", .optional(interval.parameter.tidyGroup)),
              ("term", .string(interval.parameter.tidyTerm)),
              ("estimate", .optional(interval.estimate)), ("lower", .optional(interval.lower)),
              ("upper", .optional(interval.upper)),
              ("lower_at_bound", .bool(interval.lowerAtBound)),
              ("upper_at_bound", .bool(interval.upperAtBound)),
              ("message", .optional(interval.message)),
            ])
          })
      ),
      ("messages", .strings(notes)),
    ]).document
  }

  public var tidy: String {
    var text =
      "effect,group,term,estimate,conf.low,conf.high,low.at.bound,high.at.bound,message\n"
    for interval in intervals {
      let parameter = interval.parameter
      text.writeRecord([
        .text(parameter.tidyEffect), parameter.tidyGroup.map(DelimitedField.text) ?? .missing,
        .text(parameter.tidyTerm), .number(interval.estimate), .number(interval.lower),
        .number(interval.upper), .text(interval.lowerAtBound ? "TRUE" : "FALSE"),
        .text(interval.upperAtBound ? "TRUE" : "FALSE"),
        interval.message.map(DelimitedField.text) ?? .missing,
      ])
    }
    return text
  }
}

extension Profile {
  /// All curves as CSV: `parameter,value,zeta,deviance`.
  public var curveTable: String {
    var text = "parameter,value,zeta,deviance\n"
    for curve in curves {
      for point in curve.points {
        text.writeRecord([
          .text(curve.parameter.name), .number(point.value), .number(point.zeta),
          .number(point.deviance),
        ])
      }
    }
    return text
  }
}
