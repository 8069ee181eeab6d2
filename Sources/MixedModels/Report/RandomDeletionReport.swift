// SPDX-License-Identifier: GPL-2.0-or-later

/// Likelihood-ratio tests of parts of the random effects.
///
/// JSON: `formula`, `criterion`, `boundary`, `messages`, and `rows`, an array of `term` (null for
/// the whole model), `npar`, `log_likelihood`, `aic`, `statistic`, `statistic_std_error` (null: exact), `df`, `p_value` (from χ², an
/// upper bound), `mixture` (an array of `weight` and `df`, or null), `p_mixture`, `p_exact`,
/// `p_exact_se`, `exact_is_approximate`, `p_bootstrap`, `p_bootstrap_se`, `bootstrap_replicates`,
/// `bootstrap_failed`, `bootstrap_singular`.
public struct RandomDeletionReport: InferenceReport {
  private let table: RandomTermDeletions
  public let notes: [String]

  public init(_ table: RandomTermDeletions, notes: [String] = []) {
    self.table = table
    self.notes = table.rows.compactMap(\.note) + notes
  }

  public var summary: String {
    let rows = table.rows
    var columns = [
      ("npar", rows.map { "\($0.parameterCount)" }),
      ("logLik", tableCells(rows.map(\.logLikelihood), minimumDecimals: 1)),
      ("AIC", tableCells(rows.map(\.aic), minimumDecimals: 1)),
    ]
    columns += likelihoodRatioColumns(
      rows.map(\.test), statistic: "LRT", pValue: "naive Pr(>Chisq)",
      showsMixture: table.boundary != .naive, table.boundary)
    var lines = [
      "Single deletions of random effects, \(table.criterionKind == .reml ? "restricted " : "")likelihood-ratio tests",
      "Formula: \(table.formula.printable)", "",
    ]
    lines += TextTable(
      rowLabels: rows.map { $0.name ?? "<none>" }, columns: columns, alignment: .right
    ).lines(width: 140)
    let simulated = rows.flatMap { row in
      row.test.map { simulationWords($0, name: row.name ?? "") } ?? []
    }
    return (lines + noteLines(notes + simulated)).joined(separator: "\n") + "\n"
  }

  public var json: String {
    JSONValue.object([
      ("formula", .string(table.formula)), ("criterion", .string(table.criterionKind.rawValue)),
      ("boundary", .string(table.boundary.rawValue)),
      (
        "rows",
        .array(
          table.rows.map { row in
            .object(
              [
                ("term", .optional(row.name)), ("npar", .integer(row.parameterCount)),
                ("log_likelihood", .number(row.logLikelihood)), ("aic", .number(row.aic)),
              ] + likelihoodRatioMembers(row.test))
          })
      ),
      ("messages", .strings(notes)),
    ]).document
  }

  public var tidy: String {
    var text = "term,npar,logLik,AIC,\(likelihoodRatioHeader)\n"
    for row in table.rows {
      text.writeRecord(
        [
          .text(row.name ?? "<none>"), .integer(row.parameterCount), .number(row.logLikelihood),
          .number(row.aic),
        ] + likelihoodRatioFields(row.test))
    }
    return text
  }
}
