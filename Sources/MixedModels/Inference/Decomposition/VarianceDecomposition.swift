// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// Variances and the covariance of two absorbed factors' effects over the rows, as the estimates have them and
/// without the bias that comes of estimating many effects from few rows each.
public struct VarianceDecomposition: Sendable {
  /// A variance, the covariance, or their correlation.
  public struct Component: Sendable {
    /// `var worker`, `cov worker,firm`.
    public let name: String
    /// Of the estimated effects.
    public let plugIn: Double
    /// Kline, Saggio & Sølvsten's.
    public let corrected: Double
    public let standardError: Double?
    /// Of `corrected` over random vectors; nil where it is exact.
    public let monteCarloError: Double?
    /// `corrected` ± normal quantile × standard error.
    public let interval: (low: Double, high: Double)?
  }
  /// A factor's levels in the leave-one-out connected set and in all rows.
  public struct Factor: Sendable {
    public let name: String
    public let levelCount: Int
    public let allLevels: Int
  }

  public let formula: String
  public let factors: [Factor]
  public let components: [Component]
  /// Rows of the leave-one-out connected set, and all.
  public let observations: Int
  public let allObservations: Int
  /// Of the response in the set, divided by n, as all variances here.
  public let responseVariance: Double
  /// Mean of the rows' error variances.
  public let residualVariance: Double
  /// Of it over random vectors; nil where leverages are exact.
  public let residualVarianceError: Double?
  public let largestLeverage: Double
  /// Random vectors for what plug-in estimates are too large by; nil where it is exact.
  public let vectors: Int?
  /// Random vectors for leverages; nil where these are exact.
  public let leverageVectors: Int?
  public let level: Double
  public let messages: [String]
}

extension FittedModel {
  /// Decomposes the variance of the response by two absorbed factors (Abowd, Kramarz & Margolis 1999), in the
  /// largest leave-one-out connected set, where the model is fitted anew.
  ///
  /// - Parameters:
  ///   - names: Two absorbed factors.
  ///   - level: Coverage of intervals.
  ///   - seed: Of random vectors, which are for more than some 20 000 pairs of levels and, for leverages, more
  ///   than 100 000 levels of both factors.
  /// - Throws: `InferenceError` for models and data that it is not for; `DataError`, `FitError`, `CholmodError`.
  public func varianceDecomposition(
    _ names: [String], level: Double = 0.95, seed: UInt64 = 1
  ) throws -> VarianceDecomposition {
    try varianceDecomposition(
      names, level: level, seed: seed, mostExact: LeaveOutEstimates.mostExact,
      mostExactLevels: LeaveOutEquations.mostExactLevels)
  }

  /// Of eight vectors over the rows, what they are made of, and leverages.
  private static let numbersOfRow = 64

  /// - Parameters:
  ///   - mostExact: So many combinations of levels have exact biases.
  ///   - mostExactLevels: So many levels of the factor with the second most have exact leverages.
  package func varianceDecomposition(
    _ names: [String], level: Double, seed: UInt64, mostExact: Int, mostExactLevels: Int = .max
  ) throws -> VarianceDecomposition {
    let places = try decomposedFactors(names)
    do throws(MemoryShortage) {
      try requireMemory(
        8 * Double(model.observations) * Double(Self.numbersOfRow + model.fixedEffectCount),
        for: "the decomposition of \(model.observations) rows",
        remedy: "Decompose a sample of the rows.")
    } catch { throw FitError.memoryShortage(error.description) }
    let all = try LeaveOutRows(self)
    let set = LeaveOutSet(all, places[0], places[1])
    let rows = all.kept(set.rows)
    let factors = places.enumerated().map { k, place in
      VarianceDecomposition.Factor(
        name: names[k], levelCount: rows.levelCounts[place], allLevels: all.levelCounts[place])
    }
    guard factors.allSatisfy({ $0.levelCount > 1 }) else {
      throw InferenceError.refused(
        "no two levels of \(names.joined(separator: " and of ")) stay connected when a row is left out: their variances cannot be told from that of the residuals."
      )
    }
    let equations = try LeaveOutEquations(
      rows, names: model.fixedLevels!.factors.map(\.name), seed: seed, threads: threads,
      mostExactLevels: mostExactLevels)
    let leverages = equations.leverages.values
    let largest = leverages.max() ?? 0
    guard largest < 1 - 1e-9 else {
      throw InferenceError.refused(
        "\(leverages.count { $0 >= 1 - 1e-9 }) rows of the connected set are fitted exactly, by other factors or covariates than \(names.joined(separator: ", ")): nothing tells their error. Leave these rows or columns out."
      )
    }
    let estimates = try LeaveOutEstimates(
      equations, QuadraticForms(equations, places[0], places[1]), seed: seed,
      mostExact: mostExact)
    return VarianceDecomposition(
      formula: fit.formula, factors: factors,
      components: VarianceDecomposition.components(names, estimates, level: level),
      observations: rows.count, allObservations: all.count,
      responseVariance: estimates.responseVariance, residualVariance: estimates.residualVariance,
      residualVarianceError: estimates.residualVarianceError, largestLeverage: largest,
      vectors: estimates.vectors, leverageVectors: estimates.leverageVectors, level: level,
      messages: VarianceDecomposition.messages(names, set, all.count, estimates))
  }

