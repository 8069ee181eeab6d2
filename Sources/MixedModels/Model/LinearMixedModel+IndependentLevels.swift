// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// What is derived, or can be computed, for independent levels alone.
enum ForIndependentLevels {
  case kenwardRoger, exactTest, bootstrap, newResponses, groupInfluence

  /// With its verb.
  var name: String {
    switch self {
    case .kenwardRoger: "Kenward and Roger's adjustment is"
    case .exactTest: "the exact test is"
    case .bootstrap: "bootstrap replicates are"
    case .newResponses: "new responses are"
    case .groupInfluence: "the influence of rows and groups is"
    }
  }

  /// Why it cannot be had where levels are related, and what can.
  var refusal: InferenceError {
    switch self {
    case .kenwardRoger:
      .refused(
        "Kenward and Roger's adjustment is for covariance matrices whose elements are the parameters, and levels that are independent; this model has a term of another kind. Use \(Setting.degreesOfFreedom(["satterthwaite"]))."
      )
    case .exactTest:
      .refused(
        "the exact test is of a factor with independent levels, beside residuals whose variance is estimated. Use \(Setting.boundary("mixture"))."
      )
    case .bootstrap:
      .refused(
        "random effects of related levels cannot be drawn yet, so that there is no bootstrap. Use \(Setting.intervals("wald")) or profile."
      )
    case .newResponses:
      .refused(
        "random effects of related levels cannot be drawn yet. Use \(Setting.drawnEffects("kept")).")
    case .groupInfluence:
      .refused(
        "leaving out a level of a model with related levels is not what this computes. Take the influence of rows."
      )
    }
  }
}

extension LinearMixedModel {
  /// Whether the levels of every group are independent.
  var hasIndependentLevels: Bool { groups.allSatisfy(\.precision.isIdentity) }

  /// - Throws: `InferenceError` where levels are related, or beside absorbed factors.
  func requireIndependentLevels(for use: ForIndependentLevels) throws(InferenceError) {
    try requireNoAbsorbedFactors(use.name)
    try requireRandomEffects(use.name)
    guard hasIndependentLevels else { throw use.refusal }
    switch use {
    case .newResponses: return
    case .kenwardRoger: try requireEqualVariances("Kenward and Roger's adjustment", .degreesOfFreedom(["satterthwaite"]))
    case .exactTest: try requireEqualVariances("the exact test", .boundary("mixture"))
    case .bootstrap: try requireEqualVariances("the bootstrap", .intervals("wald"))
    case .groupInfluence: try requireEqualVariances("the influence of levels", nil)
    }
  }

  /// - Parameter what: What is about random effects, with its verb.
  /// - Throws: `InferenceError` where there are none.
  func requireRandomEffects(_ what: String) throws(InferenceError) {
    guard groups.isEmpty else { return }
    throw .refused(
      "\(what) not made of a model without random effects. Add a term such as (1 | group).")
  }

  /// - Parameters:
  ///   - what: What is for one residual variance, without a verb.
  ///   - remedy: What there is instead.
  /// - Throws: `InferenceError` where residual variances differ by stratum.
  func requireEqualVariances(_ what: String, _ remedy: Setting?) throws(InferenceError) {
    guard parts != nil || covariance.residual != nil else { return }
    throw .refused(
      "\(what) is for residuals of one variance, and this model has strata of them (\(Setting.residualBy)).\(remedy.map { " Use \($0)." } ?? "")"
    )
  }
}
