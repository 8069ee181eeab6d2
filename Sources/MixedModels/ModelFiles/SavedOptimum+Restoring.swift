// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// The criterion at a saved optimum is not the saved one.
struct NotReproduced: Error {
  let saved: Double
  let found: Double
  /// Whether what was found is an estimate of no use for a comparison.
  let isUncertain: Bool
}

/// Derivatives that were saved are not those of the criterion.
struct NotOfThisFit: Error {
  let part: String
}

extension SavedOptimum {
  /// The estimates where the saved search ended, and what was recorded of it.
  ///
  /// - Throws: `FitError`, `CholmodError`, `MalformedMember`, `NotReproduced`, `NotOfThisFit`.
  func restored(
    _ model: LinearMixedModel, _ products: CrossProducts, _ options: FitOptions
  ) throws -> FittedModel.Restored {
    let saved = converted(meanWeight: products.sumOfWeights / Double(products.observations))
    let record = FitRecord(
      quantiles: quantiles.map { ResidualQuantiles($0) }, timing: timing, peakMemory: peakMemory)
    if model.groups.isEmpty {
      let optimum = Optimum(leastSquares: model, options.criterion)
      try Optimum.check(optimum.outcome.value, saved.outcome.value, nil, nil)
      return FittedModel.Restored(optimum: optimum, plan: [], record: record)
    }
    func restored(_ options: FitOptions) throws -> FittedModel.Restored {
      let (optimum, plan) = try model.optimum(options) { criterion, cost in
        try Optimum(saved, options, isExpensive: cost != .usual, criterion)
      }
      return FittedModel.Restored(optimum: optimum, plan: plan, record: record)
    }
    do {
      return try restored(options)
    } catch let error as NotReproduced where error.isUncertain && options.solver == "auto" {
      var exact = options
      exact.solver = "exact"
      return try restored(exact)
    }
  }
}

extension Optimum {
  /// The estimates where a saved search ended.
  fileprivate init(
    _ file: SavedOptimum, _ options: FitOptions, isExpensive: Bool, _ criterion: Criterion
  ) throws {
    let (model, saved) = (criterion.model, file.outcome)
    guard saved.φ.count == model.covariance.parameterCount else {
      throw MalformedMember(
        name: "phi in \(SavedOptimum.member)",
        "the model has \(model.covariance.parameterCount) parameters")
    }
    guard
      saved.curvature?.covarianceSlopes.first?.rows ?? model.fixedEffectCount
        == model.fixedEffectCount
    else {
      throw MalformedMember(
        name: SavedCurvature.covarianceMember,
        "the model has \(model.fixedEffectCount) coefficients")
    }
    let began = monotonicSeconds()
    let value = try criterion.refinedValue(saved.φ)
    let seconds = monotonicSeconds() - began
    // An error is of an estimate, which leaves its probes behind.
    let isEstimated = saved.curvature?.probeSlopes != nil || criterion.standardError != nil
    let savedError = isEstimated || saved.curvature == nil ? file.standardError : nil
    try Self.check(value, saved.value, savedError, criterion)
    let there = try Optimum(
      saved, began: began, criterion, wantsModes: options.wantsConditionalModes)
    let outcome = try Self.checked(
      saved, model, options, criterion, isEstimated: isEstimated, isExpensive: isExpensive,
      seconds: seconds)
    self = there.with(outcome)
  }

  /// No criterion that is of use is less certain than this, whatever a file says.
  private static let largestError = 1.0

  /// An estimate may be computed again exactly, or the other way round.
  ///
  /// Least squares whose criterion was not computed, which is NaN, have their estimates checked alone.
  ///
  /// - Parameter criterion: nil where nothing was searched for.
  fileprivate static func check(
    _ value: Double, _ saved: Double, _ savedError: Double?, _ criterion: Criterion?
  ) throws {
    let uncertainty = max(savedError ?? 0, criterion?.standardError ?? 0)
    let error = min(uncertainty, largestError)
    let tolerance = 1e-10 * max(1, abs(saved)) + 6 * error
    guard criterion != nil || !(value.isNaN || saved.isNaN) else { return }
    guard abs(value - saved) > tolerance else { return }
    // Earlier versions kept the least of values around a minimum that rounding blurs.
    let rounding = min(100 * (try criterion?.roundingError() ?? 0), largestError)
    guard abs(value - saved) <= tolerance + rounding else {
      throw NotReproduced(saved: saved, found: value, isUncertain: uncertainty > largestError)
    }
  }

  /// An evaluation that takes longer is not made again and again for nothing but a check.
  private static let longestEvaluation = 5.0

  /// A guess at the Hessian, in place of one, is not that of the place.
  private static let largestExpectedDecrease = 0.1

  /// The saved end of a search with derivatives that were seen to belong to it, or with a message
  /// that they were not looked at.
  private static func checked(
    _ saved: CriterionSearch.Outcome, _ model: LinearMixedModel, _ options: FitOptions,
    _ criterion: Criterion, isEstimated: Bool, isExpensive: Bool, seconds: Double
  ) throws -> CriterionSearch.Outcome {
    // Where θ was known there was no search that could have ended elsewhere.
    guard !saved.φ.isEmpty, options.knownTheta == nil else { return saved }
    guard seconds < longestEvaluation else {
      var outcome = saved
      outcome.messages.append(
        "the derivatives at the optimum, which standard errors of variances and Satterthwaite's degrees of freedom rest on, are the model file's own: to compute them again would take too long"
      )
      return outcome
    }
    guard let curvature = saved.curvature else {
      if saved.converged, let decrease = try model.expectedDecrease(saved.φ, criterion) {
        guard decrease < largestExpectedDecrease else { throw NotOfThisFit(part: "the optimum") }
      }
      return saved
    }
    let check = CurvatureCheck(
      saved: curvature, φ: saved.φ, covariance: model.covariance,
      df: model.degreesOfFreedom(options.criterion), converged: saved.converged,
      isEstimated: isEstimated, isExpensive: isExpensive)
    if let fault = try check.fault(criterion, isSmall: model.isSmall) {
      throw NotOfThisFit(part: fault)
    }
    return saved
  }
}

extension LinearMixedModel {
  /// By about how much the criterion could fall, by its gradient and the expected Hessian; nil where
  /// it has no derivatives.
  fileprivate func expectedDecrease(
    _ φ: [Double], _ criterion: Criterion
  ) throws -> Double? {
    guard try criterion.value(φ).isFinite else { return nil }
    let here = try criterion.derivatives()
    let hessian = covariance.expectedHessian(φ, here.slopes, levels: groups.map(\.levelCount))
    let decrease =
      0.5
      * dot(here.gradient, hessian.pseudoInverse(cut: 1e-7, units: covariance.units(at: φ)) * here.gradient)
    return decrease.isFinite ? decrease : nil
  }
}
