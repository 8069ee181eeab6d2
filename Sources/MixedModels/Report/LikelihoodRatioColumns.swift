// SPDX-License-Identifier: GPL-2.0-or-later

// What tables of likelihood-ratio tests have in common; a row without a test is blank there.

/// Columns of a printed table.
func likelihoodRatioColumns(
  _ tests: [LikelihoodRatioTest?], statistic: String, pValue: String, showsMixture: Bool,
  _ boundary: BoundaryMethod
) -> [(header: String, cells: [String])] {
  var columns = [
    (statistic, tableCells(tests.map { $0?.statistic })),
    ("Df", tests.map { test in test.map { "\($0.df)" } ?? "" }),
    (pValue, PValueColumn(tests.map { $0?.naivePValue }).cells),
  ]
  if showsMixture {
    columns.append(("Pr(mixture)", PValueColumn(tests.map { $0?.mixturePValue }).cells))
    columns.append(("Mixture", tests.map { $0?.mixture?.description ?? "" }))
  }
  switch boundary {
  case .exact:
    columns.append(("Pr(simulated)", PValueColumn(tests.map { $0?.exact?.pValue }).cells))
  case .bootstrap:
    columns.append(("Pr(bootstrap)", PValueColumn(tests.map { $0?.bootstrap?.pValue }).cells))
    columns.append(
      ("MC error", tableCells(tests.map { $0?.bootstrap?.pValueStandardError }, digits: 2)))
  case .naive, .mixture: break
  }
  return columns.map { (header: $0.0, cells: $0.1) }
}

/// Members of a row's JSON object.
func likelihoodRatioMembers(
  _ test: LikelihoodRatioTest?
) -> [(name: String, value: JSONValue)] {
  let parts = test?.mixture.map { mixture in
    JSONValue.array(
      mixture.parts.map {
        .object([("weight", .number($0.weight)), ("df", .integer($0.degreesOfFreedom))])
      })
  }
  let (exact, bootstrap) = (test?.exact, test?.bootstrap)
  return [
    ("statistic", .optional(test?.statistic)),
    ("statistic_std_error", .optional(test?.statisticError)),
    ("df", .optional(test?.df)), ("p_value", .optional(test?.naivePValue)),
    ("mixture", parts ?? .null), ("p_mixture", .optional(test?.mixturePValue)),
    ("p_exact", .optional(exact?.pValue)), ("p_exact_se", .optional(exact?.standardError)),
    ("exact_is_approximate", exact.map { .bool($0.isApproximate) } ?? .null),
    ("p_bootstrap", .optional(bootstrap?.pValue)),
    ("p_bootstrap_se", .optional(bootstrap?.pValueStandardError)),
    ("bootstrap_replicates", .optional(bootstrap?.replicates.count)),
    ("bootstrap_failed", .optional(bootstrap?.failedCount)),
    ("bootstrap_singular", .optional(bootstrap?.singularCount)),
  ]
}

/// Names of `likelihoodRatioFields`.
let likelihoodRatioHeader =
  "statistic,df,p.value,p.mixture,p.exact,p.bootstrap,p.bootstrap.se"

/// Fields of a row of CSV.
func likelihoodRatioFields(_ test: LikelihoodRatioTest?) -> [DelimitedField] {
  [
    .number(test?.statistic), test.map { .integer($0.df) } ?? .missing,
    .number(test?.naivePValue), .number(test?.mixturePValue), .number(test?.exact?.pValue),
    .number(test?.bootstrap?.pValue), .number(test?.bootstrap?.pValueStandardError),
  ]
}

/// What was simulated, in words.
func simulationWords(_ test: LikelihoodRatioTest, name: String) -> [String] {
  [test.exact?.words, test.bootstrap?.words].compactMap(\.self).map { "\(name): \($0)" }
}

extension BootstrapTest {
  fileprivate var words: String {
    "bootstrap p-value from \(replicates.count) replicates (seed \(seed)); \(failedCount) refits failed and are left out, \(singularCount) are singular"
  }
}

extension ExactTest.Result {
  fileprivate var words: String {
    let error = NumberColumn([standardError], digits: 1).cells[0]
    return "simulated p-value from \(simulations) draws, standard error \(error)"
      + (isApproximate
        ? "; the other variance components were left out of the simulation, an approximation" : "")
  }
}
