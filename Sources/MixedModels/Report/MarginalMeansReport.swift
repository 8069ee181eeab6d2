// SPDX-License-Identifier: GPL-2.0-or-later

/// Estimated marginal means and their differences.
///
/// JSON: `formula`, `means_of` (the means' formula), `ddf`, `level`, `weights`, `at` (by variable, the
/// values where numbers and chosen levels stand), `averaged` (factors), `means` (an array of `levels`
/// by variable, `estimate`, `std_error`, `df`, `conf_low`, `conf_high`, `reason`), `adjust` and
/// `differences` (an array of `contrast`, `levels`, `estimate`, `std_error`, `df`, `statistic`,
/// `p_value`, `conf_low`, `conf_high`, `reason`; null unless asked for), `messages`. What cannot be
/// estimated is null, with the reason. Infinite degrees of freedom are null.
public struct MarginalMeansReport: InferenceReport {
  private let table: MarginalMeans
  public let notes: [String]

  public init(_ table: MarginalMeans, notes: [String] = []) {
    self.table = table
    let tests = table.means.map(\.test) + (table.differences ?? []).map(\.test)
    self.notes =
      table.messages + probeNotes(tests.map { ($0?.df, $0?.dfError) }) + notes
  }

  private var names: [String] { table.specification.variables + table.specification.groups }

  public var summary: String {
    let percent = NumberColumn([100 * table.level], digits: 4).cells[0]
    let interval = ("Lower \(percent)%", "Upper \(percent)%")
    var lines = [
      "Estimated marginal means, \(table.specification.text.printable), with \(table.method.title)",
      "Formula: \(table.formula.printable)", "",
    ]
    let tests = table.means.map(\.test)
    lines += TextTable(
      rowLabels: table.means.map { $0.labels.isEmpty ? "overall" : $0.labels[0] },
      columns: names.indices.dropFirst().map { k in
        (names[k], table.means.map { $0.labels[k] })
      } + [
        ("emmean", estimates(tests)), ("SE", tableCells(tests.map { $0?.standardError })),
        ("df", tableCells(tests.map { $0?.df })),
        (interval.0, tableCells(tests.map { $0?.confidenceInterval?.low })),
        (interval.1, tableCells(tests.map { $0?.confidenceInterval?.high })),
      ], alignment: .right
    ).lines(width: 120)
    if let differences = table.differences {
      let tests = differences.map(\.test)
      lines += ["", "Pairwise differences, adjustment: \(table.adjustment.rawValue)"]
      lines += TextTable(
        rowLabels: differences.map(\.name),
        columns: table.specification.groups.indices.map { k in
          (table.specification.groups[k], differences.map { $0.labels[k] })
        } + [
          ("Estimate", estimates(tests)), ("SE", tableCells(tests.map { $0?.standardError })),
          ("df", tableCells(tests.map { $0?.df })),
          ("t value", tableCells(tests.map { $0?.statistic }, digits: 4)),
          ("Pr(>|t|)", PValueColumn(tests.map { $0?.pValue }).cells),
          (interval.0, tableCells(tests.map { $0?.confidenceInterval?.low })),
          (interval.1, tableCells(tests.map { $0?.confidenceInterval?.high })),
        ], alignment: .right
      ).lines(width: 120)
    }
    return (lines + noteLines(gridNotes + notes)).joined(separator: "\n") + "\n"
  }

  private func estimates(_ tests: [TTest?]) -> [String] {
    zip(tableCells(tests.map { $0?.estimate }), tests).map { $1 == nil ? "nonEst" : $0 }
  }

  /// What the means are at and over.
  private var gridNotes: [String] {
    var notes = table.fixedValues.filter { !names.contains($0.name) }.map {
      "\($0.name) at \($0.values.joined(separator: ", "))"
    }
    if !table.averaged.isEmpty {
      notes.append(
        "averaged over \(table.averaged.joined(separator: ", ")), weights \(table.weights.rawValue)"
      )
    }
    let reasons = table.means.map { ($0.labels, $0.reason) }.compactMap { labels, reason in
      reason.map { "no mean of \(labels.joined(separator: ", ")): \($0)" }
    }
    return notes + reasons
  }

  public var json: String {
    JSONValue.object([
      ("formula", .string(table.formula)), ("means_of", .string(table.specification.text)),
      ("ddf", .string(table.method.rawValue)), ("level", .number(table.level)),
      ("weights", .string(table.weights.rawValue)),
      ("at", .object(table.fixedValues.map { ($0.name, .strings($0.values)) })),
      ("averaged", .strings(table.averaged)),
      (
        "means",
        .array(
          table.means.map { mean in
            .object(
              [("levels", levels(names, mean.labels))] + members(mean.test, isTested: false)
                + [("reason", .optional(mean.reason))])
          })
      ),
      ("adjust", table.differences == nil ? .null : .string(table.adjustment.rawValue)),
      (
        "differences",
        table.differences.map { differences in
          .array(
            differences.map { difference in
              .object(
                [
                  ("contrast", .string(difference.name)),
                  ("levels", levels(table.specification.groups, difference.labels)),
                ] + members(difference.test, isTested: true)
                  + [("reason", .optional(difference.reason))])
            })
        } ?? .null
      ),
      ("messages", .strings(notes)),
    ]).document
  }

  private func levels(_ names: [String], _ labels: [String]) -> JSONValue {
    .object(zip(names, labels).map { ($0, .string($1)) })
  }

  private func members(_ test: TTest?, isTested: Bool) -> [(name: String, value: JSONValue)] {
    [
      ("estimate", .optional(test?.estimate)), ("std_error", .optional(test?.standardError)),
      ("df", .optional(test?.df)),
    ]
      + (isTested
        ? [("statistic", .optional(test?.statistic)), ("p_value", .optional(test?.pValue))] : [])
      + [
        ("conf_low", .optional(test?.confidenceInterval?.low)),
        ("conf_high", .optional(test?.confidenceInterval?.high)),
      ]
  }

  /// Means first, then differences; the columns of variables come first.
  public var tidy: String {
    var text = ""
    text.writeRecord(
      (["kind"] + names + [
        "contrast", "estimate", "std.error", "df", "statistic", "p.value", "conf.low", "conf.high",
      ]).map(DelimitedField.text))
    func add(_ kind: String, _ labels: [DelimitedField], _ contrast: DelimitedField, _ test: TTest?)
    {
      let isTested = kind == "difference"
      text.writeRecord(
        [.text(kind)] + labels + [
          contrast, .number(test?.estimate), .number(test?.standardError), .number(test?.df),
          .number(isTested ? test?.statistic : nil), .number(isTested ? test?.pValue : nil),
          .number(test?.confidenceInterval?.low), .number(test?.confidenceInterval?.high),
        ])
    }
    for mean in table.means { add("mean", mean.labels.map { .text($0) }, .missing, mean.test) }
    for difference in table.differences ?? [] {
      let own = [DelimitedField](repeating: .missing, count: table.specification.variables.count)
      add(
        "difference", own + difference.labels.map { .text($0) }, .text(difference.name),
        difference.test)
    }
    return text
  }
}
