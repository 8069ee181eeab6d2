// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// A fit: as text a page laid out as lme4 prints its summary; as CSV one record per parameter, with
/// the columns and names of the R package broom.mixed.
///
/// In CSV `effect` is `fixed` for coefficients, `ran_pars` for standard deviations and correlations,
/// and `ran_vals` for conditional modes, which are written, with a column `level` after `group`, if
/// the fit holds them.
extension Fit: Reportable {
  public static let layout = ReportLayout<Fit>(
    [
      .title { $0.titleLines[0] },
      .lines {
        $0.titleLines.dropFirst() + $0.criterionFacts + [$0.sizeLines.joined(separator: " ")]
          + $0.autocorrelationLines + $0.absorbedLines
      },
      .tables { ($0.isLeastSquares ? [] : [$0.varianceTable]) + [$0.coefficientTable] }, .members(\.reportMembers),
      .table(
        \.estimateRows,
        columns: { fit in EstimateRow.columns(hasLevels: fit?.conditionalModes != nil) { $0 } }),
      .paragraph(\.convergence.messages),
    ], notes: \.convergence.messages, jsonStyle: .levels(1), page: { $0.page(isVerbose: false) })

  /// The same, with how the fit was found in its text: θ, optimizer, trace, solver, times and memory.
  public func report(isVerbose: Bool) -> Report {
    var report = report()
    report.page = { page(isVerbose: isVerbose) }
    return report
  }

  /// One CSV record for the whole fit, with the columns of the R package broom.mixed: `REMLcrit` for
  /// a REML fit, `deviance` for a maximum likelihood fit.
  public var glance: Report {
    let table = ResultsTable(
      columns: Self.glanceColumns(criterionKind) { $0 }, label: { _ in "" }, rows: { [self] })
    return Report([ReportPart(shown: .table(table))])
  }

  static func glanceColumns<Row>(
    _ kind: CriterionKind, _ fit: @escaping @Sendable (Row) -> Fit?
  ) -> [Column<Row>] {
    [
      .count(tidy: "nobs") { fit($0)?.observations }, .number(tidy: "sigma") { fit($0)?.knownSize },
      .number(tidy: "logLik") { fit($0)?.logLikelihood }, .number(tidy: "AIC") { fit($0)?.aic },
      .number(tidy: "BIC") { fit($0)?.bic },
      .number(tidy: kind == .reml ? "REMLcrit" : "deviance") { fit($0)?.criterion },
      .count(tidy: "df.residual") { fit($0)?.residualDegreesOfFreedom },
    ]
  }

  /// σ; nil where there are several.
  private var knownSize: Double? { sigma.isNaN ? nil : sigma }

  private var varianceTable: any ReportTable {
    let columns = varianceTableColumns + correlationColumns
    return CellTable(
      heading: varianceTableTitle, labels: columns[0].cells,
      columns: columns.dropFirst().map { ($0.header, $0.cells, $0.header == "Name") })
  }

  private var coefficientTable: any ReportTable {
    CellTable(
      heading: "Fixed effects", labels: keptFixedEffects.map(\.name),
      columns: coefficientColumns.map { ($0.header, $0.cells, false) })
  }
}

/// A table whose cells are texts already.
struct CellTable: ReportTable {
  let heading: String?
  let labels: [String]
  let columns: [(header: String, cells: [String], isText: Bool)]

  let footnotes: [String] = []
  let isContinuation = false
  let width = 80
  var headers: [(text: String, isText: Bool)] { columns.map { ($0.header, $0.isText) } }
  func forEachBlock(_ body: (_ labels: [String], _ columns: [[String]]) -> Void) {
    body(labels, columns.map(\.cells))
  }
  let fields: [String] = []
  func forEachRecord(_ body: ([DelimitedField]) -> Void) {}
}
