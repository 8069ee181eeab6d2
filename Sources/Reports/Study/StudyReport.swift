// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
public import Studies

/// The estimators' bias, spread, coverage and rejections in a Monte-Carlo study.
///
/// `varied` is what differs between designs, by name; `bias_expected` is theory, to first order;
/// `intervals` says how many there were; Monte-Carlo errors end in `_se`.
extension Study: Reportable {
  public static let layout = ReportLayout<Study>(
    [
      .title { study in
        let (settings, count) = (study.settings, study.cells.count)
        return
          "Monte-Carlo study, \(settings.replicates) responses of \(count == 1 ? "one design" : "each of \(count) designs") (seed \(settings.seed))"
      }, .fact("formula", "Formula", \.formula), .lines(\.heading),
      .data(
        .count(json: "seed") { Int(clamping: $0.settings.seed) },
        .count(json: "replicates", \.settings.replicates), .number(json: "level", \.settings.level),
        .text(json: "ddf", \.settings.degreesOfFreedom.rawValue),
        .records("designs", designColumns, \.cells)),
      .tables { $0.cells.flatMap(\.tables) + StudyBiasTable($0).tables },
      .table(\.rows, columns: { _ in parameterFields }), .notes(),
    ], notes: notes)

  private var heading: [String] {
    let percent = NumberColumn([100 * settings.level], digits: 4).cells[0]
    return [
      "Intervals of \(percent) %: \(settings.degreesOfFreedom.studyWords) for coefficients; of variances from asymptotic errors of their logarithms"
    ]
      + (settings.wantsProfiles
        ? ["Profile: coverage of the intervals from profiles of the likelihood"] : [])
      + ["± is the Monte-Carlo standard error of the number before it"]
  }

  @Sendable private static func notes(_ study: Study) -> [String] {
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

extension StudyCell {
  /// One of every method, below each other.
  fileprivate var tables: [any ReportTable] {
    let groups = groups.map { "\($0.name), \($0.levels)" }.joined(separator: "; ")
    return methods.indices.map { m in
      let rows = Array(zip(parameters, methods[m].summaries))
      let kind = methods[m].kind.rawValue
      return ResultsTable(
        heading: m == 0
          ? "\(design.label.printable)   (rows: \(self.rows); groups: \(groups))" : nil,
        footnotes: footnotes(methods[m]), isContinuation: m > 0, width: 150,
        columns: StudySummary.columns(hasProfiles: rows.contains { $0.1.profileCoverage != nil }),
        label: { "\(kind) \($0.0.name)" }, rows: { rows })
    }
  }

  private func footnotes(_ method: StudyMethod) -> [String] {
    guard let share = method.singularShare, !groups.isEmpty else { return [] }
    let (value, error) = (100 * share.value, 100 * share.error)
    return [
      "singular: \(fixedNotation(value, decimals: 1)) ± \(fixedNotation(error, decimals: 1)) %"
        + (method.failedCount > 0 ? "; failed: \(method.failedCount)" : "")
    ]
  }
}

extension StudySummary {
  fileprivate typealias Row = (StudyParameter, StudySummary)

  fileprivate static func columns(hasProfiles: Bool) -> [Column<Row>] {
    [
      .shown("Truth") { $0.map { $0.0.truth.isFinite ? shortNumber($0.0.truth) : "" } }
    ] + pair("Bias", \.bias) + pair("SD", \.deviation)
      + [.shown("Mean SE") { $0.map(\.1.meanErrorText) }] + pair("RMSE", \.rootMeanSquare)
      + pair("Coverage", \.coverage) + (hasProfiles ? pair("Profile", \.profileCoverage) : [])
      + pair("Rejected", \.rejection)
  }

  /// A number and its error.
  private static func pair(
    _ header: String, _ figure: @escaping @Sendable (StudySummary) -> MonteCarloFigure?
  ) -> [Column<Row>] {
    [
      .shown(header) { $0.map { figure($0.1)?.valueText ?? "" } },
      .shown("±") { $0.map { figure($0.1)?.errorText ?? "" } },
    ]
  }

  /// With the decimals of the standard deviation.
  private var meanErrorText: String {
    meanStandardError.map { deviation?.text(of: $0) ?? shortNumber($0) } ?? ""
  }
}

extension DegreesOfFreedomMethod {
  fileprivate var studyWords: String {
    switch self {
    case .satterthwaite: "t with Satterthwaite's degrees of freedom"
    case .kenwardRoger: "t with Kenward and Roger's adjustment"
    case .kenwardRogerLinear: "t with Kenward and Roger's linear adjustment"
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
