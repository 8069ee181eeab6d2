// SPDX-License-Identifier: GPL-2.0-or-later

/// The estimators' bias, spread, coverage and rejections in a Monte-Carlo study.
///
/// JSON: `formula`, `seed`, `replicates`, `level`, `ddf`, `messages`, and `designs`, an array of
/// `label`, `varied` (what differs between designs, by name), `rows`, `groups` (by name),
/// and `methods`: `method`, `failed`, `singular`, `singular_se`, and `parameters`: `name`, `kind`
/// (`fixed`, `sd`, `var`, `cor`, `sigma`, `sigma^2`), `group`, `term`, `truth`, `count`, `mean`, `bias`,
/// `bias_expected` (theory, to first order), `sd`, `rmse`, `mean_std_error`, `coverage`, `intervals`
/// (how many there were), `profile_coverage`, `profile_intervals`, `profile_failures`, `rejection`;
/// Monte-Carlo errors end in `_se`.
public struct StudyReport: InferenceReport {
  let study: Study
  public let notes: [String]

  public init(_ study: Study, notes: [String] = []) {
    self.study = study
    self.notes = Self.notes(study) + notes
  }

  public var summary: String {
    let lines = heading + study.cells.flatMap(cellLines) + StudyBiasTable(study).lines
    return (lines + noteLines(notes)).joined(separator: "\n") + "\n"
  }

  private var heading: [String] {
    let settings = study.settings
    let count = study.cells.count
    let designs = count == 1 ? "one design" : "each of \(count) designs"
    let percent = NumberColumn([100 * settings.level], digits: 4).cells[0]
    return [
      "Monte-Carlo study, \(settings.replicates) responses of \(designs) (seed \(settings.seed))",
      "Formula: \(study.formula.printable)",
      "Intervals of \(percent) %: \(settings.degreesOfFreedom.studyWords) for coefficients; of variances from asymptotic errors of their logarithms",
    ]
      + (settings.wantsProfiles
        ? ["Profile: coverage of the intervals from profiles of the likelihood"] : [])
      + [
        "± is the Monte-Carlo standard error of the number before it"
      ]
  }

  private func cellLines(_ cell: StudyCell) -> [String] {
    let groups = cell.groups.map { "\($0.name.printable), \($0.levels)" }.joined(separator: "; ")
    var lines = ["", "\(cell.design.label.printable)   (rows: \(cell.rows); groups: \(groups))"]
    for method in cell.methods {
      lines += table(cell, method).lines(width: 150)
      if let share = method.singularShare, !cell.groups.isEmpty {
        lines.append(
          "singular: \(fixedNotation(100 * share.value, decimals: 1)) ± \(fixedNotation(100 * share.error, decimals: 1)) %"
            + (method.failedCount > 0 ? "; failed: \(method.failedCount)" : ""))
      }
    }
    return lines
  }

  private func table(_ cell: StudyCell, _ method: StudyMethod) -> TextTable {
    let all = method.summaries
    func pair(
      _ header: String, _ figure: (StudySummary) -> MonteCarloFigure?
    ) -> [(header: String, cells: [String])] {
      [
        (header, all.map { figure($0)?.valueText ?? "" }),
        ("±", all.map { figure($0)?.errorText ?? "" }),
      ]
    }
    let truth = cell.parameters.map { $0.truth.isFinite ? shortNumber($0.truth) : "" }
    let columns =
      [("Truth", truth)] + pair("Bias", \.bias) + pair("SD", \.deviation)
      + [
        (
          "Mean SE",
          all.map { summary in
            summary.meanStandardError.map {
              summary.deviation?.text(of: $0) ?? shortNumber($0)
            } ?? ""
          }
        )
      ] + pair("RMSE", \.rootMeanSquare) + pair("Coverage", \.coverage)
      + (all.contains { $0.profileCoverage != nil } ? pair("Profile", \.profileCoverage) : [])
      + pair("Rejected", \.rejection)
    return TextTable(
      rowLabels: cell.parameters.map { "\(method.kind.rawValue) \($0.name)" }, columns: columns,
      alignment: .right)
  }

  private static func notes(_ study: Study) -> [String] {
    var notes: [String] = []
    let failed = study.cells.flatMap(\.methods).reduce(0) { $0 + $1.failedCount }
    if failed > 0 { notes.append("\(failed) fits failed and are left out") }
    for cell in study.cells {
      for method in cell.methods {
        for (parameter, summary) in zip(cell.parameters, method.summaries)
        where summary.profileFailures > 0 && !parameter.isSquare {
          notes.append(
            "\(cell.design.label), \(parameter.name): \(summary.profileFailures) of \(summary.count) profile intervals were not found; coverage is that of the others"
          )
        }
      }
    }
    let lacking = study.cells.flatMap(\.methods).flatMap(\.summaries).contains {
      $0.intervalCount < $0.count
    }
    if lacking {
      notes.append(
        "fits with a variance of zero have no interval for it; its coverage is that of the others")
    }
    if study.settings.degreesOfFreedom == .kenwardRoger, study.settings.methods.contains(.ml) {
      notes.append(
        "Kenward and Roger's method is for REML; ML fits have Satterthwaite's degrees of freedom")
    }
    return notes
  }
}

extension DegreesOfFreedomMethod {
  fileprivate var studyWords: String {
    switch self {
    case .satterthwaite: "t with Satterthwaite's degrees of freedom"
    case .kenwardRoger: "t with Kenward and Roger's adjustment"
    case .residual: "t with n - p degrees of freedom"
    case .none: "normal"
    }
  }
}

extension MonteCarloFigure {
  /// Decimals that show two digits of the error.
  private var decimals: Int {
    guard error > 0, error.isFinite else { return 3 }
    var (decimals, scaled) = (0, error)
    while scaled < 9.95, decimals < 12 {
      scaled *= 10
      decimals += 1
    }
    return decimals
  }

  func text(of value: Double) -> String { fixedNotation(value, decimals: decimals) }
  var valueText: String { text(of: value) }
  var errorText: String { text(of: error) }
}

/// To six significant digits.
func shortNumber(_ value: Double) -> String { NumberColumn([value], digits: 6).cells[0] }
