// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// Fits of one model to several completed versions of one table, pooled by Rubin's rules (Rubin 1987,
/// Multiple Imputation for Nonresponse in Surveys, eq. 3.1.2–3.1.7) with the degrees of freedom of Barnard
/// & Rubin (1999, Biometrika 86:948).
public struct PooledFits: Sendable {
  public struct Coefficient: Sendable {
    /// R's coefficient name.
    public let name: String
    /// The mean of the estimates.
    public let estimate: Double
    /// √(within + (1 + 1/m) between).
    public let standardError: Double
    /// Barnard and Rubin's; infinite where neither fits nor imputations bound them.
    public let df: Double
    public let confidenceInterval: (low: Double, high: Double)
    /// The mean of the squared standard errors.
    public let within: Double
    /// The variance of the estimates.
    public let between: Double
    /// Degrees of freedom of the complete data: the mean of the fits'.
    public let completeDF: Double

    public var statistic: Double { estimate / standardError }
    public var pValue: Double { StudentT(degreesOfFreedom: df).twoSided(statistic) }
    /// How many fits.
    let count: Int
    /// Relative increase in variance due to nonresponse.
    public var relativeIncrease: Double { (1 + 1 / Double(count)) * between / within }
    /// The share of the variance that nonresponse has caused.
    public var lambda: Double {
      (1 + 1 / Double(count)) * between / (standardError * standardError)
    }
    /// The fraction of missing information.
    public var missingInformation: Double {
      (relativeIncrease + 2 / (df + 3)) / (relativeIncrease + 1)
    }
  }

  /// The covariance matrix of one random-effects term, or of the residuals, averaged.
  public struct Component: Sendable {
    /// `Residual` for the residual, with an arm where there is a matrix for each.
    public let name: String
    /// Of the residual one without a name, or strata, whose residuals are independent, or visits.
    public let columns: [String]
    /// Means of the variances and covariances, ℓ × ℓ.
    public let covariances: [[Double]]
  }

  public let formula: String
  public let criterionKind: CriterionKind
  public let method: DegreesOfFreedomMethod
  /// Coverage of the intervals.
  public let level: Double
  /// Rows of every fit.
  public let observations: [Int]
  public let coefficients: [Coefficient]
  /// The residual's last.
  public let components: [Component]
  /// The mean of the correlation in time, as the fits report it; nil where there is none beside random effects.
  public let autocorrelation: Double?
  public let messages: [String]

  /// m, how many fits.
  public var count: Int { observations.count }
}

extension PooledFits {
  /// - Parameters:
  ///   - fits: Two or more, with what to call them.
  ///   - method: How the degrees of freedom of the complete data are found.
  ///   - level: Coverage of the intervals.
  /// - Throws: `InferenceError` where they are not fits of one model; where the method does not fit it.
  public init(
    _ fits: [(name: String, model: FittedModel)], _ method: DegreesOfFreedomMethod = .satterthwaite,
    level: Double = 0.95
  ) throws {
    try ValueRange.coverage.check(level, "level")
    guard let first = fits.first, fits.count > 1 else {
      throw InferenceError.refused("pooling needs two fits or more, one of each completed table.")
    }
    for other in fits.dropFirst() { try Self.check(other, against: first) }
    let tests = try fits.map { try $0.model.coefficientTests(method, level: level) }
    let results = fits.map(\.model.fit)
    formula = results[0].formula
    (criterionKind, self.method, self.level) = (results[0].criterionKind, method, level)
    observations = results.map(\.observations)
    coefficients = tests[0].indices.map { k in Coefficient(tests.map { $0[k] }, level: level) }
    components = Self.means(of: results)
    let correlations = results.compactMap(\.autocorrelation?.correlation.estimate)
    autocorrelation = correlations.isEmpty ? nil : correlations.reduce(0, +) / Double(results.count)
    messages = try Self.messages(fits) + fits[0].model.covarianceNotes()
  }

  private static func check(
    _ other: (name: String, model: FittedModel), against first: (name: String, model: FittedModel)
  ) throws(InferenceError) {
    let (a, b) = (first.model.fit, other.model.fit)
    func refusal(_ difference: String) -> InferenceError {
      .refused(
        "\(first.name) and \(other.name) are not fits of one model: \(difference). Fit the same model to every completed table."
      )
    }
    guard a.criterionKind == b.criterionKind else {
      throw refusal("one is a REML fit and one an ML fit")
    }
    func names(_ fit: Fit) -> [String] {
      fit.fixedEffects.filter { $0.estimate != nil }.map(\.name)
    }
    guard names(a) == names(b) else {
      throw refusal(
        "the coefficients are \(names(a).joined(separator: ", ")) and \(names(b).joined(separator: ", "))"
      )
    }
    func terms(_ fit: Fit) -> [String] {
      fit.varianceComponents.map { "\($0.name) (\($0.columns.joined(separator: ", ")))" }
    }
    guard terms(a) == terms(b) else {
      throw refusal(
        "the random effects are \(terms(a).joined(separator: ", ")) and \(terms(b).joined(separator: ", "))"
      )
    }
    guard residuals(a) == residuals(b) else {
      throw refusal("the residuals are \(residuals(a)) and \(residuals(b))")
    }
  }

