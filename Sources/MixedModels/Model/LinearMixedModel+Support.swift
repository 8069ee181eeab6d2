// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// What is derived, or can be computed, for some kinds of models alone.
enum ForSomeModels {
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

  /// Why it cannot be had where levels are related, and what can; nil where it can be had.
  var refusalForRelatives: InferenceError? {
    switch self {
    case .kenwardRoger, .bootstrap, .newResponses: nil
    case .exactTest: .exactTestOfOther
    case .groupInfluence:
      .refused(
        "leaving out a level of a model with related levels is not what this computes. Take the influence of rows."
      )
    }
  }
}

extension InferenceError {
  static let exactTestOfOther = InferenceError.refused(
    "the exact test is of a factor with independent levels, beside residuals whose variance is estimated. Use \(Setting.boundary("mixture"))."
  )
}

extension LinearMixedModel {
  /// Whether the levels of every group are independent.
  var hasIndependentLevels: Bool { groups.allSatisfy(\.precision.isIdentity) }

  /// - Throws: `InferenceError` beside absorbed factors, and where levels are related or residual
  ///   variances differ if it cannot be had then.
  func requireSupport(of use: ForSomeModels) throws(InferenceError) {
    try requireNoAbsorbedFactors(use.name)
    try requireRandomEffects(use.name)
    if !hasIndependentLevels, let refusal = use.refusalForRelatives { throw refusal }
    switch use {
    case .newResponses: return
    case .kenwardRoger:
      try requireKnownRelationships()
      if !hasIndependentLevels {
        try requireEqualVariances(
          "Kenward and Roger's adjustment beside related levels", .degreesOfFreedom(["satterthwaite"]))
      }
    case .exactTest: try requireEqualVariances("the exact test", .boundary("mixture"))
    case .bootstrap: try requireEqualVariances("the bootstrap", .intervals("wald"))
    case .groupInfluence: try requireEqualVariances("the influence of levels", nil)
    }
  }

  /// - Throws: `InferenceError` where correlations of levels are estimated.
  private func requireKnownRelationships() throws(InferenceError) {
    guard covariance.hasLevelParameters else { return }
    throw .refused(
      "Kenward and Roger's adjustment is for levels that are independent, or of known relationship, and here their correlations along axes are estimated. Use \(Setting.degreesOfFreedom(["satterthwaite"]))."
    )
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
  /// - Throws: `InferenceError` where residual variances differ by stratum, or residuals are correlated.
  func requireEqualVariances(_ what: String, _ remedy: Setting?) throws(InferenceError) {
    guard parts != nil || covariance.residual != nil else { return }
    if let serial = covariance.residual?.serial {
      throw .refused(
        "\(what) is for independent residuals, and those of this model are correlated (\(Setting.residual(serial.term.text))).\(remedy.map { " Use \($0)." } ?? "")"
      )
    }
    throw .refused(
      "\(what) is for residuals of one variance, and this model has strata of them (\(Setting.residualBy)).\(remedy.map { " Use \($0)." } ?? "")"
    )
  }
}
