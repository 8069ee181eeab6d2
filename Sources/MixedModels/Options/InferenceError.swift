// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames

/// Why a test cannot be done.
///
/// `description` tells the user what to do.
public enum InferenceError: Error, Sendable, Equatable {
  case noCurvature
  case kenwardRogerNeedsREML
  /// Kenward and Roger's linear method for random effects with any covariance matrix.
  case linearNeedsCurvature
  case kenwardRogerTooLarge(group: String, effects: Int, bytes: Int, limit: Int)
  case contradiction(row: Int)
  case noFixedTerms(String)
  /// One sentence that says all.
  case refused(String)
}

extension InferenceError {
  /// - Parameter what: What takes the residuals of the rows a fit was made of.
  static func otherRows(_ what: String) -> InferenceError {
    .refused(
      "\(what) needs the rows of the fit, and those that are there now leave other residuals. Fit again."
    )
  }

  static var withoutClusters: InferenceError {
    .refused(
      "cluster-robust covariances need clusters of rows. Name their column: \(Setting.clusters()).")
  }

  /// Of a model without random effects, whose residuals may have a structure.
  static func nothingToTakeOut(of formula: String, _ term: ResidualTerm?) -> InferenceError {
    guard let term else { return .refused("“\(formula)” has no random effects to take out.") }
    let sentence: MessageText =
      "“\(formula)” has no random effects to take out. Structures such as \(Setting.residual(term.text)) are compared as fits of their own."
    return .refused(sentence.description)
  }

  /// Of what is not made for residuals that are correlated within subjects.
  package static func needsIndependentResiduals(
    _ what: MessageText, _ term: ResidualTerm
  ) -> InferenceError {
    let sentence: MessageText =
      "\(what) for models with independent residuals, not with \(Setting.residual(term.text)). Fit without it, or use what is there: tests, contrasts, marginal means and Wald intervals."
    return .refused(sentence.description)
  }
}

extension InferenceError: CustomStringConvertible {
  public var description: String { message.description }

  private var message: MessageText {
    switch self {
    case .noCurvature:
      "the Hessian of the criterion could not be computed, so there are no Satterthwaite degrees of freedom. Use \(Setting.degreesOfFreedom(["kenward-roger", "residual", "none"]))."
    case .kenwardRogerNeedsREML:
      "Kenward and Roger's adjustment is derived for REML fits, and this is an ML fit. Fit with \(Setting.restrictedLikelihood), or use another \(Setting.degreesOfFreedom())."
    case .linearNeedsCurvature:
      "\(Setting.degreesOfFreedom(["kenward-roger-linear"])) is for models with \(Setting.residual()), or with a structure such as cs() around a random term. Here take \(Setting.degreesOfFreedom(["kenward-roger"])), which is linear in the covariances of random effects."
    case .kenwardRogerTooLarge(let group, let effects, let bytes, let limit):
      "Kenward–Roger needs dense matrices between the random effects of all crossed factors but the largest: \(effects) effects (\(group)) take \(Self.gibibytes(bytes)) each, and \(Self.gibibytes(limit)) is the limit. Use \(Setting.degreesOfFreedom(["satterthwaite", "residual"])); with so many levels they hardly differ."
    case .contradiction(let row):
      "hypothesis \(row) contradicts those before it: together they cannot be true."
    case .noFixedTerms(let formula):
      "“\(formula)” has no fixed-effects terms besides the intercept, so there is nothing to test."
    case .refused(let sentence): MessageText(sentence: sentence)
    }
  }

  private static func gibibytes(_ bytes: Int) -> String {
    "\((Double(bytes) / 107_374_182.4).rounded(.up) / 10) GiB"
  }
}
