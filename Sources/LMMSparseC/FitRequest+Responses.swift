// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Reports

/// One model, many responses.
extension FitRequest {
  /// Whether there are several responses, or some to choose.
  var hasManyResponses: Bool {
    get throws {
      try request.has("responses") || request.string("formula").map(ResponsesFormula.isMeant) ?? false
    }
  }

  /// Rows are read more than once: those of a stream stay in memory until the end.
  ///
  /// - Throws: what makes all fits impossible; a response that alone cannot be fitted says so in its place.
  func responses(_ rows: GivenRows, _ progress: Progress) throws -> JSONText {
    let forms = try ReportForms(request)
    let options = try options(progress)
    let input = try input(rows, keepsBatches: true)
    defer { rows.close() }
    if let file = input.files.first {
      throw request.fault("data", "names \(file), the cross-products of one response, and many need rows")
    }
    let formula = try responsesFormula(of: input.data[0].name, options) {
      try TableReader(input.data, options: options.reading).header
    }
    let fits = try ManyResponses(formula, data: input.data, options: options)
    return forms.text(of: fits.report(), glance: fits.glance)
  }

  /// The formulas of the responses of a table, which errors call by its name, with the names of columns in its
  /// header.
  ///
  /// - Throws: `RequestError`, `FormulaError`; `InferenceError` where no column is meant; what `header` throws.
  func responsesFormula(
    of table: String, _ options: FitOptions, header: () throws -> [String]
  ) throws -> ResponsesFormula {
    guard let text = try request.string("formula") else {
      throw RequestError("\(request.title) needs a \"formula\", such as \"cbind(y1, y2) ~ x + (1 | g)\".")
    }
    guard request.has("responses") else { return try ResponsesFormula(text) }
    return try ResponsesFormula(text, choice, of: table, options, header: header)
  }

  private var choice: ResponseChoice {
    get throws {
      if case .string(let text)? = request["responses"], let expression = try ResponseChoice(expression: text) {
        return expression
      }
      let names = try request.strings("responses")
      guard !names.isEmpty, !names.contains("") else {
        throw request.fault("responses", "takes names of columns, or \"/regular expression/\"")
      }
      return .columns(names)
    }
  }
}
