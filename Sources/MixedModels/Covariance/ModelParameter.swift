// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// One number of a fit that profiles, bootstraps and studies tell about.
public struct ModelParameter: Sendable, Equatable {
  public enum Kind: String, Sendable {
    case fixed, standardDeviation = "sd", correlation = "cor", sigma, theta
  }
  public let kind: Kind
  /// The random-effects term, `g` or `g.1`; nil for coefficients, σ and θ.
  public let group: String?
  /// The coefficient, the column, or `row.column` of a correlation, or θ's name.
  public let term: String
  /// lme4's: `sd_(Intercept)|Subject`, `cor_Days.(Intercept)|Subject`, `sigma`; of a coefficient its
  /// own.
  public let name: String
  /// broom.mixed's order of a correlation's columns: `column.row`.
  package let tidyColumns: String
  /// In the fit to the data; nil for a correlation with an effect whose variance is zero.
  public let estimate: Double?

  init(
    _ kind: Kind, group: String? = nil, _ term: String, tidy: String? = nil, _ estimate: Double?
  ) {
    (self.kind, self.group, self.term, self.estimate) = (kind, group, term, estimate)
    tidyColumns = tidy ?? term
    name =
      switch kind {
      case .fixed, .sigma: term
      case .standardDeviation, .correlation: Self.name(kind, term, of: group ?? "")
      case .theta: "theta_\(term)"
      }
  }

  /// Where the parameter can lie.
  var range: ClosedRange<Double> { kind.range }

  private static func name(_ kind: Kind, _ term: String, of group: String) -> String {
    "\(kind.rawValue)_\(term)|\(group)"
  }

  /// `sd_(Intercept)|Subject`.
  static func deviationName(_ column: String, of group: String) -> String {
    name(.standardDeviation, column, of: group)
  }

  /// `cor_Days.(Intercept)|Subject`.
  static func correlationName(_ row: String, _ column: String, of group: String) -> String {
    name(.correlation, "\(row).\(column)", of: group)
  }
}

extension ModelParameter.Kind {
  /// Where such a parameter can lie.
  var range: ClosedRange<Double> {
    switch self {
    case .standardDeviation, .sigma: 0...(.infinity)
    case .correlation: -1...1
    case .fixed, .theta: -.infinity...(.infinity)
    }
  }
}
