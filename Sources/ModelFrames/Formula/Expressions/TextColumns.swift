// SPDX-License-Identifier: GPL-2.0-or-later

extension Expression {
  /// The columns compared with text, and those of the groups of a mean, each once: these are read as
  /// labels, not numbers.
  package var textColumns: [String] {
    var seen: Set<String> = []
    var result: [String] = []
    func note(_ expression: Expression) {
      if case .column(let name) = expression.content, seen.insert(name).inserted {
        result.append(name)
      }
    }
    func visit(_ expression: Expression) {
      if let mean = GroupMean(expression) { note(.column(mean.source.group)) }
      if case .binary(let symbol, let left, let right) = expression {
        if symbol.isComparison || symbol == .within {
          if right.isText { note(left) }
          if left.isText { note(right) }
        }
      }
      for child in expression.children { visit(child) }
    }
    visit(self)
    return result
  }

  /// Whether this is text, or a set with text in it.
  private var isText: Bool {
    switch content {
    case .string: true
    case .call("c", let arguments):
      arguments.contains { if case .string = $0.value { true } else { false } }
    default: false
    }
  }
}
