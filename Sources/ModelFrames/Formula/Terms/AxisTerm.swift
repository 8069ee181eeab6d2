// SPDX-License-Identifier: GPL-2.0-or-later

/// A summand `ar1(row):ar1(column)`: a random effect of every cell of some factors, with correlations along
/// those that have a word.
package struct AxisTerm {
  /// What levels may be along an axis: equally spaced, or numbers.
  static let words = ["ar1", "ou"]
  /// What stands for a factor whose levels are independent of each other.
  package static let independent = "id"

  /// Of every factor.
  let words: [String]
  /// The factors, `row:column`.
  let grouping: Syntax

  /// nil for what is none.
  init?(_ syntax: Syntax) {
    guard let (words, grouping) = Self.parts(syntax), words.contains(where: { $0 != Self.independent })
    else { return nil }
    (self.words, self.grouping) = (words, grouping)
  }

  private static func parts(_ syntax: Syntax) -> (words: [String], grouping: Syntax)? {
    switch syntax.form {
    case .parenthesized(let inner): return parts(inner)
    case .binary(.interaction, let left, let right):
      guard let first = parts(left), let second = parts(right) else { return nil }
      return (
        first.words + second.words,
        Syntax(.binary(.interaction, first.grouping, second.grouping), range: syntax.range)
      )
    case .call(let word, let arguments) where words.contains(word) || word == independent:
      guard arguments.count == 1, arguments[0].name == nil, isFactor(arguments[0].value) else { return nil }
      return ([word], arguments[0].value)
    default: return isFactor(syntax) ? ([independent], syntax) : nil
    }
  }

  private static func isFactor(_ syntax: Syntax) -> Bool {
    switch syntax.form {
    case .name: true
    case .call("factor", _), .call("as.factor", _): true
    default: false
    }
  }
}
