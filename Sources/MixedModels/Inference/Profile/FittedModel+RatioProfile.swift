// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// How intervals of functions of the variances are made.
public enum RatioInterval: String, Sendable, CaseIterable {
  /// By the delta method, symmetric about the estimate.
  case wald
  /// Where the criterion, at its least for such a value, is higher by a quantile of χ²(1).
  case profile
}

/// The interval of a function of the variances, and why a limit is missing.
struct RatioLimits {
  fileprivate(set) var low: Double?
  fileprivate(set) var high: Double?
  fileprivate(set) var messages: [String] = []

  /// nil where a limit is missing.
  var interval: (low: Double, high: Double)? { low.flatMap { low in high.map { (low, $0) } } }
  /// Why one is, and what the other one is.
  var message: String? {
    guard !messages.isEmpty else { return nil }
    let other = low.map { "the lower limit is \($0)" } ?? high.map { "the upper limit is \($0)" }
    return (messages + [other].compactMap(\.self)).joined(separator: "; ")
  }
}

extension FittedModel {
  /// Profile limits of a function of the variances, by the criterion of the fit.
  ///
  /// - Parameters:
  ///   - function: Of φ and σ, with derivatives in (φ, log σ).
  ///   - range: Where it can lie.
  ///   - error: Its standard error; nil where there is none.
  /// - Throws: `InferenceError` where nothing can be held.
  func profileLimits(
    of function: @escaping ([Double], Double) -> Linearized, estimate: Double,
    in range: ClosedRange<Double>, error: Double?, level: Double
  ) throws -> RatioLimits {
    try requireEstimates()
    try requireEstimatedSigma("profiles are computed", .intervals("wald"))
    guard fit.solver.criterionStandardError == nil, let curvature else {
      throw InferenceError.refused(
        "a profile is made of small differences of exact criteria. Use \(Setting.intervals("wald")).")
    }
    let plan = try EquationsPlan.exact(model, insteadOf: options.solver)
    let held = try HeldRatio(self, plan.choice, curvature, function)
    // What can be anything from zero on is searched for by its logarithm.
    let scale: ProfileScale =
      estimate > 0 && range == 0...Double.infinity ? .logarithm : .identity
    var search = ProfileSearch(
      held: held, estimate: estimate, range: range, scale: scale,
      standardError: error.map { $0 * scale.slope(estimate) }, spread: error ?? max(0.1 * abs(estimate), 1e-3), leastDeviance: held.least)
    let q = ChiSquared(degreesOfFreedom: 1).quantile(level).squareRoot()
    var limits = RatioLimits()
    func limit(_ target: Double, _ side: String) -> Double? {
      do {
        switch try search.limit(target) {
        case .at(let value), .bound(let value): return value
        }
      } catch let found as LowerDeviance {
        limits.messages.append(
          "the \(side) limit was not found: at \(found.value) the criterion is lower than that of the fit")
      } catch {
        limits.messages.append("the \(side) limit was not found: \(error)")
      }
      return nil
    }
    limits.low = limit(-q, "lower")
    limits.high = limit(q, "upper")
    return limits
  }
}
