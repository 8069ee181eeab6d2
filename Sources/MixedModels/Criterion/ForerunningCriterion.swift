// SPDX-License-Identifier: GPL-2.0-or-later

/// A criterion whose evaluations are dear, behind a rough one that leads near its optimum.
final class ForerunningCriterion: DifferentiableCriterion {
  private var rough: (any DifferentiableCriterion)?
  private let exact: any DifferentiableCriterion

  init(_ rough: any DifferentiableCriterion, before exact: any DifferentiableCriterion) {
    (self.rough, self.exact) = (rough, exact)
  }

  private var current: any DifferentiableCriterion { rough ?? exact }

  var isPreliminary: Bool { rough != nil }

  func refine() { rough = nil }

  func value(_ φ: [Double]) throws -> Double { try current.value(φ) }

  func derivatives() throws -> CriterionDerivatives { try current.derivatives() }

  var standardError: Double? { current.standardError }
}
