// SPDX-License-Identifier: GPL-2.0-or-later

public import MixedModels
import ModelFrames

/// How a study is done; what is studied is said by its designs.
public struct StudySettings: Sendable {
  /// Responses drawn for every design.
  public var replicates = 1000
  public var seed: UInt64 = 1
  /// The criteria by which every response is fitted.
  public var methods: [CriterionKind] = [.reml, .ml]
  /// Of the t tests and intervals of coefficients; of ML fits Satterthwaite's where Kenward and
  /// Roger's was asked for, which does not exist for them.
  public var degreesOfFreedom = DegreesOfFreedomMethod.satterthwaite
  /// Of the intervals; tests reject at 1 − level.
  public var level = 0.95
  /// Whether to compute profile intervals beside Wald's, of the fits by maximum likelihood.
  public var wantsProfiles = false
  public var solver = "auto"
  /// 0: all cores; results do not depend on it.
  public var threads = 0
  /// Called now and then, on the calling thread, with the number of replicates done, of all designs, and their
  /// total; what it throws ends the study.
  public var progress: (@Sendable (_ done: Int, _ total: Int) throws -> Void)?

  public init() {}

  /// - Throws: `OutOfRange`.
  func check() throws(OutOfRange) {
    try ValueRange.studyReplicates.check(replicates, "replicates")
    try ValueRange.coverage.check(level, "level")
    if threads != 0 { try ValueRange.threads.check(threads, "threads") }
  }

  func degreesOfFreedom(of method: CriterionKind) -> DegreesOfFreedomMethod {
    let needsREML = degreesOfFreedom == .kenwardRoger || degreesOfFreedom == .kenwardRogerLinear
    return method == .ml && needsREML ? .satterthwaite : degreesOfFreedom
  }
}

/// One number whose estimators are studied.
public struct StudyParameter: Sendable, Equatable {
  public enum Kind: String, Sendable {
    case fixed, standardDeviation = "sd", variance = "var", correlation = "cor", sigma
    case residualVariance = "sigma^2"
  }
  public let kind: Kind
  /// The random-effects term; nil for coefficients and the residuals.
  public let group: String?
  /// The coefficient, the column, or `row.column` of a correlation.
  public let term: String
  public let truth: Double

  package init(kind: Kind, group: String?, term: String, truth: Double) {
    (self.kind, self.group, self.term, self.truth) = (kind, group, term, truth)
  }

  /// Whether it is the square of the parameter before it.
  package var isSquare: Bool { kind == .variance || kind == .residualVariance }

  /// Whether the truth is inside of what the parameter can be.
  var isInside: Bool {
    switch kind {
    case .fixed: true
    case .correlation: abs(truth) < 1
    case .standardDeviation, .variance, .sigma, .residualVariance: truth > 0
    }
  }

  /// lme4's: `sd_(Intercept)|g`, `cor_x.(Intercept)|g`, `sigma`, and alike `var_(Intercept)|g`.
  public var name: String {
    switch kind {
    case .fixed, .sigma, .residualVariance: term
    case .standardDeviation, .variance, .correlation: "\(kind.rawValue)_\(term)|\(group ?? "")"
    }
  }
}

/// What one fit says of one parameter; NaN where it says nothing.
public struct StudyEstimate: Sendable, Equatable {
  public var estimate: Double
  public var standardError = Double.nan
  /// Of the t test of a coefficient.
  public var df = Double.nan
  public var pValue = Double.nan
  public var low = Double.nan
  public var high = Double.nan
  /// Limits of the profile interval, if that was asked for and exists.
  public var profileLow = Double.nan
  public var profileHigh = Double.nan
  /// Whether a limit of the profile interval was looked for and not found.
  public var profileFailed = false
}

/// One response fitted by one method.
public struct StudyReplicate: Sendable, Equatable {
  /// From 0; it names the stream of random numbers.
  public let index: Int
  public let converged: Bool
  public let singular: Bool
  /// Parallel to the design's parameters.
  public let estimates: [StudyEstimate]
}
