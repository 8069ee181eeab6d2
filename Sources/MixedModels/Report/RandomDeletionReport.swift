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
  private let notes: [String]

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
      ("LRT", tableCells(rows.map(\.statistic))),
      ("Df", rows.map { row in row.df.map { "\($0)" } ?? "" }),
      ("naive Pr(>Chisq)", PValueColumn(rows.map(\.naivePValue)).cells),
    ]
    if table.boundary != .naive {
      columns.append(("Pr(mixture)", PValueColumn(rows.map(\.mixturePValue)).cells))
      columns.append(("Mixture", rows.map { $0.mixture?.description ?? "" }))
    }
    if table.boundary == .exact {
      columns.append(("Pr(simulated)", PValueColumn(rows.map { $0.exact?.pValue }).cells))
    }
    if table.boundary == .bootstrap { columns += bootstrapColumns(rows.map(\.bootstrap)) }
    var lines = [
      "Single deletions of random effects, \(table.criterionKind == .reml ? "restricted " : "")likelihood-ratio tests",
      "Formula: \(table.formula.printable)", "",
    ]
    lines += TextTable(
      rowLabels: rows.map { $0.name ?? "<none>" }, columns: columns, alignment: .right
    ).lines(width: 140)
    let exact = rows.compactMap { row in row.exact.map { "\(row.name ?? ""): \($0.words)" } }
    let simulated = rows.compactMap { row in
      row.bootstrap.map { "\(row.name ?? ""): \($0.words)" }
    }
    return (lines + noteLines(notes + exact + simulated)).joined(separator: "\n") + "\n"
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
                ("statistic", .optional(row.statistic)),
                ("statistic_std_error", .optional(row.statisticError)), ("df", .optional(row.df)),
                ("p_value", .optional(row.naivePValue)),
              ] + boundaryMembers(row.mixture, row.mixturePValue, row.exact, row.bootstrap))
          })
      ),
      ("messages", .strings(notes)),
    ]).document
  }

  public var tidy: String {
    var text =
      "term,npar,logLik,AIC,statistic,df,p.value,p.mixture,p.exact,p.bootstrap,p.bootstrap.se\n"
    for row in table.rows {
      text.writeRecord([
        .text(row.name ?? "<none>"), .integer(row.parameterCount), .number(row.logLikelihood),
        .number(row.aic), .number(row.statistic), row.df.map(DelimitedField.integer) ?? .missing,
        .number(row.naivePValue), .number(row.mixturePValue), .number(row.exact?.pValue),
        .number(row.bootstrap?.pValue), .number(row.bootstrap?.pValueStandardError),
      ])
    }
    return text
  }
}