  /// - Throws: `InferenceError`.
  private func decomposedFactors(_ names: [String]) throws(InferenceError) -> [Int] {
    guard names.count == 2, names[0] != names[1] else {
      throw .refused("a variance is decomposed by two factors: give their names, such as worker,firm.")
    }
    guard let levels = model.fixedLevels else {
      throw .refused(
        "a variance is decomposed by absorbed factors, and there are none. Write y ~ x | \(names[0]) + \(names[1])."
      )
    }
    let known = levels.factors.map(\.name)
    var places: [Int] = []
    for name in names {
      guard let place = known.firstIndex(where: { $0.hasBytes(of: name) }) else {
        throw .refused(
          "“\(name)” is no absorbed factor of this model, which has \(known.joined(separator: ", "))."
        )
      }
      places.append(place)
    }
    guard model.groups.isEmpty else {
      throw .refused(
        "the decomposition by \(names.joined(separator: ", ")) is for models without random effects, whose rows are independent. Leave the random terms out."
      )
    }
    guard products.basis.weights == nil else {
      throw .refused("the decomposition by \(names.joined(separator: ", ")) is for rows without weights.")
    }
    if let reason = obstacleToReadingAgain {
      throw .refused(
        "the decomposition by \(names.joined(separator: ", ")) needs every row, and \(reason). Give the formula and files of rows."
      )
    }
    return places
  }
}

extension VarianceDecomposition {
  fileprivate static func components(
    _ names: [String], _ estimates: LeaveOutEstimates, level: Double
  ) -> [Component] {
    let z = Normal.quantile((1 + level) / 2)
    let titles = ["var \(names[0])", "var \(names[1])", "cov \(names[0]),\(names[1])"]
    var components = titles.indices.map { k in
      let (value, error) = (estimates.corrected[k], estimates.standardErrors[k])
      return Component(
        name: titles[k], plugIn: estimates.plugIn[k], corrected: value, standardError: error,
        monteCarloError: estimates.monteCarloErrors?[k],
        interval: error.map { (value - z * $0, value + z * $0) })
    }
    func correlation(_ v: [Double]) -> Double {
      v[0] > 0 && v[1] > 0 ? v[2] / (v[0] * v[1]).squareRoot() : .nan
    }
    components.append(
      Component(
        name: "cor \(names[0]),\(names[1])", plugIn: correlation(estimates.plugIn),
        corrected: correlation(estimates.corrected), standardError: nil, monteCarloError: nil,
        interval: nil))
    return components
  }

  fileprivate static func messages(
    _ names: [String], _ set: LeaveOutSet, _ all: Int, _ estimates: LeaveOutEstimates
  ) -> [String] {
    var messages: [String] = []
    let list = names.joined(separator: ", ")
    if set.rows.count < all {
      let others = set.componentCount > 1 ? ", or they are in another of \(set.componentCount) connected sets" : ""
      messages.append(
        "\(all - set.rows.count) of \(all) rows are not in the largest leave-one-out connected set of \(list), where effects are estimated: without such a row levels cannot be compared\(others)"
      )
    }
    if let vectors = estimates.vectors {
      messages.append("what plug-in estimates are too large by is estimated with \(vectors) random vectors")
    }
    if let vectors = estimates.leverageVectors {
      messages.append(
        "leverages are estimated with \(vectors) random vectors"
      )
    }
    if zip(estimates.corrected, 0..<2).contains(where: { $0.0 < 0 }) {
      messages.append("a corrected variance is negative: the data hardly tell it from zero")
    }
    return messages
  }
}
