// SPDX-License-Identifier: GPL-2.0-or-later

/// What is wrong with a formula, and where.
///
/// Printed as one sentence, the line concerned and a caret:
///
///     formula, column 16: no variable "day" in sleepstudy.csv. Did you mean "Days"?
///         reaction ~ 1 + day + (1 | subject)
///                        ^^^
public struct FormulaError: Error, Sendable, Hashable {
  /// The formula, or what was set beside it; its beginning only if it was too long to be read.
  public let text: String
  /// Characters of `text` concerned; empty at the place where something is missing.
  public let range: Range<Int>
  /// What is wrong, without the full stop.
  public let message: String
  /// What to do, a sentence.
  public let suggestion: String?

  /// Whether the text is a list of absorbed factors that was set beside the formula.
  private let isOfAbsorbed: Bool

  init(text: String, range: Range<Int>, _ problem: FormulaProblem) {
    self.init(text: text, range: range, message: problem.message, suggestion: problem.suggestion)
  }

  init(text: String, range: Range<Int>, isOfAbsorbed: Bool = false, message: String, suggestion: String?) {
    (self.text, self.range, self.isOfAbsorbed) = (text, range, isOfAbsorbed)
    (self.message, self.suggestion) = (message, suggestion)
  }
}

extension FormulaError: CustomStringConvertible {
  public var description: String {
    let excerpt = SourceExcerpt(of: text, range: range)
    var sentence = "\(isOfAbsorbed ? "\(Setting.absorbedFactors)" : "formula"), \(excerpt.place): \(message)"
    if let suggestion { sentence += ". \(suggestion)" }
    sentence = MessageText(sentence: sentence).description
    if excerpt.line.isEmpty { return sentence }
    return sentence + "\n    " + excerpt.line + "\n    " + excerpt.caret
  }
}
