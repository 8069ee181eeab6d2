// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// A parameter of a term's covariance structure that is no standard deviation of its effects: a
/// correlation of columns in time, a rate, a loading.
public struct StructureEstimate: Sendable {
  /// `rho`, `rho2`, `rate`, `range`, `x.factor1`, `x.specific`
  public let name: String
  /// Loadings and specific standard deviations in units of the response, rates per unit of time.
  public let estimate: Double
  /// Asymptotic; nil where the Hessian is not known, and on the boundary.
  public let standardError: Double?
  fileprivate let scale: Scale
  /// Whether it is a correlation between levels, and not of a level's effects.
  fileprivate(set) var isOfLevels = false
  /// Intervals end here.
  private var least = -1.0

  fileprivate init(name: String, estimate: Double, standardError: Double?, scale: Scale) {
    (self.name, self.estimate, self.standardError) = (name, estimate, standardError)
    self.scale = scale
  }

  /// ρ of rows in time.
  ///
  /// - Parameters:
  ///   - standardError: nil where it is not known, and on the boundary.
  ///   - least: What it cannot be less than.
  init(correlation: Double, _ standardError: Double?, least: Double) {
    self.init(
      name: "rho", estimate: correlation, standardError: standardError, scale: .fisher)
    self.least = least
  }

  /// On which its estimate is about normal.
  fileprivate enum Scale: Sendable { case own, logarithm, fisher }

  /// Wald's interval of 95 %: of correlations on the scale of Fisher's z, of rates, ranges and standard
  /// deviations on that of logarithms.
  public var interval: (low: Double, high: Double)? { interval(0.95) }

  /// The same of another coverage.
  func interval(_ level: Double) -> (low: Double, high: Double)? {
    guard let standardError else { return nil }
    func waldInterval(_ estimate: Double, _ error: Double) -> (low: Double, high: Double) {
      let margin = Normal.quantile((1 - level) / 2, tail: .upper) * error
      return (estimate - margin, estimate + margin)
    }
    switch scale {
    case .own: return waldInterval(estimate, standardError)
    case .logarithm:
      let limits = waldInterval(log(estimate), standardError / estimate)
      return (exp(limits.low), exp(limits.high))
    case .fisher:
      let limits = waldInterval(atanh(estimate), standardError / (1 - estimate * estimate))
      return (max(tanh(limits.low), least), tanh(limits.high))
    }
  }
}

/// What a fit says of the structure of a term's covariance matrix.
public struct StructureDescription: Sendable {
  /// The formula's word.
  public let word: String
  public let parameters: [StructureEstimate]
  /// Those that are correlations between levels.
  var levelCorrelations: [StructureEstimate] { parameters.filter(\.isOfLevels) }
}

extension StructureParameter {
  fileprivate var scale: StructureEstimate.Scale {
    switch self {
    case .correlation, .autocorrelation, .pairCorrelation: .fisher
    case .rate, .range, .specificDeviation: .logarithm
    case .loading, .commonDeviation, .deviation: .own
    case .ofLevels(let own, _): own.scale
    }
  }

  /// Whether an estimate is where its parameter can lie, with room on both sides.
  fileprivate func isInside(_ value: Double) -> Bool {
    switch self {
    case .correlation, .autocorrelation, .pairCorrelation: abs(value) < 1 - 1e-8
    case .rate, .range: value.isNormal
    case .specificDeviation: value > 1e-7
    case .loading, .commonDeviation, .deviation: true
    case .ofLevels(let own, _): own.isInside(value)
    }
  }
}

extension StructureDescription {
  /// Of a term at φ; nil for one without a structure.
  ///
  /// - Parameters:
  ///   - sigma: In units of the response.
  ///   - covariance: nil where the Hessian is not known.
  init?(
    _ model: LinearMixedModel, _ term: Int, φ all: [Double], sigma: Double,
    _ covariance: ParameterCovariance?
  ) {
    let block = model.covariance.blocks[term]
    guard let structure = block.structure, let word = model.terms[term].structure else { return nil }
    let (columns, range) = (model.terms[term].columns, model.covariance.blockRanges[term])
    let φ = Array(all[range])
    func error(_ slopes: [Double], _ sigmaSlope: Double) -> Double? {
      var every = [Double](repeating: 0, count: all.count) + [sigmaSlope]
      every.replaceSubrange(range, with: slopes)
      return covariance.map { $0.variance(every).squareRoot() }
    }
    var next = 0
    let θ = block.structuredTheta(φ, &next) ?? []
    let J = structure.thetaSlopes(structure.values(φ[...]))
    self.word = word
    parameters = structure.parameters.indices.compactMap { k in
      let parameter = structure.parameters[k]
      guard parameter.isReported else { return nil }
      let unit = parameter.isDeviation ? sigma : 1
      let slopes = structure.parameters.indices.map { m in
        unit * J[k, m] * structure.parameters[m].slope(φ[m]) / block.unit(of: parameter)
      }
      var estimate = StructureEstimate(
        name: parameter.name(columns), estimate: unit * θ[k],
        standardError: parameter.isInside(θ[k])
          ? error(slopes, parameter.isDeviation ? unit * θ[k] : 0) : nil,
        scale: parameter.scale)
      estimate.isOfLevels = parameter.isLevelCorrelation
      return estimate
    }
  }
}
