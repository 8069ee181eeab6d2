// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Derivatives by structures against differences, and strategies against each other.
@Suite struct `Gradients of covariance structures` {
  private func criterion(
    _ formula: String, _ kind: CriterionKind = .reml, _ file: String = "machines.csv"
  ) throws -> Criterion {
    var options = FitOptions()
    options.criterion = kind
    return try Criterion(Formula(formula), data: [.file(Files.data(file))], options: options)
  }

  static let words = [
    "toep(0 + Machine | Worker)", "homtoep(0 + Machine | Worker)", "homdiag(0 + Machine | Worker)",
    "homcs(0 + Machine | Worker)", "hetar1(0 + Machine | Worker)", "rr(0 + Machine | Worker, 2)",
    "fa(0 + Machine | Worker, 1)", "cs(0 + Machine | Worker)", "ad(0 + Machine | Worker)",
    "ad(0 + Machine | Worker, hom = TRUE)",
  ]

  /// Richardson's extrapolation of central differences, of relative error 1e-7 of the largest entry.
  private func checkGradient(_ criterion: Criterion, _ theta: [Double]) throws {
    let gradient = try criterion.gradient(theta).gradient
    let size = gradient.reduce(1) { max($0, abs($1)) }
    for k in theta.indices {
      func difference(_ h: Double) throws -> Double {
        var (ahead, behind) = (theta, theta)
        ahead[k] += h
        behind[k] -= h
        return try (criterion(ahead) - criterion(behind)) / (2 * h)
      }
      let d = try [4e-3, 2e-3, 1e-3].map(difference)
      let (a, b) = ((4 * d[1] - d[0]) / 3, (4 * d[2] - d[1]) / 3)
      let slope = (16 * b - a) / 15
      #expect(abs(gradient[k] - slope) < 1e-7 * size, "\(k) of \(theta): \(gradient[k]), \(slope)")
    }
  }

  @Test(arguments: words, [CriterionKind.reml, .ml])
  func `gradients are those of extrapolated differences`(term: String, kind: CriterionKind) throws {
    let criterion = try criterion("score ~ Machine + \(term)", kind)
    var random = SplitMix64(seed: 5)
    for _ in 0..<2 {
      let theta = criterion.thetaNames.map { name in
        let isCorrelation = name.contains("rho") || term.hasPrefix("ad") && name.split(separator: ".").count > 2
        return isCorrelation ? 0.1 + 0.3 * random.uniform() : 0.4 + random.uniform()
      }
      try checkGradient(criterion, theta)
    }
  }

  @Test(arguments: ["ou", "exp"])
  func `gradients in times are those of extrapolated differences`(word: String) throws {
    let data = DataSource.bytes(try UnequalTimes.bytes(), name: "times.csv")
    for hom in ["TRUE", "FALSE"] {
      let criterion = try Criterion(
        Formula("Reaction ~ Days + \(word)(0 + factor(t) | Subject, hom = \(hom))"), data: [data],
        options: FitOptions())
      var theta = criterion.thetaNames.indices.map { 0.8 + 0.1 * Double($0) }
      theta[theta.count - 1] = word == "ou" ? 0.3 : 3
      try checkGradient(criterion, theta)
    }
  }

  @Test(arguments: words)
  func `ways to solve the equations agree`(term: String) throws {
    let model = try LinearMixedModel(
      Formula("score ~ Machine + \(term)"), data: [DataSource.file(Files.data("machines.csv"))],
      options: FitOptions())
    for φ in model.trials.map({ $0.map { min(max($0, -4), 4) } }) {
      let whole = Criterion(model, .reml, try WholeEquations(model))
      let absorbed = Criterion(
        model, .reml, try AbsorbedEquations(model, model.absorbed(), threads: 2))
      let (a, b) = (try whole.valueAndGradient(φ), try absorbed.valueAndGradient(φ))
      #expect(abs(a.value - b.value) <= 1e-10 * abs(a.value))
      let size = a.gradient.reduce(1) { max($0, abs($1)) }
      for (x, y) in zip(a.gradient, b.gradient) { #expect(abs(x - y) <= 1e-8 * size) }
    }
  }
}
