// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames

/// What is estimated.
struct ModelArguments: ParsableArguments {
  enum Criterion: String, EnumerableFlag {
    case reml, ml

    static func help(for value: Criterion) -> ArgumentHelp? {
      value == .reml ? "Restricted maximum likelihood (default)." : "Maximum likelihood."
    }
  }

  @Flag(exclusivity: .exclusive) var criterion: Criterion = .reml

  @Option(help: ArgumentHelp(
      "Column of prior weights, inverse variances, or arithmetic on columns, as 1/v.",
      valueName: "column"))
  var weights: String?

  @Option(
    help: ArgumentHelp(
      "Column added to the linear predictor with coefficient 1.", valueName: "column"))
  var offset: String?

  @OptionGroup var absorbed: AbsorbedArguments

  @Option(
    help: ArgumentHelp(
      """
      Residual variances by stratum: a column, or '~ a + b' for every combination of the levels \
      of factors.
      """, valueName: "column"))
  var residualBy: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Covariances between the residuals of a subject: beside random effects by the time between rows, 'ar1(time | subject)', or car1 for any times; without random effects in the formula by visits, 'us(visit | subject)', or a matrix for every arm, 'us(visit | arm/subject)': us, cs, csh, ar1, ar1h, toep, toeph, ad, adh, sp_exp.",
      valueName: "structure"))
  var residual: String?

  @OptionGroup var relationships: RelationshipArguments

  /// Files named by options.
  var files: [String] { relationships.files }

  /// - Throws: `FormulaError`
  func formula(_ text: String) throws -> Formula { try absorbed.formula(text) }

  func set(_ options: inout FitOptions) throws {
    try relationships.set(&options)
    absorbed.set(&options)
    options.criterion = criterion == .ml ? .ml : .reml
    options.weights = weights
    options.offset = offset
    options.residualBy = residualBy
    options.residual = try residual.map { try ResidualTerm($0) }
    options.keepsCrossProducts = false
  }
}
