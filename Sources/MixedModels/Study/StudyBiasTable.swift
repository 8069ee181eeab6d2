// SPDX-License-Identifier: GPL-2.0-or-later

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
  var lines: [String] {
    let rows = rows
    guard !rows.isEmpty else { return [] }
    let table = TextTable(
      rowLabels: rows.map(\.label),
      columns: [
        ("Truth", rows.map { shortNumber($0.truth) }),
        ("REML", rows.map { $0.restricted?.valueText ?? "" }),
        ("±", rows.map { $0.restricted?.errorText ?? "" }),
        ("ML", rows.map { $0.full.bias?.valueText ?? "" }),
        ("±", rows.map { $0.full.bias?.errorText ?? "" }),
        ("ML - REML", rows.map { $0.difference?.valueText ?? "" }),
        ("±", rows.map { $0.difference?.errorText ?? "" }),
        (
          "Theory of ML",
          rows.map { row in
            row.full.expectedBias.map { (row.difference ?? row.full.bias)?.text(of: $0) ?? "" }
              ?? ""
          }
        ),
        (
          "-Truth/J",
          rows.map { row in
            row.levels.map {
              (row.difference ?? row.full.bias)?.text(of: -row.truth / Double($0)) ?? ""
            } ?? ""
          }
        ),
      ], alignment: .right)
    return ["", "Bias of the variances by REML and ML"] + table.lines(width: 130) + [
      "Theory: to first order ML is off by this, since it takes the coefficients for known and so does not",
      "count the degrees of freedom that they cost; REML is not off. For J groups of n rows and an intercept",
      "E s²(ML) = (1 - 1/J) s² - sigma²/(nJ): about -s²/J is lost.",
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
