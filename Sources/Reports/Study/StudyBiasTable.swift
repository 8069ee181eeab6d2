// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import Studies

/// Biases of the variances: restricted against full likelihood, and what theory expects of the
/// latter.
struct StudyBiasTable {
  private let study: Study

  init(_ study: Study) { self.study = study }

  private struct Row {
    let label: String
    let truth: Double
    let levels: Int?
    let restricted: MonteCarloFigure?
    let full: StudySummary
    /// ML's estimates less REML's of the same responses.
    let difference: MonteCarloFigure?

    /// A bias with the decimals of the one that was found.
    func text(of value: Double?) -> String {
      value.map { (difference ?? full.bias)?.text(of: $0) ?? "" } ?? ""
    }
  }

  private var rows: [Row] {
    study.cells.flatMap { cell -> [Row] in
      guard let full = cell.methods.first(where: { $0.kind == .ml }) else { return [] }
      let restricted = cell.methods.first { $0.kind == .reml }
      return cell.parameters.indices.compactMap { k in
        let parameter = cell.parameters[k]
        guard [.variance, .residualVariance].contains(parameter.kind) else { return nil }
        let levels = parameter.group.flatMap { name in
          cell.groups.first { name == $0.name || name.hasPrefix($0.name + ".") }?.levels
        }
        return Row(
          label: cell.design.label + "  " + parameter.name, truth: parameter.truth,
          levels: levels, restricted: restricted?.summaries[k].bias, full: full.summaries[k],
          difference: restricted.flatMap { MonteCarloFigure(meanOf: full, less: $0, parameter: k) })
      }
    }
  }

  /// Nothing without a fit by maximum likelihood.
  var tables: [any ReportTable] {
    let rows = rows
    guard !rows.isEmpty else { return [] }
    return [
      ResultsTable(
        heading: "Bias of the variances by REML and ML",
        footnotes: [
          "Theory: to first order ML is off by this, since it takes the coefficients for known and so does not",
          "count the degrees of freedom that they cost; REML is not off. For J groups of n rows and an intercept",
          "E s²(ML) = (1 - 1/J) s² - sigma²/(nJ): about -s²/J is lost.",
        ], width: 130, columns: Self.columns, label: \.label, rows: { rows })
    ]
  }

  private static let columns: [Column<Row>] =
    [.shown("Truth") { $0.map { shortNumber($0.truth) } }] + pair("REML", \.restricted)
    + pair("ML", \.full.bias) + pair("ML - REML", \.difference) + [
      .shown("Theory of ML") { $0.map { row in row.text(of: row.full.expectedBias) } },
      .shown("-Truth/J") {
        $0.map { row in row.text(of: row.levels.map { -row.truth / Double($0) }) }
      },
    ]

  /// A number and its error.
  private static func pair(
    _ header: String, _ figure: @escaping @Sendable (Row) -> MonteCarloFigure?
  ) -> [Column<Row>] {
    [
      .shown(header) { $0.map { figure($0)?.valueText ?? "" } },
      .shown("±") { $0.map { figure($0)?.errorText ?? "" } },
    ]
  }
}

extension MonteCarloFigure {
  /// nil if fewer than two responses were fitted by both.
  fileprivate init?(meanOf first: StudyMethod, less second: StudyMethod, parameter k: Int) {
    let differences = zip(first.replicates, second.replicates).compactMap { a, b -> Double? in
      guard a.converged, b.converged else { return nil }
      let difference = a.estimates[k].estimate - b.estimates[k].estimate
      return difference.isFinite ? difference : nil
    }
    guard let mean = MonteCarloFigure(meanOf: differences) else { return nil }
    self = mean
  }
}
