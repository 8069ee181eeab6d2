// SPDX-License-Identifier: GPL-2.0-or-later

/// Tests of contrasts.
///
/// JSON: `formula`, `ddf`, `level`, `contrasts` (an array of `hypothesis`, `estimate`, `value`,
/// `std_error`, `df`, `df_std_error` (null where exact), `statistic`, `p_value`, `conf_low`, `conf_high`) and `joint` (`num_df`,
/// `den_df`, `statistic`, `scaling`, `p_value`), the test that all hypotheses hold. Infinite degrees
/// of freedom are null.
public struct ContrastReport: InferenceReport {
  private let table: ContrastTable
  public let notes: [String]

  public init(_ table: ContrastTable, notes: [String] = []) {
    self.table = table
    self.notes =
      probeNotes(
        table.rows.map { ($0.df, $0.dfError) }
          + [(table.joint.denominatorDF, table.joint.denominatorDFError)]) + notes
  }

  public var summary: String {
    let rows = table.rows
    var columns = [("Estimate", tableCells(rows.map(\.estimate)))]
    if rows.contains(where: { $0.value != 0 }) {
      columns.append(("H0", tableCells(rows.map(\.value))))
    }
    let percent = NumberColumn([100 * table.level], digits: 4).cells[0]
    columns += [
      ("Std. Error", tableCells(rows.map(\.standardError))), ("df", tableCells(rows.map(\.df))),
      ("t value", tableCells(rows.map(\.statistic), digits: 4)),
      ("Pr(>|t|)", PValueColumn(rows.map(\.pValue)).cells),
      ("Lower \(percent)%", tableCells(rows.map { $0.confidenceInterval?.low })),
      ("Upper \(percent)%", tableCells(rows.map { $0.confidenceInterval?.high })),
    ]
    var lines = [
      "Contrasts with \(table.method.title)", "Formula: \(table.formula.printable)", "",
    ]
    lines += TextTable(
      rowLabels: rows.map(\.name), columns: columns, alignment: .right
    ).lines(width: 120)
    if rows.count > 1, let statistic = table.joint.statistic {
      let denominator = tableCells([table.joint.denominatorDF])[0]
      let p = PValueColumn([table.joint.pValue]).cells[0]
      lines += [
        "",
        "All hypotheses together: F = \(tableCells([statistic])[0]) on \(table.joint.numeratorDF) and \(denominator) degrees of freedom, \(p.hasPrefix("<") ? "p " + p : "p = " + p)",
      ]
    }
    return (lines + noteLines(notes)).joined(separator: "\n") + "\n"
  }

  public var json: String {
    let joint = table.joint
    return JSONValue.object([
      ("formula", .string(table.formula)), ("ddf", .string(table.method.rawValue)),
      ("level", .number(table.level)),
      (
        "contrasts",
        .array(
          table.rows.map { row in
            .object([
              ("hypothesis", .string(row.name)), ("estimate", .number(row.estimate)),
              ("value", .number(row.value)), ("std_error", .number(row.standardError)),
              ("df", .optional(row.df)),
              ("df_std_error", .optional(row.dfError)), ("statistic", .number(row.statistic)),
              ("p_value", .optional(row.pValue)),
              ("conf_low", .optional(row.confidenceInterval?.low)),
              ("conf_high", .optional(row.confidenceInterval?.high)),
            ])
          })
      ),
      (
        "joint",
        .object([
          ("num_df", .integer(joint.numeratorDF)), ("den_df", .optional(joint.denominatorDF)),
          ("statistic", .optional(joint.statistic)), ("scaling", .optional(joint.scaling)),
          ("p_value", .optional(joint.pValue)),
        ])
      ),
      ("messages", .strings(notes)),
    ]).document
  }

  public var tidy: String {
    var text = "term,null.value,estimate,std.error,statistic,df,p.value,conf.low,conf.high\n"
    for row in table.rows {
      text.writeRecord([
        .text(row.name), .number(row.value), .number(row.estimate), .number(row.standardError),
        .number(row.statistic), .number(row.df), .number(row.pValue),
        .number(row.confidenceInterval?.low), .number(row.confidenceInterval?.high),
      ])
    }
    return text
  }
}
