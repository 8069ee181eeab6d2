// SPDX-License-Identifier: GPL-2.0-or-later

import MixedModels
public import ModelFrames

/// What is stated about a model and its data to simulate from; all else has a default.
///
/// Texts are read as on a command line, and `SimulationError` says what is wrong with one:
///
///     var settings = SimulationSettings()
///     settings.coefficients = "(Intercept)=1,x=0.8"
///     settings.deviations = ["g:(Intercept)=2,x=0.5"]
///     settings.correlations = ["g=0.3"]
///     settings.levels = ["g=100"]
///     settings.rowsPer = "g=30"
///     let design = try SimulationDesign(Formula("y ~ x + (1 + x | g)"), settings)
public struct SimulationSettings: Sendable {
  /// β: `1,0.8` in the order of the coefficients, or `x=0.8` by name, the others zero; all are
  /// zero by default.
  public var coefficients: String?
  /// Standard deviations of random effects: `g=2`, `g=2,0.5` in the order of the columns, or
  /// `g:(Intercept)=2,x=0.5`; those that are not stated are 1.
  public var deviations: [String] = []
  /// Correlations within a term: `g=0.3`, in the order of the lower triangle by columns, or
  /// `g:(Intercept).x=0.3`; zero by default.
  public var correlations: [String] = []
  /// σ.
  public var sigma = 1.0
  /// `g=100`; `class=1000 in school` and `class=10 per school` for a nested factor.
  public var levels: [String] = []
  /// `g=30`: every level has so many rows; `subject:item=1`: every combination has.
  public var rowsPer: String?
  public var rows: Int?
  /// `g=gamma(2)`, `g=lognormal(1)` or `g=zipf(0.8)`: the weights by which levels share the rows.
  public var imbalance: [String] = []
  /// `x=normal(5,2)`, `f=a|b|c`, `day=0..9`, with `per g` or `in turn` after it.
  public var covariates: [String] = []
  /// Coding of factors.
  public var contrasts: [String: Contrast] = [:]
  /// A covariate of prior weights: residual variances are σ² over it.
  public var weights: String?

  public init() {}
}

/// The model that rows are drawn from.
public struct SimulationTruth: Sendable, Equatable {
  public struct Coefficient: Sendable, Equatable {
    /// R's name.
    public let name: String
    public let value: Double
  }

  /// One random-effects term as lme4 counts them: a term with `||` is one for every column.
  public struct Term: Sendable, Equatable {
    public let group: String
    public let columns: [String]
    /// On the scale of the response.
    public let covariance: [[Double]]
    /// nil where any covariance matrix is meant.
    var structure: StatedStructure? = nil

    /// Of every column.
    var deviations: [Double] { covariance.indices.map { covariance[$0][$0].squareRoot() } }
  }

  public internal(set) var coefficients: [Coefficient]
  public internal(set) var terms: [Term]
  /// σ, of the first stratum where there are strata of residuals.
  public internal(set) var sigma: Double
  /// σ_s / σ of the other strata.
  var strataRatios: [Double] = []
  /// ρ of residuals that are correlated in time.
  var autocorrelation: Double?
  /// Of every arm the covariance matrix of a subject's residuals, with the visits for columns; none where
  /// residuals have no matrix.
  var residuals: [Term] = []
}
