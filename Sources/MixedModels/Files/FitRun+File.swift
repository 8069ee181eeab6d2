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
      return try file.reading {
        try FitRun(data, options, saved: saved) { try file.crossProducts() }
      }
    } catch let error as ModelFileError {
      throw error
    } catch let error as NotReproduced {
      throw ModelFileError(path, .notReproduced(saved: error.saved, found: error.found))
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

extension Optimum {
  /// The end of a search: of a new one, or of one that was saved.
  ///
  /// - Throws: `FitError`, `CholmodError`, `NotReproduced`.
  static func found<Equations: MixedModelEquations & ~Copyable>(
    _ model: LinearMixedModel, _ options: FitOptions, isDear: Bool,
    _ equations: consuming Equations, saved: SavedOptimum?
  ) throws -> Optimum {
    guard let saved else { return try Optimum(model, options, isDear: isDear, equations) }
    return try Optimum(
      model, options, equations, saved: saved.outcome, standardError: saved.standardError)
  }

  /// The estimates where a saved search ended.
  private init<Equations: MixedModelEquations & ~Copyable>(
    _ model: LinearMixedModel, _ options: FitOptions, _ equations: consuming Equations,
    saved: CriterionSearch.Outcome, standardError: Double?
  ) throws {
    guard saved.φ.count == model.covariance.parameterCount else {
      throw MalformedMember(name: "phi in \(SavedOptimum.member)")
    }
    guard
      saved.curvature?.covarianceSlopes.first?.rows ?? model.fixedEffectCount
        == model.fixedEffectCount
    else { throw MalformedMember(name: SavedCurvature.covarianceMember) }
    var criterion = ProfiledCriterion(model, options.criterion, equations)
    began = monotonicSeconds()
    outcome = saved
    var value = try criterion(saved.φ)
    if criterion.equations.isPreliminary {
      try criterion.equations.refine()
      value = try criterion(saved.φ)
    }
    found = monotonicSeconds()
    // An estimate may be computed again exactly, or the other way round.
    let tolerance = max(
      standardError ?? 0, criterion.equations.description.criterionStandardError ?? 0)
    guard abs(value - saved.value) <= 1e-10 * max(1, abs(saved.value)) + 6 * tolerance else {
      throw NotReproduced(saved: saved.value, found: value)
    }
    estimates = try Estimates(
      model, φ: saved.φ, &criterion, wantsModes: options.wantsConditionalModes)
    solver = criterion.equations.description
  }
}
