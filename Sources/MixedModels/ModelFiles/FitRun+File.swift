// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension FitRun {
  /// A fit as it was saved, with the model that tests, intervals and predictions start from; no
  /// search and no rows.
  ///
  /// `options` say how to compute (threads, solver, conditional modes); what belongs to the model
  /// comes from the file.
  ///
  /// - Throws: `ModelFileError` if the file cannot be used, or if its cross-products do not give
  ///   the criterion that was saved.
  static func restored(from path: String, options: FitOptions) throws -> FitRun {
    let file = try ModelFile(path)
    guard file.holdsFit else { throw ModelFileError(path, .noFit) }
    let saved = try file.reading { try SavedOptimum(file.archive) }
    var options = options
    options.criterion = saved.criterion
    (options.levels, options.contrasts) = (saved.levels, saved.contrasts)
    let data = saved.data.map(DataSource.init(argument:))
    do {
      let run = try file.reading {
        try FitRun(data, options, saved: saved) { try file.crossProducts() }
      }
      if let part = saved.reported?.difference(from: run.optimum, run.model) {
        throw ModelFileError(path, .notOfThisFit("\(part) in \(SavedOptimum.reportMember)"))
      }
      return run
    } catch let error as ModelFileError {
      throw error
    } catch let error as NotReproduced {
      throw ModelFileError(path, .notReproduced(saved: error.saved, found: error.found))
    } catch let error as NotOfThisFit {
      throw ModelFileError(path, .notOfThisFit(error.part))
    } catch {
      throw ModelFileError(path, .unusable("its fit cannot be computed again: \(error)"))
    }
  }

  /// Adds the fit to a file that holds its cross-products.
  func save(_ fit: Fit, to writer: ModelFileWriter) throws {
    let columns = Set(products.specification.columnKinds.keys)
    try writer.add(
      SavedOptimum(outcome: optimum.outcome, options: options, columns: columns, fit: fit),
      report: JSONReport().text(for: fit))
    try writer.finish()
  }
}

/// The criterion at a saved optimum is not the saved one.
struct NotReproduced: Error {
  let saved: Double
  let found: Double
}

/// Derivatives that were saved are not those of the criterion.
struct NotOfThisFit: Error {
  let part: String
}

extension Optimum {
  /// The end of a search: of a new one, or of one that was saved.
  ///
  /// - Throws: `FitError`, `CholmodError`, `NotReproduced`, `NotOfThisFit`.
  static func found<Equations: MixedModelEquations & ~Copyable>(
    _ model: LinearMixedModel, _ options: FitOptions, isDear: Bool,
    _ equations: consuming Equations, saved: SavedOptimum?
  ) throws -> Optimum {
    guard let saved else { return try Optimum(model, options, isDear: isDear, equations) }
    return try Optimum(
      model, options, isDear: isDear, equations, saved: saved.outcome,
      standardError: saved.standardError)
  }

  /// The estimates where a saved search ended.
  private init<Equations: MixedModelEquations & ~Copyable>(
    _ model: LinearMixedModel, _ options: FitOptions, isDear: Bool,
    _ equations: consuming Equations, saved: CriterionSearch.Outcome, standardError: Double?
  ) throws {
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
    let criterion = SharedCriterion(ProfiledCriterion(model, options.criterion, equations))
    began = monotonicSeconds()
    var value = try criterion.value(saved.φ)
    if criterion.isPreliminary {
      try criterion.refine()
      value = try criterion.value(saved.φ)
    }
    let evaluated = monotonicSeconds()
    // An error is of an estimate, which leaves its probes behind.
    let isEstimated = saved.curvature?.probeSlopes != nil || criterion.standardError != nil
    let savedError = isEstimated || saved.curvature == nil ? standardError : nil
    try Self.check(value, saved.value, savedError, criterion.standardError)
    estimates = try Estimates(
      model, φ: saved.φ, &criterion.profiled, wantsModes: options.wantsConditionalModes)
    solver = criterion.profiled.equations.description
    outcome = try Self.checked(
      saved, model, options, criterion, isEstimated: isEstimated, isDear: isDear,
      seconds: evaluated - began)
    found = monotonicSeconds()
  }

  /// No criterion that is of use is less certain than this, whatever a file says.
  private static let largestError = 1.0

  /// An estimate may be computed again exactly, or the other way round.
  private static func check(
    _ value: Double, _ saved: Double, _ savedError: Double?, _ error: Double?
  ) throws {
    let tolerance = min(max(savedError ?? 0, error ?? 0), largestError)
    guard abs(value - saved) <= 1e-10 * max(1, abs(saved)) + 6 * tolerance else {
      throw NotReproduced(saved: saved, found: value)
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
    _ criterion: any DifferentiableCriterion, isEstimated: Bool, isDear: Bool, seconds: Double
  ) throws -> CriterionSearch.Outcome {
    guard !saved.φ.isEmpty else { return saved }
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
      isEstimated: isEstimated, isDear: isDear)
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
    _ φ: [Double], _ criterion: any DifferentiableCriterion
  ) throws -> Double? {
    guard try criterion.value(φ).isFinite else { return nil }
    let here = try criterion.derivatives()
    let hessian = covariance.expectedHessian(φ, here.slopes, levels: groups.map(\.levelCount))
    let decrease =
      0.5
      * dot(here.gradient, hessian.pseudoInverse(units: covariance.units(at: φ)) * here.gradient)
    return decrease.isFinite ? decrease : nil
  }
}
