// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The distribution of a likelihood-ratio statistic under a hypothesis that puts variances on the
/// boundary of the parameter space: a mixture of χ² distributions (Self & Liang 1987, JASA 82,
/// 605–610; Stram & Lee 1994, Biometrics 50, 1171–1177).
///
/// It is the limit for many levels when the other variance components are inside the space.
public struct BoundaryMixture: Sendable, Equatable {
  public struct Part: Sendable, Equatable {
    public let weight: Double
    public let degreesOfFreedom: Int
  }
  public let parts: [Part]

  /// One more random effect in a term that already has q − 1 of them, with all its covariances (or
  /// one variance alone, q = 1), and `fixed` more coefficients: ½χ²_{q−1} + ½χ²_q, shifted by
  /// `fixed`.
  init(oneMoreEffectIn q: Int, fixed: Int = 0) {
    parts = [
      Part(weight: 0.5, degreesOfFreedom: fixed + q - 1),
      Part(weight: 0.5, degreesOfFreedom: fixed + q),
    ]
  }

  /// P(X ≥ x); 1 at x = 0.
  public func tail(_ x: Double) -> Double {
    guard x > 0 else { return 1 }
    return parts.reduce(0) {
      $0 + $1.weight
        * ChiSquared(degreesOfFreedom: Double($1.degreesOfFreedom)).cumulative(x, tail: .upper)
    }
  }
}

extension BoundaryMixture: CustomStringConvertible {
  /// “½χ²(0) + ½χ²(1)”.
  public var description: String {
    parts.map { ($0.weight == 0.5 ? "½" : "\($0.weight)") + "χ²(\($0.degreesOfFreedom))" }
      .joined(separator: " + ")
  }
}

/// How p-values of variance components are found.
public enum BoundaryMethod: String, Sendable, CaseIterable {
  /// χ², as if the hypothesis were inside the parameter space: conservative.
  case naive
  /// The mixture of χ² that the limit theory gives.
  case mixture
  /// Simulation of the finite-sample distribution.
  case exact
  case bootstrap
}
