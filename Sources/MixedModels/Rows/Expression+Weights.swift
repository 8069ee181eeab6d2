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
}
