// SPDX-License-Identifier: GPL-2.0-or-later

/// Where the degrees of freedom of t and F come from, by the names that `--ddf` takes.
public enum DegreesOfFreedomMethod: String, Sendable, CaseIterable {
  case satterthwaite
  case kenwardRoger = "kenward-roger"
  /// The same without second derivatives of the covariance matrix, of models with covariances between
  /// residuals or with structures of random terms.
  case kenwardRogerLinear = "kenward-roger-linear"
  case residual, none

  /// As tables call it.
  public var title: String {
    switch self {
    case .satterthwaite: "Satterthwaite's method"
    case .kenwardRoger: "Kenward-Roger's method"
    case .kenwardRogerLinear: "Kenward-Roger's linear method"
    case .residual: "residual degrees of freedom"
    case .none: "the normal approximation"
    }
  }
}
