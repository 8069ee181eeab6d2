// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// Arithmetic on named variances: `animal / (animal + Residual)`.
struct VarianceExpression {
  /// Parentheses and signs within each other, and operators in all, that are taken: the descent and the walks over
  /// the tree need stack for each, and no ratio of variances comes near.
  private static let mostNested = 200
  private static let mostOperators = 300

  private indirect enum Node {
    case number(Double)
    /// Place among the names.
    case name(Int)
    case negative(Node)
    case operation(Character, Node, Node)
  }
  private let root: Node

  /// - Parameters:
  ///   - text: Names with `+ - * / ( )` and numbers; a name may stand in backquotes.
  ///   - names: What is known, the longest that fits being meant.
  /// - Throws: `InferenceError` for another name, or what is no expression.
  init(_ text: String, names: [String]) throws(InferenceError) {
    var parser = Parser(text: text, names: names)
    root = try parser.sum()
    guard parser.isAtEnd else { throw parser.refusal("an operator was expected") }
  }

  /// The places of the names in it.
  var used: Set<Int> { Self.used(root) }

  private static func used(_ node: Node) -> Set<Int> {
    switch node {
    case .number: []
    case .name(let k): [k]
    case .negative(let a): used(a)
    case .operation(_, let a, let b): used(a).union(used(b))
    }
  }

  func value(_ values: [Linearized]) -> Linearized { Self.value(root, values) }

  private static func value(_ node: Node, _ values: [Linearized]) -> Linearized {
    switch node {
    case .number(let value): Linearized(value: value, slopes: [])
    case .name(let k): values[k]
    case .negative(let a): Linearized(value: 0, slopes: []) - value(a, values)
    case .operation("+", let a, let b): value(a, values) + value(b, values)
    case .operation("-", let a, let b): value(a, values) - value(b, values)
    case .operation("*", let a, let b): value(a, values) * value(b, values)
    case .operation(_, let a, let b): value(a, values) / value(b, values)
    }
  }

  /// By recursive descent.
  private struct Parser {
    let text: String
    let names: [String]
    var rest: Substring
    private var nested = 0
    private var operatorCount = 0

    init(text: String, names: [String]) {
      self.text = text
      self.names = names
      rest = text[...]
    }

    var isAtEnd: Bool {
      mutating get {
        skipSpaces()
        return rest.isEmpty
      }
    }

    mutating func sum() throws(InferenceError) -> Node {
      try chain("+-") { p throws(InferenceError) in try p.product() }
    }

    private mutating func product() throws(InferenceError) -> Node {
      try chain("*/") { p throws(InferenceError) in try p.factor() }
    }

    /// Operands with operators of one rank between them, from the left.
    private mutating func chain(
      _ operators: String, _ operand: (inout Parser) throws(InferenceError) -> Node
    ) throws(InferenceError) -> Node {
      var node = try operand(&self)
      skipSpaces()
      while let sign = rest.first, operators.contains(sign) {
        rest.removeFirst()
        operatorCount += 1
        guard operatorCount <= mostOperators else {
          throw tooLong("it has more than \(mostOperators) operators")
        }
        node = .operation(sign, node, try operand(&self))
        skipSpaces()
      }
      return node
    }

    private mutating func factor() throws(InferenceError) -> Node {
      skipSpaces()
      if let k = known() { return .name(k) }
      switch rest.first {
      case "-":
        rest.removeFirst()
        return .negative(try deeper { p throws(InferenceError) in try p.factor() })
      case "(":
        rest.removeFirst()
        let inner = try deeper { p throws(InferenceError) in try p.sum() }
        guard rest.first == ")" else { throw refusal("a parenthesis is never closed") }
        rest.removeFirst()
        return inner
      case let first? where first.isASCII && (first.isNumber || first == "."):
        let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let value = Double(digits) else { throw refusal("“\(digits)” is no number") }
        rest.removeFirst(digits.count)
        return .number(value)
      case nil: throw refusal("a variance or a number was expected at its end")
      default: throw unknown
      }
    }

    /// What stands within a parenthesis or behind a sign.
    private mutating func deeper(
      _ inner: (inout Parser) throws(InferenceError) -> Node
    ) throws(InferenceError) -> Node {
      nested += 1
      defer { nested -= 1 }
      guard nested <= mostNested else {
        throw tooLong("parentheses and signs are nested more than \(mostNested) deep")
      }
      return try inner(&self)
    }

    private mutating func skipSpaces() { rest = rest.drop { $0 == " " } }

    /// Takes the longest name with which the rest begins.
    private mutating func known() -> Int? {
      func fits(_ name: String) -> Substring? {
        if rest.hasPrefix("`\(name)`") { return rest.dropFirst(name.count + 2) }
        guard rest.hasPrefix(name) else { return nil }
        let after = rest.dropFirst(name.count)
        let ends = after.first.map { !($0.isLetter || $0.isNumber || "_.:|".contains($0)) } ?? true
        return ends ? after : nil
      }
      let candidates = names.indices.filter { fits(names[$0]) != nil }
      guard let k = candidates.max(by: { names[$0].count < names[$1].count }),
        let after = fits(names[k])
      else { return nil }
      rest = after
      return k
    }

    func refusal(_ words: String) -> InferenceError {
      .refused("“\(text)” is no expression of variances: \(words).")
    }

    /// Does not repeat a text of which only the length is wrong.
    private func tooLong(_ words: String) -> InferenceError {
      .refused("The expression of variances that begins “\(text.prefix(40))…” is too long: \(words).")
    }

    private var unknown: InferenceError {
      let word = String(rest.prefix { !"+-*/() ".contains($0) })
      let near = closestName(to: word, among: names).map { "Did you mean “\($0)”? " } ?? ""
      return .refused(
        "“\(text)” names “\(word.isEmpty ? String(rest.prefix(1)) : word)”, which is no variance of the model. \(near)There are \(names.joined(separator: ", "))."
      )
    }
  }
}

/// A number with its derivatives in some parameters; none stands for zeros.
struct Linearized {
  var value: Double
  var slopes: [Double]

  static func + (a: Linearized, b: Linearized) -> Linearized { a.combined(b, a.value + b.value, 1, 1) }
  static func - (a: Linearized, b: Linearized) -> Linearized { a.combined(b, a.value - b.value, 1, -1) }
  static func * (a: Linearized, b: Linearized) -> Linearized {
    a.combined(b, a.value * b.value, b.value, a.value)
  }
  static func / (a: Linearized, b: Linearized) -> Linearized {
    a.combined(b, a.value / b.value, 1 / b.value, -a.value / (b.value * b.value))
  }

  /// By the chain rule.
  private func combined(_ b: Linearized, _ value: Double, _ da: Double, _ db: Double) -> Linearized {
    let count = max(slopes.count, b.slopes.count)
    return Linearized(
      value: value,
      slopes: (0..<count).map {
        (slopes.isEmpty ? 0 : da * slopes[$0]) + (b.slopes.isEmpty ? 0 : db * b.slopes[$0])
      })
  }
}
