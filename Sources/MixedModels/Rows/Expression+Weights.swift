// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames

extension Expression {
  /// Prior weights as they are asked for: a column's name, or arithmetic on columns such as `1/v`.
  ///
  /// What cannot be read as an expression is taken for the name of a column, and so is a name in
  /// backquotes.
  package init(weights text: String) {
    let offsets = (try? Formula("y ~ offset(\(text))"))?.offsets ?? []
    self = offsets.count == 1 ? offsets[0] : .column(text)
  }

  /// Why a text that looks like arithmetic cannot be prior weights; nil where it can, or is a plain name.
  static func problem(ofWeights text: String) -> String? {
    guard text.contains(where: { "+-*/^()".contains($0) }) || text.first?.isNumber == true else {
      return nil
    }
    do {
      let offsets = try Formula("y ~ offset(\(text))").offsets
      return offsets.count == 1 ? nil : "it is not one expression"
    } catch {
      return error.message
    }
  }
}
