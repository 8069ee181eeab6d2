// SPDX-License-Identifier: GPL-2.0-or-later

/// A covariance parameter whose value is known, on the reported scale.
public struct HeldParameter: Sendable, Equatable {
  /// As intervals and tables have it: `sd_(Intercept)|Subject`, `cor_Days.(Intercept)|Subject`,
  /// `rho|Subject`.
  public let name: String
  /// Standard deviations in units of the response.
  public let value: Double

  public init(_ name: String, _ value: Double) {
    (self.name, self.value) = (name, value)
  }
}