  /// What the residuals have beside a variance, in words.
  private static func residuals(_ fit: Fit) -> String {
    let matrices = (fit.residual?.components ?? []).map { "\($0.name): \($0.columns.joined(separator: ", "))" }
    let strata = fit.residualStrata.map { "strata of \($0.name): \($0.strata.map(\.label).joined(separator: ", "))" }
    let parts =
      [fit.residual?.term].compactMap(\.self) + matrices
      + [strata, fit.autocorrelation?.term].compactMap(\.self)
    return parts.isEmpty ? "independent" : parts.joined(separator: ", ")
  }

  private static func means(of fits: [Fit]) -> [Component] {
    let all = fits.map { fit -> [Component] in
      (fit.varianceComponents + (fit.residual?.components ?? [])).map {
        Component(name: $0.name, columns: $0.columns, covariances: $0.covariances)
      } + (fit.residual == nil ? [Component(residualsOf: fit)] : [])
    }
    return all[0].indices.map { t in
      let first = all[0][t]
      return Component(
        name: first.name, columns: first.columns,
        covariances: first.columns.indices.map { i in
          first.columns.indices.map { j in
            all.reduce(0) { $0 + $1[t].covariances[i][j] } / Double(fits.count)
          }
        })
    }
  }

  private static func messages(_ fits: [(name: String, model: FittedModel)]) -> [String] {
    let results = fits.map(\.model.fit)
    var messages: [String] = []
    if Set(results.map(\.observations)).count > 1 {
      messages.append(
        "the fits have different numbers of rows, \(results.map { "\($0.observations)" }.joined(separator: ", ")): completed tables should have the same rows"
      )
    }
    if Set(results.map(\.criterion)).count < results.count {
      messages.append("two of the fits are the same to the last digit: is one of them there twice?")
    }
    let singular = results.count { $0.convergence.isSingular }
    if singular > 0 { messages.append("\(singular) of \(results.count) fits are singular") }
    return messages
  }
}

extension PooledFits.Component {
  /// Independent, of one variance or of strata.
  fileprivate init(residualsOf fit: Fit) {
    let variances = fit.residualStrata?.strata.map { $0.standardDeviation * $0.standardDeviation } ?? [fit.sigma * fit.sigma]
    self.init(
      name: "Residual", columns: fit.residualStrata?.strata.map(\.label) ?? [""],
      covariances: variances.indices.map { i in variances.indices.map { i == $0 ? variances[i] : 0 } })
  }
}

extension PooledFits.Coefficient {
  init(_ tests: [TTest], level: Double) {
    let m = Double(tests.count)
    (name, count) = (tests[0].name, tests.count)
    let mean = tests.reduce(0) { $0 + $1.estimate } / m
    estimate = mean
    within = tests.reduce(0) { $0 + $1.standardError * $1.standardError } / m
    between = tests.reduce(0) { $0 + ($1.estimate - mean) * ($1.estimate - mean) } / (m - 1)
    let total = within + (1 + 1 / m) * between
    standardError = total.squareRoot()
    completeDF = tests.reduce(0) { $0 + ($1.df ?? .infinity) } / m
    df = Self.degreesOfFreedom(
      count: m, lambda: (1 + 1 / m) * between / total, completeDF: completeDF)
    let margin =
      StudentT(degreesOfFreedom: df).quantile((1 - level) / 2, tail: .upper) * standardError
    confidenceInterval = (mean - margin, mean + margin)
  }

  /// Barnard & Rubin (1999); λ is at least 10⁻⁴, as in R's mice, so that equal fits are no division by
  /// zero.
  static func degreesOfFreedom(count: Double, lambda: Double, completeDF: Double) -> Double {
    let λ = max(lambda, 1e-4)
    let old = (count - 1) / (λ * λ)
    guard completeDF.isFinite else { return old }
    let observed = (completeDF + 1) / (completeDF + 3) * completeDF * (1 - λ)
    return old * observed / (old + observed)
  }
}
