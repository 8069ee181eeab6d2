// SPDX-License-Identifier: GPL-2.0-or-later

extension Evaluation {
  /// One side of a comparison.
  private enum Comparand {
    case text(String)
    case labels(column: String, codes: [Int32], labels: [String])
    case numbers(RowValues)
  }

  func comparison(
    _ symbol: BinaryOperator, _ left: Expression, _ right: Expression,
    _ column: (String) -> ColumnValues
  ) throws(EvaluationError) -> RowValues {
    let first = try comparand(left, against: right, column)
    let second = try comparand(right, against: left, column)
    if case (.numbers(let a), .numbers(let b)) = (first, second) { return compare(symbol, a, b) }
    let isEqual: RowValues =
      switch (first, second) {
      case (.labels(_, let codes, let labels), .text(let text)),
        (.text(let text), .labels(_, let codes, let labels)):
        .vector(lookUp(codes, labels.map { $0.hasBytes(of: text) ? 1 : 0 }))
      case (.labels(_, let a, let aLabels), .labels(_, let b, let bLabels)):
        .vector(equality(a, aLabels, b, bLabels))
      case (.numbers(let values), .text(let text)), (.text(let text), .numbers(let values)):
        equality(values, text)
      case (.text(let a), .text(let b)): .scalar(a.hasBytes(of: b) ? 1 : 0)
      case (.labels(let name, let codes, let labels), .numbers(.scalar(let number))),
        (.numbers(.scalar(let number)), .labels(let name, let codes, let labels)):
        .vector(try equality(name, codes, labels, number))
      case (.labels(let name, _, _), _), (_, .labels(let name, _, _)):
        throw .textComparison(column: name, expression: expression.deparsed)
      case (.numbers, .numbers): preconditionFailure("compared above")
      }
    switch symbol {
    case .equal: return isEqual
    case .notEqual: return isEqual.map { 1 - $0 }
    default:
      let name = (left.columns + right.columns).first ?? ""
      throw .textComparison(column: name, expression: expression.deparsed)
    }
  }

  private func comparand(
    _ side: Expression, against other: Expression, _ column: (String) -> ColumnValues
  ) throws(EvaluationError) -> Comparand {
    switch side.content {
    case .string(let text): return .text(text)
    case .column(let name):
      let values = column(name)
      // The labels TRUE and FALSE are numbers unless they are compared with text.
      var isText = false
      if case .string = other.content { isText = true }
      if !isText, let numbers = values.asNumbers { return .numbers(.vector(numbers)) }
      switch values {
      case .numbers(let numbers): return .numbers(.vector(numbers))
      case .labels(let codes, let labels):
        return .labels(column: name, codes: codes, labels: labels)
      }
    default: return .numbers(try value(of: side, column))
    }
  }

  private func compare(_ symbol: BinaryOperator, _ a: RowValues, _ b: RowValues) -> RowValues {
    switch symbol {
    case .equal: a.combined(with: b) { known($0, $1) ? ($0 == $1 ? 1 : 0) : .nan }
    case .notEqual: a.combined(with: b) { known($0, $1) ? ($0 != $1 ? 1 : 0) : .nan }
    case .less: a.combined(with: b) { known($0, $1) ? ($0 < $1 ? 1 : 0) : .nan }
    case .lessOrEqual: a.combined(with: b) { known($0, $1) ? ($0 <= $1 ? 1 : 0) : .nan }
    case .greater: a.combined(with: b) { known($0, $1) ? ($0 > $1 ? 1 : 0) : .nan }
    default: a.combined(with: b) { known($0, $1) ? ($0 >= $1 ? 1 : 0) : .nan }
    }
  }

  private func known(_ a: Double, _ b: Double) -> Bool { !a.isNaN && !b.isNaN }

  /// The value of each row's label, NaN where it is missing.
  private func lookUp(_ codes: [Int32], _ values: [Double]) -> [Double] {
    codes.map { $0 < 0 ? .nan : values[Int($0)] }
  }

  private func equality(
    _ a: [Int32], _ aLabels: [String], _ b: [Int32], _ bLabels: [String]
  ) -> [Double] {
    let index = Dictionary(zip(aLabels.map(Label.init), Int32(0)...)) { first, _ in first }
    let codeInA = bLabels.map { index[Label($0)] ?? -2 }
    return zip(a, b).map { $0 < 0 || $1 < 0 ? .nan : $0 == codeInA[Int($1)] ? 1 : 0 }
  }

  /// R compares the text of the number.
  private func equality(
    _ name: String, _ codes: [Int32], _ labels: [String], _ number: Double
  ) throws(EvaluationError) -> [Double] {
    let text = RNumber.deparsed(number)
    return lookUp(codes, labels.map { $0 == text ? 1 : 0 })
  }

  private func equality(_ values: RowValues, _ text: String) -> RowValues {
    let number = Double(text)
    return values.map { $0.isNaN ? .nan : $0 == number ? 1 : 0 }
  }

  /// R's %in%, which is never missing.
  func membership(
    of element: Expression, in set: Expression, _ column: (String) -> ColumnValues
  ) throws(EvaluationError) -> [Double] {
    let members: [Expression] =
      if case .call("c", let arguments) = set { arguments.map(\.value) } else { [set] }
    var texts: Set<Label> = []
    for case .string(let text) in members { texts.insert(Label(text)) }
    let hasText = !texts.isEmpty
    var numbers = Set(texts.compactMap { Double($0.text) })
    for member in members {
      if case .string = member { continue }
      guard case .scalar(let number) = try value(of: member, column) else { continue }
      numbers.insert(number)
      texts.insert(Label(RNumber.deparsed(number)))
    }
    if case .string(let text) = element.content {
      return [Double](repeating: texts.contains(Label(text)) ? 1 : 0, count: count)
    }
    if case .column(let name) = element.content,
      case .labels(let codes, let labels) = column(name),
      hasText || column(name).asNumbers == nil
    {
      let isMember = labels.map { texts.contains(Label($0)) ? 1.0 : 0 }
      return codes.map { $0 < 0 ? 0 : isMember[Int($0)] }
    }
    switch try value(of: element, column) {
    case .scalar(let number):
      return [Double](repeating: numbers.contains(number) ? 1 : 0, count: count)
    case .vector(let values): return values.map { numbers.contains($0) ? 1 : 0 }
    }
  }
}

extension ColumnValues {
  /// The values as numbers; nil if there are labels other than names of TRUE and FALSE.
  var asNumbers: [Double]? {
    switch self {
    case .numbers(let values): return values
    case .labels(let codes, let labels):
      var values: [Double] = []
      for label in labels {
        var label = label
        guard let value = label.withUTF8({ readLogical($0) }) else { return nil }
        values.append(value ? 1 : 0)
      }
      return codes.map { $0 < 0 ? .nan : values[Int($0)] }
    }
  }
}
