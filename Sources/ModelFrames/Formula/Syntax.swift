// SPDX-License-Identifier: GPL-2.0-or-later

/// A node of the tree R's parser would build, before `+ : *` get a meaning.
struct Syntax {
  indirect enum Form {
    case number(Double)
    case string(String)
    case name(String, isQuoted: Bool)
    case parenthesized(Syntax)
    case unary(UnaryOperator, Syntax)
    case binary(BinaryOperator, Syntax, Syntax)
    /// A chain of + and −, kept flat because formulas with thousands of summands are normal.
    case sum([Summand])
    case call(function: String, arguments: [Argument])
  }

  struct Summand {
    let isNegative: Bool
    let operand: Syntax
  }

  struct Argument {
    let name: String?
    let value: Syntax
    let range: Range<Int>
  }

  let form: Form
  /// Characters of the formula.
  let range: Range<Int>
  /// Nodes on the longest way down to a leaf, this one included.
  let depth: Int

  init(_ form: Form, range: Range<Int>) {
    self.form = form
    self.range = range
    depth =
      switch form {
      case .number, .string, .name: 1
      case .parenthesized(let inner), .unary(_, let inner): inner.depth + 1
      case .binary(_, let left, let right): max(left.depth, right.depth) + 1
      case .sum(let summands): (summands.map(\.operand.depth).max() ?? 0) + 1
      case .call(_, let arguments): (arguments.map(\.value.depth).max() ?? 0) + 1
      }
  }

  /// The node inside any number of parentheses.
  var unparenthesized: Syntax {
    var node = self
    while case .parenthesized(let inner) = node.form { node = inner }
    return node
  }

  /// Left side, right side and kind of `a | b` and `a || b`; nil for anything else.
  var bar: (left: Syntax, right: Syntax, isDouble: Bool)? {
    switch form {
    case .binary(.or, let left, let right): (left, right, false)
    case .binary(.doubleOr, let left, let right): (left, right, true)
    default: nil
    }
  }
}
