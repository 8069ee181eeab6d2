// SPDX-License-Identifier: GPL-2.0-or-later

/// Why an expression has no value in the data at hand.
package enum EvaluationError: Error, Sendable, Hashable {
  /// A column of text where a number is needed.
  case textAsNumber(column: String, expression: String)
  /// Text compared with <, or with the numbers of another column.
  case textComparison(column: String, expression: String)
  /// poly(), scale() or factor(), whose values depend on all rows.
  case notRowwise(expression: String)
}

extension EvaluationError: CustomStringConvertible {
  package var description: String {
    func quoted(_ text: String) -> String { "\"" + DisplayCell.printable(text) + "\"" }
    return switch self {
    case .textAsNumber(let column, let expression):
      "the column \(quoted(column)) holds text, but \(quoted(expression)) needs numbers"
    case .textComparison(let column, let expression):
      "the column \(quoted(column)) holds text and can only be compared with text, "
        + "by ==, != or %in%, not as in \(quoted(expression))"
    case .notRowwise(let expression):
      "\(quoted(expression)) cannot be computed row by row"
    }
  }
}
