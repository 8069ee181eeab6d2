// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

extension HypothesisError: CustomStringConvertible {
  public var description: String {
    let excerpt = SourceExcerpt(of: text, range: range)
    var sentence = "hypothesis, \(excerpt.place): \(message)."
    if let suggestion {
      sentence += " \(suggestion)" + ([".", "?"].contains(suggestion.last) ? "" : ".")
    }
    sentence = MessageText(sentence: sentence).description
    if excerpt.line.isEmpty { return sentence }
    return sentence + "\n    " + excerpt.line + "\n    " + excerpt.caret
  }
}
