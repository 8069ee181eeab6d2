// SPDX-License-Identifier: GPL-2.0-or-later

/// What a caller can set, as messages speak of it; a value where a message advises one.
///
/// A message says neither `--start` nor `FitOptions.start` but `\(Setting.start)`, and the
/// `Vocabulary` in force has the words: who reads the message knows a setting by the front that he
/// uses, an option of the tool or a property of the library. Values are the words of files and
/// reports: `kenward-roger`.
public enum Setting: Sendable, Equatable {
  // Tables
  /// The column to read as a factor.
  case categoricalColumn(String)
  /// The text that means missing.
  case missingText(String? = nil)
  case encoding(TextEncoding? = nil)
  case decimalComma
  case separator(Character? = nil)
  case omitsMissing(Bool)
  case threads

  // Models
  case levels
  /// The coding of a column that the message does not name.
  case contrasts(Contrast? = nil)
  case restrictedLikelihood
  /// The column of clusters.
  case clusters(String? = nil)
  /// The covariance structure of the residuals.
  case residual(String? = nil)
  case responseColumns
  /// What tells residual variances apart.
  case residualBy
  /// Factors to absorb beside those that the formula names.
  case absorbedFactors
  /// Which factors of the fixed part are kept as sparse columns: `none`, or names.
  case sparseFixed(String? = nil)

  // Searches
  case start
  case optimizer
  case maximumEvaluations
  case solver(String? = nil)
  case accuracy
  case knownTheta
  case knownSigma
  /// Single parameters that are known.
  case held
  /// Two factors whose effects have a covariance.
  case covary
  case conditionalModes

  // Inference
  /// Methods to choose from; none: the setting.
  case degreesOfFreedom([String] = [])
  case boundary(String)
  /// Kinds to choose from; none: the setting.
  case coefficientCovariance([String] = [])
  /// How confidence intervals are made: `profile`.
  case intervals(String)
  case bootstrapLimits(String)
  /// Values of a variable of the reference grid, separated by commas.
  case gridValues(of: String? = nil, String? = nil)
  case cellWeights(String)

  // Predictions and figures
  case random(String)
  case allowsNewLevels
  /// Random effects of responses that are drawn.
  case drawnEffects(String)
  /// Columns of the rows that predictions are written beside.
  case inputColumns(String)
  /// The rows of a fit.
  case data

  /// What is stated of a model to simulate from, perhaps with a statement.
  case simulation(Statement, String? = nil)

  public enum Statement: Sendable, Equatable {
    case coefficients, deviations, correlations, sigma, levels, rowsPer, rows, imbalance, covariates
    case contrasts, weights
  }
}

extension Setting: CustomStringConvertible {
  /// In the words of the vocabulary in force.
  public var description: String { Installed.vocabulary.words(for: self) }
}
