// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import Reports
import TestSupport

/// A fit by lme4 1.1-31 in R 4.2.2: its numbers (JSON, 15 digits) and its printed summary.
///
/// They are files of the folder Golden. The text is without trailing blanks. Both come from the same
/// R object, so printing can be compared by character.
/// Data sets are lme4's own unless the fit says otherwise.
struct GoldenSummary: Sendable, CustomStringConvertible {
  let name: String
  let fit: String
  let text: String

  var description: String { name }

  private init(_ name: String) {
    func file(_ suffix: String) -> String {
      let folder = Files.test("MixedModelsTests/Report/Golden")
      return try! String(contentsOf: folder.appendingPathComponent(name + suffix), encoding: .utf8)
    }
    (self.name, fit, text) = (name, file(".json"), String(file(".txt").dropLast()))
  }

  /// `lmer(Reaction ~ Days + (Days | Subject), sleepstudy)`.
  static let sleepstudyREML = GoldenSummary("sleepstudyREML")
  /// The same with `REML = FALSE`.
  static let sleepstudyML = GoldenSummary("sleepstudyML")
  /// Sleepstudy with `day2 = 2 * Days`.
  static let sleepstudyDropped = GoldenSummary("sleepstudyDropped")
  /// Two terms on one factor.
  static let sleepstudyUncorrelated = GoldenSummary("sleepstudyUncorrelated")
  /// With `w = rep(1:3, 60)` and `shift = 3 * Days`.
  static let sleepstudyWeighted = GoldenSummary("sleepstudyWeighted")
  /// `Reaction * 1e4` and `Days * 1e-4`: numbers that need scientific notation.
  static let sleepstudyScaled = GoldenSummary("sleepstudyScaled")
  /// nlme's Machines: a term with three columns.
  static let machinesTriangle = GoldenSummary("machinesTriangle")
  /// More coefficients than the table of correlations takes.
  static let cakeFactorial = GoldenSummary("cakeFactorial")
  /// Cake at temperatures 175 to 205: a table wider than 80 characters.
  static let cakeWrapped = GoldenSummary("cakeWrapped")
  /// A variance of zero.
  static let dyestuff2Singular = GoldenSummary("dyestuff2Singular")
  /// Two crossed factors.
  static let penicillinML = GoldenSummary("penicillinML")
  /// Nested factors; the criterion rounds to a whole number.
  static let pastesNested = GoldenSummary("pastesNested")

  static let all = [
    sleepstudyREML, sleepstudyML, sleepstudyDropped, sleepstudyUncorrelated, sleepstudyWeighted,
    sleepstudyScaled, machinesTriangle, cakeFactorial, cakeWrapped, dyestuff2Singular,
    penicillinML, pastesNested,
  ]

  /// The printed summary between the title and the warnings, whose words are lme4's own.
  var body: String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst()
    if let end = lines.firstIndex(where: { $0.hasPrefix("fit warn") || $0.hasPrefix("optimizer") })
    {
      lines = lines[..<end]
    }
    return lines.joined(separator: "\n")
  }

  /// lme4's fit as our result, with what lme4 does not have as given.
  func makeFit(
    messages: [String] = [], omitted: Int = 0, modes: [ConditionalModes]? = nil,
    hasResiduals: Bool = true, converged: Bool = true
  ) throws -> Fit {
    let object = try JSONSerialization.jsonObject(with: Data(fit.utf8)) as! [String: Any]
    func numbers(_ key: String) -> [Double?] { (object[key] as! [Any]).map { $0 as? Double } }
    func names(_ key: String) -> [String] { object[key] as! [String] }
    let random = object["random"] as! [[String: Any]]
    var timing = Timing()
    (timing.read, timing.total, timing.evaluation) = (0.25, 1.5, 0.001)
    return Fit(
      object["formula"] as! String,
      criterionKind: CriterionKind(rawValue: object["method"] as! String)!,
      data: [object["data"] as! String], weights: object["weights"] as? String,
      offset: object["offset"] as? String, observations: object["nobs"] as! Int,
      omittedObservations: omitted, randomEffectCount: object["q"] as! Int,
      criterion: object["criterion"] as! Double, sigma: object["sigma"] as! Double,
      theta: Theta(names("theta_names"), values: numbers("theta").compactMap(\.self)),
      fixedEffects: zip(names("fixed_names"), zip(numbers("estimates"), numbers("ses"))).map {
        FixedEffect($0, estimate: $1.0, standardError: $1.1)
      },
      vcov: object["vcov"] as! [[Double]],
      varianceComponents: random.map { term in
        VarianceComponent(
          term["name"] as! String, group: term["group"] as! String,
          levelCount: term["levels"] as! Int, columns: term["columns"] as! [String],
          standardDeviations: term["sd"] as! [Double],
          correlations: (term["corr"] as! [[Any]]).map { $0.map { $0 as? Double } },
          covariances: term["cov"] as! [[Double]])
      },
      convergence: Convergence(
        "bobyqa", converged: converged, evaluations: 57, isSingular: object["singular"] as! Bool,
        messages: messages,
        trace: [TracePoint(1, theta: [1, 0, 1], criterion: 1750.25, seconds: 0.5)]),
      conditionalModes: modes,
      scaledResiduals: hasResiduals
        ? ResidualQuantiles(numbers("residuals").compactMap(\.self)) : nil,
      solver: SolverDescription("cholmod", factorNonzeros: 120, threads: 2), timing: timing,
      peakMemory: 3 << 20)
  }
}
