// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames
import Reports

/// One model, many responses.
extension FitCommand {
  var hasManyResponses: Bool {
    responses != nil || (formula.map { ResponsesFormula.isMeant(by: $0) } ?? false)
  }

  func checkResponses() throws {
    guard hasManyResponses else { return }
    if formula == nil {
      throw ValidationError("--responses needs a formula without a response, '~ x + (1 | group)'.")
    }
    try tests.requireModelCovariance("many responses")
    if changes.areThere { throw ValidationError("--add and --drop are for one response.") }
    if save != nil { throw ValidationError("--save keeps one fit, and there are many responses.") }
    if report.residuals == true {
      throw ValidationError("--residuals is for one response; use augment.")
    }
    if let file = data.first(where: { ModelFile.isMeant(by: $0) }) {
      throw ValidationError("\(file) has the cross-products of one response; many need rows.")
    }
    if let responses { _ = try choice(responses) }
  }

  func fitResponses() throws {
    let files = try RunFiles(reading: data + reading.files + model.files + search.files, output: report.output)
    let sources = data.map { tableSource(argument: $0) }
    let progress = report.progress.line
    var options = try options(ModelInput(arguments: data), progress: progress)
    options.wantsScaledResiduals = false
    let fits = try ManyResponses(
      responsesFormula(sources, options), data: sources, options: options)
    progress?.clear()
    try withSignificantDigits(report.digits.digits) {
      try files.report.write(
        report.isGlance ? fits.glance : fits.report(), as: report.reportFormat)
    }
    let failures = fits.failures
    guard let first = failures.first, !report.progress.quiet else { return }
    writeToStandardError(
      message:
        "note: \(failures.count) of \(fits.results.count) responses could not be fitted, the first of them \(first.name): \(first.failure ?? "")"
    )
  }

  private func responsesFormula(
    _ sources: [any TableSource], _ options: FitOptions
  ) throws -> ResponsesFormula {
    let text = formula ?? ""
    guard model.absorbed.absorb.isEmpty else {
      throw ValidationError("--absorb is for one response. Fit each response alone.")
    }
    guard let responses else { return try ResponsesFormula(text) }
    return try ResponsesFormula(text, choice(responses), in: sources, options: options)
  }

  private func choice(_ argument: String) throws -> ResponseChoice {
    do {
      if let expression = try ResponseChoice(expression: argument) { return expression }
    } catch { throw ValidationError("--responses: \(error)") }
    let names: [String]
    do throws(DelimitedTextError) {
      names = try DelimitedText(argument, name: "--responses").records.first ?? []
    } catch { throw ValidationError(error.description) }
    guard !names.isEmpty, !names.contains("") else {
      throw ValidationError("--responses takes column names or /regular expression/.")
    }
    return .columns(names)
  }
}
