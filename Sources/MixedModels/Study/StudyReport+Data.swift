// SPDX-License-Identifier: GPL-2.0-or-later

extension StudyReport {
  public var json: String {
    let settings = study.settings
    return JSONValue.object([
      ("formula", .string(study.formula)), ("seed", .integer(Int(clamping: settings.seed))),
      ("replicates", .integer(settings.replicates)), ("level", .number(settings.level)),
      ("ddf", .string(settings.degreesOfFreedom.rawValue)),
      ("designs", .array(study.cells.map(\.json))), ("messages", .strings(notes)),
    ]).document
  }

  public var tidy: String {
    var text =
      "design,rows,method,kind,group,term,truth,count,mean,bias,bias.se,bias.expected,sd,sd.se,"
      + "rmse,rmse.se,mean.std.error,coverage,coverage.se,intervals,"
      + "profile.coverage,profile.coverage.se,profile.intervals,profile.failures,rejection,rejection.se\n"
    for cell in study.cells {
      for method in cell.methods {
        for (parameter, summary) in zip(cell.parameters, method.summaries) {
          text.writeRecord(
            [
              .text(cell.design.label), .integer(cell.rows), .text(method.kind.rawValue),
              .text(parameter.kind.rawValue),
              parameter.group.map(DelimitedField.text) ?? .missing, .text(parameter.term),
              .number(parameter.truth), .integer(summary.count), .number(summary.mean?.value),
            ] + summary.fields)
        }
      }
    }
    return text
  }
}

extension StudySummary {
  fileprivate var fields: [DelimitedField] {
    [
      .number(bias?.value), .number(bias?.error), .number(expectedBias),
      .number(deviation?.value), .number(deviation?.error), .number(rootMeanSquare?.value),
      .number(rootMeanSquare?.error), .number(meanStandardError), .number(coverage?.value),
      .number(coverage?.error), .integer(intervalCount),
      .number(profileCoverage?.value), .number(profileCoverage?.error), .integer(profileCount),
      .integer(profileFailures), .number(rejection?.value),
      .number(rejection?.error),
    ]
  }
}

extension StudyCell {
  fileprivate var json: JSONValue {
    .object([
      ("label", .string(design.label)),
      ("varied", .object(design.varied.map { ($0.name, .string($0.value)) })),
      ("rows", .integer(rows)),
      ("groups", .object(groups.map { ($0.name, .integer($0.levels)) })),
      (
        "methods",
        .array(
          methods.map { method in
            .object([
              ("method", .string(method.kind.rawValue)), ("failed", .integer(method.failedCount)),
              ("singular", .optional(method.singularShare?.value)),
              ("singular_se", .optional(method.singularShare?.error)),
              ("parameters", .array(zip(parameters, method.summaries).map { $1.json($0) })),
            ])
          })
      ),
    ])
  }
}

extension StudySummary {
  fileprivate func json(_ parameter: StudyParameter) -> JSONValue {
    .object([
      ("name", .string(parameter.name)), ("kind", .string(parameter.kind.rawValue)),
      ("group", .optional(parameter.group)), ("term", .string(parameter.term)),
      ("truth", .number(parameter.truth)), ("count", .integer(count)),
      ("mean", .optional(mean?.value)), ("bias", .optional(bias?.value)),
      ("bias_se", .optional(bias?.error)), ("bias_expected", .optional(expectedBias)),
      ("sd", .optional(deviation?.value)), ("sd_se", .optional(deviation?.error)),
      ("rmse", .optional(rootMeanSquare?.value)), ("rmse_se", .optional(rootMeanSquare?.error)),
      ("mean_std_error", .optional(meanStandardError)),
      ("coverage", .optional(coverage?.value)), ("coverage_se", .optional(coverage?.error)),
      ("intervals", .integer(intervalCount)),
      ("profile_coverage", .optional(profileCoverage?.value)),
      ("profile_coverage_se", .optional(profileCoverage?.error)),
      ("profile_intervals", .integer(profileCount)),
      ("profile_failures", .integer(profileFailures)), ("rejection", .optional(rejection?.value)),
      ("rejection_se", .optional(rejection?.error)),
    ])
  }
}

/// All replicates of a study as a table, one line for every parameter of every fit.
public enum StudyRecords {
  public static let header =
    "design,method,replicate,converged,singular,kind,group,term,truth,estimate,std.error,df,p.value,conf.low,conf.high,profile.low,profile.high\n"

  /// The lines of one design.
  public static func lines(_ cell: StudyCell) -> String {
    var text = ""
    func flag(_ value: Bool) -> DelimitedField { .text(value ? "TRUE" : "FALSE") }
    for method in cell.methods {
      for replicate in method.replicates {
        for (parameter, estimate) in zip(cell.parameters, replicate.estimates) {
          text.writeRecord([
            .text(cell.design.label), .text(method.kind.rawValue), .integer(replicate.index + 1),
            flag(replicate.converged), flag(replicate.singular), .text(parameter.kind.rawValue),
            parameter.group.map(DelimitedField.text) ?? .missing, .text(parameter.term),
            .number(parameter.truth), .number(estimate.estimate),
            .number(estimate.standardError), .number(estimate.df), .number(estimate.pValue),
            .number(estimate.low), .number(estimate.high),
            .number(estimate.profileLow), .number(estimate.profileHigh),
          ])
        }
      }
    }
    return text
  }
}
