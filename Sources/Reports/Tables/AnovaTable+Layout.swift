// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// F tests of terms. A term without a column left has `num_df` 0 and nulls; `scaling` is Kenward and
/// Roger's, of F; `den_df_std_error` is null where degrees of freedom are exact.
extension AnovaTable: Reportable {
  public static let layout = ReportLayout<AnovaTable>(
    [
      .title(\.title), .fact("formula", "Formula", \.formula),
      .data(.text(json: "test", \.test), .text(json: "ddf", \.method.rawValue)),
      .table(
        json: "terms", \.rows, label: \.name, width: 100,
        columns: { _ in
          [
            .text(json: "term", tidy: "term", \.name),
            .number(json: "sum_sq", tidy: "sumsq", header: "Sum Sq", \.sumOfSquares),
            .number(json: "mean_sq", tidy: "meansq", header: "Mean Sq", \.meanSquare),
            .count(json: "num_df", tidy: "NumDF", header: "NumDF", \.numeratorDF),
            .number(json: "den_df", tidy: "DenDF", header: "DenDF", \.denominatorDF),
            .number(json: "den_df_std_error", \.denominatorDFError),
            .number(json: "statistic", tidy: "statistic", header: "F value", \.statistic),
            .number(json: "scaling", \.scaling), .pValue(header: "Pr(>F)", \.pValue),
          ]
        }), .notes(),
    ], notes: { table in probeNotes(table.rows.map { ($0.denominatorDF, $0.denominatorDFError) }) })

  private var title: String {
    switch kind {
    case .types(let type): "Type \(type.roman) Analysis of Variance Table with \(method.title)"
    case .singleTermDeletions: "Single term deletions using \(method.title)"
    }
  }

  private var test: String {
    switch kind {
    case .types(let type): "type \(type.rawValue)"
    case .singleTermDeletions: "drop1"
    }
  }
}
