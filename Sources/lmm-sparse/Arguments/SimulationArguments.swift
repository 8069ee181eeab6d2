// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames
import Studies

/// A model and its data as they are stated, beside the formula.
struct SimulationArguments: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Coefficients in order, or by name: '(Intercept)=1,x=0.8', the others zero; default: all zero.",
      valueName: "numbers"))
  var beta: String?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Standard deviations of random effects in order, or by name: 'g:x=0.5'; one where all have the same, as in ar1(); default: 1; repeatable.",
      valueName: "group=numbers"))
  var sd: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Correlations of random effects, columns of the lower triangle, or by name: 'g:(Intercept).x=0.3'; of a structure its parameters, 'g:rho=0.6'; default: 0; repeatable.",
      valueName: "group=numbers"))
  var corr: [String] = []

  @Option(
    .standardDeviation, "Residual standard deviation; default: 1, or of a fit its own", valueName: "x")
  var sigma: Double?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "The shares of rows that levels get: gamma(SHAPE), lognormal(SD) or zipf(EXPONENT); repeatable.",
      valueName: "factor=shares"))
  var imbalance: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      """
      A column's values: normal(5,2), uniform(0,1), lognormal(0,1), exponential(1), gamma(2,1), \
      bernoulli(0.3), poisson(4), one of 'a|b|c' or 'a*2|b', or 0..9 in turn; 'in turn' and \
      'per FACTOR' can follow; default: normal(0,1); repeatable.
      """, valueName: "column=values"))
  var covariate: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Coding of a factor: treatment, sum, helmert, poly, or @FILE.csv; repeatable.",
      valueName: "column=coding"))
  var contrasts: [String] = []

  @Option(
    help: ArgumentHelp(
      "Column of prior weights: the residual variance is sigma² over it.", valueName: "column"))
  var weights: String?

  /// Options that were given.
  var given: [String] {
    [
      ("--beta", beta == nil), ("--sd", sd.isEmpty), ("--corr", corr.isEmpty),
      ("--sigma", sigma == nil), ("--imbalance", imbalance.isEmpty),
      ("--covariate", covariate.isEmpty), ("--contrasts", contrasts.isEmpty),
      ("--weights", weights == nil),
    ].filter { !$0.1 }.map(\.0)
  }

  /// Files named by options.
  var files: [String] {
    contrasts.compactMap {
      guard case .file(let path)? = try? ContrastArgument($0).coding else { return nil }
      return path
    }
  }

  /// All but the levels and the rows.
  func settings() throws -> SimulationSettings {
    var settings = SimulationSettings()
    (settings.coefficients, settings.deviations, settings.correlations) = (beta, sd, corr)
    (settings.sigma, settings.imbalance, settings.covariates) = (sigma ?? 1, imbalance, covariate)
    settings.weights = weights
    for argument in try contrasts.map(ContrastArgument.init) {
      guard !argument.isForAll else {
        throw ValidationError("--contrasts '*=…' is for fits. Name the factor here.")
      }
      settings.contrasts[argument.column] = try argument.contrast(.utf8)
    }
    return settings
  }
}

/// Turns what is wrong with a statement into an error of the command line.
func stating<Result>(_ make: () throws -> Result) throws -> Result {
  do {
    return try make()
  } catch let error as SimulationError {
    throw ValidationError(error.description)
  }
}
