// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import TestSupport
import Testing

/// Profile limits by root finding on the ML deviance (`exact`), and lme4's, which come from splines
/// through its profiles (`lme4`); see Fits/README.md.
struct ReferenceProfile: Decodable, Sendable {
  struct Exact: Decodable, Sendable {
    let par: String
    let estimate: Double
    let lower: Double
    let upper: Double
    let lower_at_bound: Bool
    let upper_at_bound: Bool
  }
  struct Spline: Decodable, Sendable {
    let par: [String]
    let lower: [Double?]
    let upper: [Double?]
  }
  private struct Container: Decodable { let profile_ci_95: ReferenceProfile? }

  let ml_criterion: Double
  let exact: [Exact]
  let lme4: Spline

  static let all: [(id: String, profile: ReferenceProfile)] = Files.references.compactMap { id in
    try! Files.reference(Container.self, fit: id).profile_ci_95.map { (id, $0) }
  }
}
