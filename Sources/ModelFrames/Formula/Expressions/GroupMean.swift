// SPDX-License-Identifier: GPL-2.0-or-later

/// `mean(x, g)`, the mean of x over all rows of the row's group, or `within(x, g)`, what x is above it.
///
/// The two split a covariate into what differs between groups and within them (Enders & Tofighi 2007,
/// Psychological Methods 12:121–138), as `ave(x, g)` and `x - ave(x, g)` do in R. The means come from a pass
/// over the rows before they are used.
package struct GroupMean: Sendable, Hashable {
  /// Whether x less the mean is meant.
  package let isDeviation: Bool
  package let source: Source

  /// What the mean is of, and by which column.
  package struct Source: Sendable, Hashable {
    package let value: Expression
    package let group: String

    /// As the formula has it.
    package var name: String { GroupMean(isDeviation: false, source: self).name }
  }

  static let functions = ["mean", "within"]

  private init(isDeviation: Bool, source: Source) {
    (self.isDeviation, self.source) = (isDeviation, source)
  }

  /// nil for any other expression.
  package init?(_ expression: Expression) {
    guard case .call(let function, let arguments) = expression, Self.functions.contains(function),
      arguments.count == 2, case .column(let group) = arguments[1].value
    else { return nil }
    self.init(
      isDeviation: function == "within", source: Source(value: arguments[0].value, group: group))
  }

  /// As R would write it; reports of a grid call it so.
  package var name: String { expression.deparsed }

  package var expression: Expression {
    .call(
      function: Self.functions[isDeviation ? 1 : 0],
      arguments: [.init(value: source.value), .init(value: .column(source.group))])
  }
}

extension Expression {
  /// Each once, in order of appearance.
  package var groupMeans: [GroupMean] {
    if let own = GroupMean(self) { return [own] }
    return children.flatMap(\.groupMeans).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// What a value has to be known of before the expression has one: columns, and means by groups, which
  /// take the place of theirs.
  package var gridVariables: [String] {
    if let own = GroupMean(self) { return [own.name] }
    if case .column(let name) = self { return [name] }
    return children.flatMap(\.gridVariables).reduce(into: []) {
      if !$0.contains($1) { $0.append($1) }
    }
  }

  /// Columns in whose cells the expression is constant.
  package var determiningColumns: [String] {
    if let own = GroupMean(self), !own.isDeviation { return [own.source.group] }
    if case .column(let name) = self { return [name] }
    return children.flatMap(\.determiningColumns)
  }
}

extension ExpressionBuilder {
  /// `mean(x, g)` or `within(x, g)`.
  func groupMean(
    _ function: String, _ arguments: [Syntax.Argument], at syntax: Syntax
  ) throws(FormulaError) -> Expression {
    let wrong = error(
      .wrongArguments(
        function: function,
        expected:
          "a number and the column of its groups, \(function)(x, g); center(x) takes the mean of all rows off"
      ), at: syntax)
    guard arguments.count == 2, arguments.allSatisfy({ $0.name == nil }),
      case .name(let name, let isQuoted) = arguments[1].value.form
    else { throw wrong }
    let value = try rowwiseExpression(arguments[0].value)
    guard case .column(let group) = try column(name, isQuoted, at: arguments[1].value),
      value.groupMeans.isEmpty, !value.columns.contains(group)
    else { throw wrong }
    return .call(function: function, arguments: [.init(value: value), .init(value: .column(group))])
  }
}
