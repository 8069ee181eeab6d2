// SPDX-License-Identifier: GPL-2.0-or-later

/// What one name in a term stands for: a column, or something computed from columns.
public struct Variable: Sendable, Hashable {
  /// R's deparse, as in the names of coefficients; a column named `a b` has its backquotes.
  public let name: String
  public let expression: Expression
  public let kind: Kind

  public enum Kind: Sendable, Hashable {
    /// Numeric, logical or factor, as the data say.
    case column(String)
    /// `factor(x)`, `relevel(x, ref = "b")`: categorical whatever the data say.
    case factor(column: String, reference: String?)
    /// `poly(x, 2)`: orthogonal polynomials, or powers if `raw`.
    case polynomial(of: Expression, degree: Int, raw: Bool)
    /// `scale(x)`: centred by the mean, divided by the standard deviation; `center(x)`.
    case scaled(of: Expression, centers: Bool, scales: Bool)
    /// `ns(x, df = 4)`, `bs(x, knots = c(1, 2))`.
    case spline(of: Expression, SplineCall)
    /// `I(x > 0)`: a factor with the levels FALSE and TRUE.
    case logical(Expression)
    /// `log(x)`, `I(x^2)`, `within(x, g)`.
    case numeric(Expression)
  }

  /// A column as it stands.
  package init(column: String) { self.init(.column(column), .column(column)) }

  init(_ expression: Expression, _ kind: Kind) {
    name = expression.deparsed
    self.expression = expression
    self.kind = kind
  }
}
