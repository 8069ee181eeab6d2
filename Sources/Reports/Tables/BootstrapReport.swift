// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// Bootstrap intervals of all parameters of a fit. `used` counts the replicates in which one is
/// defined; `conf_low` and `conf_high` are percentiles.
public struct BootstrapReport: Reportable {
  private let bootstrap: Bootstrap
  private let level: Double
  private let intervals: [BootstrapInterval]

  public init(_ bootstrap: Bootstrap, level: Double = 0.95) {
    (self.bootstrap, self.level) = (bootstrap, level)
    intervals = bootstrap.intervals(level: level)
  }

  public static let layout = ReportLayout<BootstrapReport>(
    [
      .title { report in
        let bootstrap = report.bootstrap
        return
          "Parametric bootstrap, \(bootstrap.replicates.count) replicates (seed \(bootstrap.seed)), \(bootstrap.criterionKind.rawValue)"
      }, .fact("formula", "Formula", \.bootstrap.formula),
      .data(
        .text(json: "criterion", \.bootstrap.criterionKind.rawValue),
        .count(json: "seed") { Int(clamping: $0.bootstrap.seed) },
        .count(json: "replicates", \.bootstrap.replicates.count),
        .count(json: "failed", \.bootstrap.failedCount),
        .count(json: "singular", \.bootstrap.singularCount),
        .number(json: "level", \.level)),
      .table(
        json: "parameters", \.intervals, label: \.parameter.name, width: 140, columns: columns),
      .notes(),
    ], notes: \.ownNotes)

  @Sendable private static func columns(
    _ report: BootstrapReport?
  ) -> [Column<BootstrapInterval>] {
    let limits = IntervalHeaders(level: report?.level)
    return [
      .text(json: "name", \.parameter.name), .text(json: "kind", \.parameter.kind.rawValue),
      .text(json: "group", \.parameter.group), .text(json: "term", \.parameter.term),
      .text(tidy: "effect", \.parameter.tidyEffect), .text(tidy: "group", \.parameter.tidyGroup),
      .text(tidy: "term", \.parameter.tidyTerm),
      .number(json: "estimate", tidy: "estimate", header: "Estimate", \.parameter.estimate),
      .number(json: "std_error", tidy: "std.error", header: "Std. Error", \.standardError),
      .number(json: "bias", tidy: "bias", header: "Bias", digits: 3, \.bias),
      .count(json: "used", \.usedCount),
      .number(json: "conf_low", tidy: "conf.low", header: limits.lower) { $0.percentile?.low },
      .number(json: "conf_high", tidy: "conf.high", header: limits.upper) { $0.percentile?.high },
      .number(json: "basic_low", tidy: "basic.low", header: "Basic lower") { $0.basic?.low },
      .number(json: "basic_high", tidy: "basic.high", header: "Basic upper") { $0.basic?.high },
    ]
  }

  private var ownNotes: [String] {
    let (count, least) = (bootstrap.replicates.count, Bootstrap.leastCount(level: level))
    return bootstrapNotes(
      failed: bootstrap.failedCount, singular: bootstrap.singularCount, of: count)
      + (count < least
        ? [
          "with so few replicates the limits are hardly more than extremes; \(least) or more are needed"
        ] : [])
  }
}

/// How many refits are left out, and how many are singular.
func bootstrapNotes(failed: Int, singular: Int, of count: Int) -> [String] {
  var notes: [String] = []
  if failed > 0 { notes.append("\(failed) of \(count) refits failed and are left out") }
  if singular > 0 { notes.append("\(singular) of \(count) refits are singular") }
  return notes
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
    case .sigma:
      term == "sigma" ? "sd__Observation" : "sd__Observation.\(term.dropFirst("sigma_".count))"
    }
  }
}
