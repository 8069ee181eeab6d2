// SPDX-License-Identifier: GPL-2.0-or-later

/// Likelihood-ratio tests.
///
/// JSON: `criterion` (`ML` or `REML`: what was compared), `boundary`, `messages`, and `models`, an
/// array by number of parameters of `name`, `formula`, `npar`, `aic`, `bic`, `log_likelihood`,
/// `deviance`, `statistic`, `statistic_std_error` (null: exact), `df`, `p_value` (from χ²), `mixture` (an array of `weight` and `df`, or
/// null), `p_mixture`, `p_exact`, `p_exact_se`, `exact_is_approximate`, `p_bootstrap`,
/// `p_bootstrap_se`, `bootstrap_replicates`, `bootstrap_failed`, `bootstrap_singular`. The smallest
/// model has no test.
public struct ComparisonReport: InferenceReport {
  private let comparison: ModelComparison
  private let data: [String]
  private let notes: [String]

  public init(_ comparison: ModelComparison, data: [String], notes: [String] = []) {
    (self.comparison, self.data, self.notes) = (comparison, data, comparison.messages + notes)
  }

  public var summary: String {
    let rows = comparison.rows
    var lines = data.isEmpty ? [] : ["Data: \(data.joined(separator: ", ").printable)"]
    lines += ["Models:"] + rows.map { "\($0.name): \($0.formula)".printable } + [""]
    let isREML = comparison.criterionKind == .reml
    func decimal(_ values: [Double]) -> [String] { tableCells(values, minimumDecimals: 1) }
    let naive = comparison.boundary == .naive ? "Pr(>Chisq)" : "naive Pr(>Chisq)"
    var columns = [
      ("npar", rows.map { "\($0.parameterCount)" }), ("AIC", decimal(rows.map(\.aic))),
      ("BIC", decimal(rows.map(\.bic))), ("logLik", decimal(rows.map(\.logLikelihood))),
      (isREML ? "REML crit." : "-2*log(L)", decimal(rows.map(\.deviance))),
      ("Chisq", tableCells(rows.map(\.statistic))),
      ("Df", rows.map { row in row.df.map { "\($0)" } ?? "" }),
      (naive, PValueColumn(rows.map(\.naivePValue)).cells),
    ]
    switch comparison.boundary {
    case .mixture:
      columns.append(("Pr(mixture)", PValueColumn(rows.map(\.mixturePValue)).cells))
      columns.append(("Mixture", rows.map { $0.mixture?.description ?? "" }))
    case .exact:
      columns.append(("Pr(simulated)", PValueColumn(rows.map { $0.exact?.pValue }).cells))
    case .bootstrap: columns += bootstrapColumns(rows.map(\.bootstrap))
    case .naive: break
    }
    lines += TextTable(rowLabels: rows.map(\.name), columns: columns, alignment: .right)
      .lines(width: 140)
    let all =
      notes + rows.compactMap { $0.exact.map(\.words) }
      + rows.compactMap { row in row.bootstrap.map { "\(row.name): \($0.words)" } }
    return (lines + noteLines(all)).joined(separator: "\n") + "\n"
  }

  public var json: String {
    JSONValue.object([
      ("criterion", .string(comparison.criterionKind.rawValue)),
      ("boundary", .string(comparison.boundary.rawValue)), ("data", .strings(data)),
      (
        "models",
        .array(
          comparison.rows.map { row in
            .object(
              [
                ("name", .string(row.name)), ("formula", .string(row.formula)),
                ("npar", .integer(row.parameterCount)), ("aic", .number(row.aic)),
                ("bic", .number(row.bic)), ("log_likelihood", .number(row.logLikelihood)),
                ("deviance", .number(row.deviance)), ("statistic", .optional(row.statistic)),
                ("statistic_std_error", .optional(row.statisticError)),
                ("df", .optional(row.df)), ("p_value", .optional(row.naivePValue)),
              ] + boundaryMembers(row.mixture, row.mixturePValue, row.exact, row.bootstrap))
          })
      ),
      ("messages", .strings(notes)),
    ]).document
  }

  public var tidy: String {
    var text =
      "term,formula,npar,AIC,BIC,logLik,deviance,statistic,df,p.value,p.mixture,p.exact,p.bootstrap,p.bootstrap.se\n"
    for row in comparison.rows {
      text.writeRecord([
        .text(row.name), .text(row.formula), .integer(row.parameterCount), .number(row.aic),
        .number(row.bic), .number(row.logLikelihood), .number(row.deviance),
        .number(row.statistic), row.df.map(DelimitedField.integer) ?? .missing,
        .number(row.naivePValue), .number(row.mixturePValue), .number(row.exact?.pValue),
        .number(row.bootstrap?.pValue), .number(row.bootstrap?.pValueStandardError),
      ])
    }
    return text
  }
}

/// Members that describe the p-values of a hypothesis on the boundary.
func boundaryMembers(
  _ mixture: BoundaryMixture?, _ pValue: Double?, _ exact: ExactTest.Result?,
  _ bootstrap: BootstrapTest?
) -> [(name: String, value: JSONValue)] {
  let parts = mixture.map { mixture in
    JSONValue.array(
      mixture.parts.map {
        .object([("weight", .number($0.weight)), ("df", .integer($0.degreesOfFreedom))])
      })
  }
  return [
    ("mixture", parts ?? .null), ("p_mixture", .optional(pValue)),
    ("p_exact", .optional(exact?.pValue)), ("p_exact_se", .optional(exact?.standardError)),
    ("exact_is_approximate", exact.map { .bool($0.isApproximate) } ?? .null),
    ("p_bootstrap", .optional(bootstrap?.pValue)),
    ("p_bootstrap_se", .optional(bootstrap?.pValueStandardError)),
    ("bootstrap_replicates", .optional(bootstrap?.replicates.count)),
    ("bootstrap_failed", .optional(bootstrap?.failedCount)),
    ("bootstrap_singular", .optional(bootstrap?.singularCount)),
  ]
}

/// p-values of bootstrap tests and their Monte-Carlo errors.
func bootstrapColumns(_ tests: [BootstrapTest?]) -> [(header: String, cells: [String])] {
  [
    ("Pr(bootstrap)", PValueColumn(tests.map { $0?.pValue }).cells),
    ("MC error", tableCells(tests.map { $0?.pValueStandardError }, digits: 2)),
  ]
}

extension BootstrapTest {
  /// What was simulated, in words.
  var words: String {
    "bootstrap p-value from \(replicates.count) replicates (seed \(seed)); \(failedCount) refits failed and are left out, \(singularCount) are singular"
  }
}

extension ExactTest.Result {
  /// What was simulated, in words.
  var words: String {
    let error = NumberColumn([standardError], digits: 1).cells[0]
    return "simulated p-value from \(simulations) draws, standard error \(error)"
      + (isApproximate
        ? "; the other variance components were left out of the simulation, an approximation" : "")
  }
}
