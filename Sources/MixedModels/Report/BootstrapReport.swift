// SPDX-License-Identifier: GPL-2.0-or-later

/// Bootstrap intervals of all parameters of a fit.
///
/// JSON: `formula`, `criterion`, `seed`, `replicates`, `failed`, `singular`, `level`, `messages`, and
/// `parameters`, an array of `name` (lme4's), `kind` (`fixed`, `sd`, `cor`, `sigma`, `theta`), `group`,
/// `term`, `estimate`, `std_error`, `bias`, `used` (replicates in which it is defined), `conf_low`,
/// `conf_high` (percentiles), `basic_low`, `basic_high`.
public struct BootstrapReport: InferenceReport {
  private let bootstrap: Bootstrap
  private let level: Double
  private let intervals: [BootstrapInterval]
  public let notes: [String]

  public init(_ bootstrap: Bootstrap, level: Double = 0.95, notes: [String] = []) {
    (self.bootstrap, self.level) = (bootstrap, level)
    intervals = bootstrap.intervals(level: level)
    var own = bootstrapNotes(
      failed: bootstrap.failedCount, singular: bootstrap.singularCount,
      of: bootstrap.replicates.count)
    if bootstrap.replicates.count < Bootstrap.leastCount(level: level) {
      own.append(
        "with so few replicates the limits are hardly more than extremes; \(Bootstrap.leastCount(level: level)) or more are needed"
      )
    }
    self.notes = own + notes
  }

  public var summary: String {
    let percent = NumberColumn([100 * level], digits: 4).cells[0]
    var lines = [
      "Parametric bootstrap, \(bootstrap.replicates.count) replicates (seed \(bootstrap.seed)), \(bootstrap.criterionKind.rawValue)",
      "Formula: \(bootstrap.formula.printable)", "",
    ]
    lines += TextTable(
      rowLabels: intervals.map(\.parameter.name),
      columns: [
        ("Estimate", tableCells(intervals.map(\.parameter.estimate))),
        ("Std. Error", tableCells(intervals.map(\.standardError))),
        ("Bias", tableCells(intervals.map(\.bias), digits: 3)),
        ("Lower \(percent)%", tableCells(intervals.map { $0.percentile?.low })),
        ("Upper \(percent)%", tableCells(intervals.map { $0.percentile?.high })),
        ("Basic lower", tableCells(intervals.map { $0.basic?.low })),
        ("Basic upper", tableCells(intervals.map { $0.basic?.high })),
      ], alignment: .right
    ).lines(width: 140)
    return (lines + noteLines(notes)).joined(separator: "\n") + "\n"
  }

  public var json: String {
    JSONValue.object([
      ("formula", .string(bootstrap.formula)),
      ("criterion", .string(bootstrap.criterionKind.rawValue)),
      ("seed", .integer(Int(clamping: bootstrap.seed))),
      ("replicates", .integer(bootstrap.replicates.count)),
      ("failed", .integer(bootstrap.failedCount)), ("singular", .integer(bootstrap.singularCount)),
      ("level", .number(level)), ("parameters", .array(intervals.map(\.json))),
      ("messages", .strings(notes)),
    ]).document
  }

  public var tidy: String {
    var text =
      "effect,group,term,estimate,std.error,bias,conf.low,conf.high,basic.low,basic.high\n"
    for interval in intervals {
      let parameter = interval.parameter
      text.writeRecord([
        .text(parameter.tidyEffect), parameter.tidyGroup.map(DelimitedField.text) ?? .missing,
        .text(parameter.tidyTerm), .number(parameter.estimate), .number(interval.standardError),
        .number(interval.bias), .number(interval.percentile?.low),
        .number(interval.percentile?.high), .number(interval.basic?.low),
        .number(interval.basic?.high),
      ])
    }
    return text
  }
}

/// How many refits are left out, and how many are singular.
func bootstrapNotes(failed: Int, singular: Int, of count: Int) -> [String] {
  var notes: [String] = []
  if failed > 0 { notes.append("\(failed) of \(count) refits failed and are left out") }
  if singular > 0 { notes.append("\(singular) of \(count) refits are singular") }
  return notes
}

extension BootstrapInterval {
  fileprivate var json: JSONValue {
    .object([
      ("name", .string(parameter.name)), ("kind", .string(parameter.kind.rawValue)),
      ("group", .optional(parameter.group)), ("term", .string(parameter.term)),
      ("estimate", .optional(parameter.estimate)), ("std_error", .optional(standardError)),
      ("bias", .optional(bias)), ("used", .integer(usedCount)),
      ("conf_low", .optional(percentile?.low)), ("conf_high", .optional(percentile?.high)),
      ("basic_low", .optional(basic?.low)), ("basic_high", .optional(basic?.high)),
    ])
  }
}

extension ModelParameter {
  /// broom.mixed's, and `theta`.
  var tidyEffect: String {
    switch kind {
    case .fixed: "fixed"
    case .standardDeviation, .correlation, .sigma: "ran_pars"
    case .theta: "theta"
    }
  }

  var tidyGroup: String? { kind == .sigma ? "Residual" : group }

  var tidyTerm: String {
    switch kind {
    case .fixed, .theta: term
    case .standardDeviation: "sd__\(term)"
    case .correlation: "cor__\(tidyColumns)"
    case .sigma: "sd__Observation"
    }
  }
}
