// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// What tables of likelihood-ratio tests have in common; a row without a test is blank there.
///
/// `p_value` is from χ², an upper bound where variances are tested; `statistic_std_error` is null
/// where the criterion is exact.
///
/// - Parameters:
///   - statistic, pValue: headers.
///   - boundary: nil for the names alone.
func likelihoodRatioColumns<Row>(
  statistic: String, pValue: String, showsMixture: Bool, _ boundary: BoundaryMethod?,
  _ test: @escaping @Sendable (Row) -> LikelihoodRatioTest?
) -> [Column<Row>] {
  let mixture = showsMixture
  let (exact, bootstrap) = (boundary == .exact, boundary == .bootstrap)
  return [
    .number(json: "statistic", tidy: "statistic", header: statistic) { test($0)?.statistic },
    .number(json: "statistic_std_error") { test($0)?.statisticError },
    .count(json: "df", tidy: "df", header: "Df") { test($0)?.df },
    .pValue(header: pValue) { test($0)?.naivePValue },
    .records("mixture", mixtureColumns) { test($0)?.mixture?.parts },
    .pValue(json: "p_mixture", tidy: "p.mixture", header: mixture ? "Pr(mixture)" : nil) {
      test($0)?.mixturePValue
    },
    .text(header: mixture ? "Mixture" : nil) { test($0)?.mixture?.description },
    .pValue(json: "p_exact", tidy: "p.exact", header: exact ? "Pr(simulated)" : nil) {
      test($0)?.exact?.pValue
    },
    .number(json: "p_exact_se") { test($0)?.exact?.standardError },
    .flag(json: "exact_is_approximate") { test($0)?.exact?.isApproximate },
    .pValue(json: "p_bootstrap", tidy: "p.bootstrap", header: bootstrap ? "Pr(bootstrap)" : nil) {
      test($0)?.bootstrap?.pValue
    },
    .number(
      json: "p_bootstrap_se", tidy: "p.bootstrap.se", header: bootstrap ? "MC error" : nil,
      digits: 2
    ) { test($0)?.bootstrap?.pValueStandardError },
    .count(json: "bootstrap_replicates") { test($0)?.bootstrap?.replicates.count },
    .count(json: "bootstrap_failed") { test($0)?.bootstrap?.failedCount },
    .count(json: "bootstrap_singular") { test($0)?.bootstrap?.singularCount },
  ]
}

private let mixtureColumns: [Column<BoundaryMixture.Part>] = [
  .number(json: "weight", \.weight), .count(json: "df", \.degreesOfFreedom),
]

extension LikelihoodRatioTest {
  /// What was simulated, in words.
  func simulationWords(name: String) -> [String] {
    [exact?.words, bootstrap?.words].compactMap(\.self).map { "\(name): \($0)" }
  }
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
