// SPDX-License-Identifier: GPL-2.0-or-later

/// Fits of one model to many responses, written response by response; those that failed have nulls
/// and say why.
public struct ResponsesReport {
  private let fits: ManyResponses

  public init(_ fits: ManyResponses) { self.fits = fits }

  /// broom.mixed's columns between `response` and `message`.
  public func writeTidy(to output: inout some TextOutputStream) {
    let hasLevels = fits.results.contains { $0.fit?.conditionalModes != nil }
    let columns = TidyReport.columns(hasLevels: hasLevels)
    output.writeRecord((["response"] + columns + ["message"]).map(DelimitedField.text))
    for result in fits.results {
      let name = DelimitedField.text(result.name)
      guard let fit = result.fit else {
        output.writeRecord([name] + columns.map { _ in .missing } + [result.messageField])
        continue
      }
      TidyReport.forEachRecord(of: fit, hasLevels: hasLevels) {
        output.writeRecord([name] + $0 + [result.messageField])
      }
    }
  }

  /// One line for every response.
  public func writeGlance(to output: inout some TextOutputStream) {
    let kind = fits.results.lazy.compactMap(\.fit?.criterionKind).first ?? .reml
    let columns = GlanceReport.columns(kind)
    output.writeRecord((["response"] + columns + ["message"]).map(DelimitedField.text))
    for result in fits.results {
      let values = result.fit.map(GlanceReport.record) ?? columns.map { _ in .missing }
      output.writeRecord([.text(result.name)] + values + [result.messageField])
    }
  }

  /// `formula`, and for every response its name, message and what `fit --json` writes.
  public func writeJSON(to output: inout some TextOutputStream) {
    var formula = ""
    JSONValue.string(fits.formula).write(to: &formula, breakingLines: 0)
    output.write("{\n\"formula\": \(formula),\n\"responses\": [")
    for (k, result) in fits.results.enumerated() {
      output.write(k == 0 ? "\n" : ",\n")
      JSONValue.object([
        ("response", .string(result.name)), ("message", .optional(result.message)),
        ("fit", result.fit.map { .object($0.reportMembers) } ?? .null),
      ]).write(to: &output, breakingLines: 0)
    }
    output.write("\n]\n}\n")
  }

  /// A table for people: criterion, σ and coefficients of every response.
  public func writeSummary(to output: inout some TextOutputStream) {
    let some = fits.results.lazy.compactMap(\.fit).first
    let kind = some?.criterionKind ?? .reml
    output.write(
      "Linear mixed models of \(fits.results.count) responses, fit by \(kind == .reml ? "REML" : "maximum likelihood")\n"
        + "Formula: \(Self.shortened(fits.formula.printable))\n\n")
    let names = some?.fixedEffects.map(\.name) ?? []
    func column(_ header: String, _ value: (Fit) -> Double?) -> (String, [String]) {
      (
        header,
        fits.results.map { result in
          result.fit.map { NumberColumn([value($0)], digits: 5).cells[0] } ?? "NA"
        }
      )
    }
    let columns =
      [
        column(kind == .reml ? "REML criterion" : "-2 log L") { $0.criterion },
        column("Sigma") { $0.sigma },
      ]
      + names.indices.map { k in column(names[k]) { $0.fixedEffects[k].estimate } }
    let table = TextTable(
      rowLabels: fits.results.map(\.name), columns: columns, alignment: .right)
    output.write(table.lines().joined(separator: "\n") + "\n")
    let notes = fits.results.compactMap { result in
      result.message.map { "\(result.name): \($0)" }
    }
    if !notes.isEmpty { output.write(noteLines(notes).joined(separator: "\n") + "\n") }
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

  fileprivate var messageField: DelimitedField { message.map(DelimitedField.text) ?? .missing }
}
