// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// Fits of one model to many responses, response by response; those that failed have nulls and say
/// why. In JSON each has its name, message and what a fit's JSON has; in CSV broom.mixed's columns
/// stand between `response` and `message`.
extension ManyResponses: Reportable {
  public static let layout = ReportLayout<ManyResponses>(
    [
      .title {
        "Linear mixed models of \($0.results.count) responses, fit by \($0.kind == .reml ? "REML" : "maximum likelihood")"
      }, .lines { ["Formula: \(shortened($0.formula.printable))"] },
      .data(.text(json: "formula", \.formula), .json("responses", \.responses)),
      .table(\.results, label: \.name, columns: shownColumns),
      .table(
        \.estimates,
        columns: { fits in
          let hasLevels = fits?.results.contains { $0.fit?.conditionalModes != nil } ?? false
          return [.text(tidy: "response", \.result.name)]
            + EstimateRow.columns(hasLevels: hasLevels, \.row)
            + [.text(tidy: "message", \.result.message)]
        }),
      .shownNotes { fits in
        fits.results.compactMap { result in result.message.map { "\(result.name): \($0)" } }
      },
    ], jsonStyle: .recordPerLine)

  /// One CSV line for every response.
  public var glance: Report {
    let table = ResultsTable(
      columns: [.text(tidy: "response", \.name)] + Fit.glanceColumns(kind, \Result.fit)
        + [.text(tidy: "message", \.message)], label: { _ in "" }, rows: { results })
    return Report([ReportPart(shown: .table(table))])
  }

  private var kind: CriterionKind { results.lazy.compactMap(\.fit?.criterionKind).first ?? .reml }

  private var responses: JSONValue {
    .elements(count: results.count) { k in
      .object([
        ("response", .string(results[k].name)), ("message", .optional(results[k].message)),
        ("fit", results[k].fit.map { .object($0.reportMembers) } ?? .null),
      ])
    }
  }

  /// Criterion, σ and coefficients, each with its own digits.
  @Sendable private static func shownColumns(_ fits: ManyResponses?) -> [Column<Result>] {
    func column(
      _ header: String, _ value: @escaping @Sendable (Fit) -> Double?
    ) -> Column<Result> {
      .shown(header) { results in
        results.map { result in
          result.fit.map { NumberColumn([value($0)], digits: TableDigits.of(5)).cells[0] } ?? "NA"
        }
      }
    }
    let names = fits?.results.lazy.compactMap(\.fit).first?.fixedEffects.map(\.name) ?? []
    return [
      column(fits?.kind == .reml ? "REML criterion" : "-2 log L", \.criterion),
      column("Sigma", \.sigma),
    ] + names.indices.map { k in column(names[k]) { $0.fixedEffects[k].estimate } }
  }

  /// One row without an estimate for a response that failed.
  private var estimates: AnySequence<(result: Result, row: EstimateRow?)> {
    AnySequence(
      results.lazy.flatMap { result in
        result.fit.map { fit in AnySequence(fit.estimateRows.lazy.map { (result, $0) }) }
          ?? AnySequence([(result, nil)])
      })
  }

  private static func shortened(_ text: String) -> String {
    guard text.count > 70, let tilde = text.firstIndex(of: "~") else { return text }
    return text.prefix(40) + " …) " + text[tilde...]
  }
}

extension ManyResponses.Result {
  /// Why it failed, or what a fit has to say; nil for nothing.
  var message: String? {
    if let failure { return failure }
    let messages = fit?.convergence.messages ?? []
    return messages.isEmpty ? nil : messages.joined(separator: "; ")
  }
}
