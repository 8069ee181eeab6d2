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
  /// The same after every sum has become a chain of binary operators.
  let binaryDepth: Int

  init(_ form: Form, range: Range<Int>) {
    self.form = form
    self.range = range
    var children: [Syntax] = []
    var links = 1
    switch form {
    case .number, .string, .name: break
    case .parenthesized(let inner), .unary(_, let inner): children = [inner]
    case .binary(_, let left, let right): children = [left, right]
    case .sum(let summands):
      children = summands.map(\.operand)
      links = summands.count
    case .call(_, let arguments): children = arguments.map(\.value)
    }
    depth = (children.map(\.depth).max() ?? 0) + 1
    binaryDepth = (children.map(\.binaryDepth).max() ?? 0) + links
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
