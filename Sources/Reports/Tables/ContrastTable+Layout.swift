// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// Tests of contrasts, one by one and together (`joint`). Infinite degrees of freedom are null;
/// `df_std_error` is null where they are exact.
extension ContrastTable: Reportable {
  public static let layout = ReportLayout<ContrastTable>(
    [
      .title { "Contrasts with \($0.method.title)" }, .fact("formula", "Formula", \.formula),
      .data(.text(json: "ddf", \.method.rawValue), .number(json: "level", \.level)),
      .table(json: "contrasts", \.rows, label: \.name, width: 120, columns: columns),
      .data(.record("joint", jointColumns, \.joint)), .paragraph(\.jointLines), .notes(),
    ],
    notes: { table in
      probeNotes(
        table.rows.map { ($0.df, $0.dfError) }
          + [(table.joint.denominatorDF, table.joint.denominatorDFError)])
    })

  @Sendable private static func columns(_ table: ContrastTable?) -> [Column<TTest>] {
    let limits = IntervalHeaders(level: table?.level)
    let hasValues = table?.rows.contains { $0.value != 0 } ?? false
    return [
      .text(json: "hypothesis", tidy: "term", \.name), .number(tidy: "null.value", \.value),
      .number(json: "estimate", tidy: "estimate", header: "Estimate", \.estimate),
      .number(json: "value", header: hasValues ? "H0" : nil, \.value),
      .number(json: "std_error", tidy: "std.error", header: "Std. Error", \.standardError),
      .number(tidy: "statistic", \.statistic), .number(json: "df", tidy: "df", header: "df", \.df),
      .number(json: "df_std_error", \.dfError),
      .number(json: "statistic", header: "t value", digits: 4, \.statistic), .pValue(\.pValue),
      .number(json: "conf_low", tidy: "conf.low", header: limits.lower) {
        $0.confidenceInterval?.low
      },
      .number(json: "conf_high", tidy: "conf.high", header: limits.upper) {
        $0.confidenceInterval?.high
      },
    ]
  }

  private static let jointColumns: [Column<FTest>] = [
    .count(json: "num_df", \.numeratorDF), .number(json: "den_df", \.denominatorDF),
    .number(json: "statistic", \.statistic), .number(json: "scaling", \.scaling), .pValue(\.pValue),
  ]

  private var jointLines: [String] {
    guard rows.count > 1, let statistic = joint.statistic else { return [] }
    let denominator = tableCells([joint.denominatorDF], digits: TableDigits.of(5))[0]
    let p = PValueColumn([joint.pValue], digits: TableDigits.of(4)).cells[0]
    return [
      "All hypotheses together: F = \(tableCells([statistic], digits: TableDigits.of(5))[0]) on \(joint.numeratorDF) and \(denominator) degrees of freedom, \(p.hasPrefix("<") ? "p " + p : "p = " + p)"
    ]
  }
}

/// Headers of the limits of intervals.
struct IntervalHeaders {
  let lower: String
  let upper: String

  init(level: Double?) {
    let percent = NumberColumn([100 * (level ?? 0.95)], digits: 4).cells[0]
    (lower, upper) = ("Lower \(percent)%", "Upper \(percent)%")
  }
}
