// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// Estimated marginal means, or slopes of `trend` in their place, and comparisons of them, which are null
/// unless asked for. `at` has by variable the values where numbers and chosen levels stand, `averaged` the factors averaged over.
/// What cannot be estimated is null, with the `reason`. Infinite degrees of freedom are null.
extension MarginalMeans: Reportable {
  public static let layout = ReportLayout<MarginalMeans>(
    [
      .title {
        let what = $0.trend.map { "Slopes of \($0)" } ?? "Estimated marginal means"
        return "\(what), \($0.specification.text), with \($0.method.title)"
      }, .fact("formula", "Formula", \.formula),
      .data(
        .text(json: "means_of", \.specification.text), .text(json: "ddf", \.method.rawValue),
        .number(json: "level", \.level), .text(json: "weights", \.weights.rawValue),
        .text(json: "scale", \.scale.rawValue), .text(json: "trend", \.trend),
        .json("at") { .object($0.fixedValues.map { ($0.name, .strings($0.values)) }) },
        .json("averaged") { .strings($0.averaged) }),
      .table(
        json: "means", \.means, label: { $0.labels.first ?? "overall" }, width: 120,
        columns: meanColumns),
      .data(
        .text(json: "compare", \.comparison?.word),
        .text(json: "adjust") { $0.differences == nil ? nil : $0.adjustment.rawValue }),
      .table(
        json: "differences", \.differences, label: \.name,
        heading: { "\($0.comparisonTitle), adjustment: \($0.adjustment.rawValue)" }, width: 120,
        columns: differenceColumns), .notes(before: \.gridNotes),
    ],
    notes: { table in
      let tests = table.means.map(\.test) + (table.differences ?? []).map(\.test)
      return table.messages + probeNotes(tests.map { ($0?.df, $0?.dfError) })
    })

  private var comparisonTitle: String {
    let noun = hasRatios ? "ratios" : "differences"
    return switch comparison {
    case .pairwise?, nil: "Pairwise \(noun)"
    case .control?: hasRatios ? "Ratios to the control" : "Differences from the control"
    case .consecutive?: "Consecutive \(noun)"
    case .polynomial?: "Polynomial contrasts"
    case .custom?: "Combinations"
    }
  }

  private var estimateHeader: String {
    trend.map { "\($0).trend" } ?? (scale == .response ? "response" : "emmean")
  }

  private var names: [String] { specification.variables + specification.groups }

  @Sendable private static func meanColumns(_ table: MarginalMeans?) -> [Column<Mean>] {
    let names = table?.names ?? []
    let kind = table?.trend == nil ? "mean" : "trend"
    return [.text(tidy: "kind") { _ in kind }]
      + names.indices.map { k in
        .text(tidy: names[k], header: k > 0 ? names[k] : nil) { $0.labels[k] }
      } + [.json("levels") { levels(names, $0.labels) }, .missing("contrast")]
      + testColumns(table, estimate: table?.estimateHeader ?? "emmean", \.test)
      + [.missing("statistic"), .missing("p.value")] + limitColumns(table, \.test)
      + [.text(json: "reason", \.reason)]
  }

  @Sendable private static func differenceColumns(
    _ table: MarginalMeans?
  ) -> [Column<Difference>] {
    let groups = table?.specification.groups ?? []
    let kind = table?.hasRatios == true ? "ratio" : "difference"
    return [.text(tidy: "kind") { _ in kind }, .text(json: "contrast", \.name)]
      + (table?.specification.variables ?? []).map { .missing($0) }
      + groups.indices.map { k in
        .text(tidy: groups[k], header: groups[k]) { $0.labels[k] }
      } + [.json("levels") { levels(groups, $0.labels) }, .text(tidy: "contrast", \.name)]
      + testColumns(table, estimate: table?.hasRatios == true ? "ratio" : "Estimate", \.test)
      + [
        .number(json: "statistic", tidy: "statistic", header: "t value", digits: 4) {
          $0.test?.statistic
        }, .pValue { $0.test?.pValue },
      ] + limitColumns(table, \.test) + [.text(json: "reason", \.reason)]
  }

  private static func testColumns<Row>(
    _ table: MarginalMeans?, estimate: String, _ test: @escaping @Sendable (Row) -> TTest?
  ) -> [Column<Row>] {
    var estimates = Column<Row>.number(json: "estimate", tidy: "estimate", header: estimate) {
      test($0)?.estimate
    }
    let cells = estimates.cells
    estimates.cells = { rows in
      zip(cells(rows), rows).map { test($1) == nil ? "nonEst" : $0 }
    }
    return [
      estimates,
      .number(json: "std_error", tidy: "std.error", header: "SE") { test($0)?.standardError },
      .number(json: "df", tidy: "df", header: "df") { test($0)?.df },
    ]
  }

  private static func limitColumns<Row>(
    _ table: MarginalMeans?, _ test: @escaping @Sendable (Row) -> TTest?
  ) -> [Column<Row>] {
    let limits = IntervalHeaders(level: table?.level)
    return [
      .number(json: "conf_low", tidy: "conf.low", header: limits.lower) {
        test($0)?.confidenceInterval?.low
      },
      .number(json: "conf_high", tidy: "conf.high", header: limits.upper) {
        test($0)?.confidenceInterval?.high
      },
    ]
  }

  private static func levels(_ names: [String], _ labels: [String]) -> JSONValue {
    .object(zip(names, labels).map { ($0, .string($1)) })
  }

  /// A value in a note: what was given as it is, a mean without digits that tell nothing.
  private static func brief(_ value: String) -> String {
    guard value.count > 12, let number = Double(value) else { return value }
    return NumberColumn([number], digits: 5).cells[0]
  }

  /// What the means are at and over.
  private var gridNotes: [String] {
    let fixed = fixedValues.filter { !names.contains($0.name) }
      .map { "\($0.name) at \($0.values.map(Self.brief).listed)" }
    let over =
      averaged.isEmpty
      ? [] : ["averaged over \(averaged.listed), weights \(weights.rawValue)"]
    let reasons = means.compactMap { mean in
      mean.reason.map { "no mean of \(mean.labels.listed): \($0)" }
    }
    return fixed + over + reasons
  }
}

extension MarginalMeans {
  /// Which tables a report has.
  package enum Tables: String, Sendable, CaseIterable { case all, means, comparisons }

  /// A report without one of the tables, which is null in JSON then.
  ///
  /// - Parameter notes: what else is to be known of it, such as that the fit is singular.
  package func report(showing tables: Tables, notes: [String] = []) -> Report {
    let name = tables == .means ? "differences" : "means"
    guard tables != .all else { return report(notes: notes) }
    var report = report(notes: notes)
    report.parts = report.parts.map { part in
      guard case .table? = part.shown, part.members().map(\.name) == [name] else { return part }
      return ReportPart { [(name, .null)] }
    }
    return report
  }
}
