// SPDX-License-Identifier: GPL-2.0-or-later

/// F tests of terms.
///
/// JSON: `formula`, `test` (`type 1`, `type 2`, `type 3` or `drop1`), `ddf`, and `terms`, an array of
/// `term`, `sum_sq`, `mean_sq`, `num_df`, `den_df`, `den_df_std_error` (null where exact), `statistic`, `scaling` (of F, by Kenward and
/// Roger), `p_value`. A term without a column left has `num_df` 0 and nulls.
public struct AnovaReport: InferenceReport {
  private let table: AnovaTable
  public let notes: [String]

  public init(_ table: AnovaTable, notes: [String] = []) {
    self.table = table
    self.notes =
      probeNotes(table.rows.map { ($0.denominatorDF, $0.denominatorDFError) }) + notes
  }

  private var title: String {
    switch table.kind {
    case .types(let type):
      "Type \(type.roman) Analysis of Variance Table with \(table.method.title)"
    case .singleTermDeletions: "Single term deletions using \(table.method.title)"
    }
  }

  public var summary: String {
    let rows = table.rows
    var lines = [title, "Formula: \(table.formula.printable)", ""]
    lines += TextTable(
      rowLabels: rows.map(\.name),
      columns: [
        ("Sum Sq", tableCells(rows.map(\.sumOfSquares))),
        ("Mean Sq", tableCells(rows.map(\.meanSquare))),
        ("NumDF", rows.map { "\($0.numeratorDF)" }),
        ("DenDF", tableCells(rows.map(\.denominatorDF))),
        ("F value", tableCells(rows.map(\.statistic))),
        ("Pr(>F)", PValueColumn(rows.map(\.pValue)).cells),
      ], alignment: .right
    ).lines(width: 100)
    return (lines + noteLines(notes)).joined(separator: "\n") + "\n"
  }

  public var json: String {
    let test =
      switch table.kind {
      case .types(let type): "type \(type.rawValue)"
      case .singleTermDeletions: "drop1"
      }
    return JSONValue.object([
      ("formula", .string(table.formula)), ("test", .string(test)),
      ("ddf", .string(table.method.rawValue)),
      (
        "terms",
        .array(
          table.rows.map { row in
            .object([
              ("term", .string(row.name)), ("sum_sq", .optional(row.sumOfSquares)),
              ("mean_sq", .optional(row.meanSquare)), ("num_df", .integer(row.numeratorDF)),
              ("den_df", .optional(row.denominatorDF)),
              ("den_df_std_error", .optional(row.denominatorDFError)),
              ("statistic", .optional(row.statistic)), ("scaling", .optional(row.scaling)),
              ("p_value", .optional(row.pValue)),
            ])
          })
      ),
      ("messages", .strings(notes)),
    ]).document
  }

  public var tidy: String {
    var text = "term,sumsq,meansq,NumDF,DenDF,statistic,p.value\n"
    for row in table.rows {
      text.writeRecord([
        .text(row.name), .number(row.sumOfSquares), .number(row.meanSquare),
        .integer(row.numeratorDF), .number(row.denominatorDF), .number(row.statistic),
        .number(row.pValue),
      ])
    }
    return text
  }
}
