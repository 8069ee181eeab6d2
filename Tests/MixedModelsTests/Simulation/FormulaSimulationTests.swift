// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import Studies
import Testing

@Suite struct `Simulation from a formula` {
  /// Within four standard errors.
  private func expect(
    _ estimate: Double?, _ error: Double?, isNear truth: Double, _ name: String = ""
  ) throws {
    let (estimate, error) = (try #require(estimate), try #require(error))
    #expect(abs(estimate - truth) < 4 * error, "\(name): \(estimate) ± \(error), \(truth)")
  }

  @Test func `a fit finds the stated parameters`() throws {
    let stated = try StatedDesign("y ~ x * f + (1 + x | g) + (1 | h)") {
      $0.coefficients = "(Intercept)=10,x=0.8,fb=-1,x:fc=0.4"
      $0.deviations = ["g:x=0.5,(Intercept)=2", "h=1.5"]
      $0.correlations = ["g:x.(Intercept)=-0.6"]
      $0.sigma = 0.7
      $0.levels = ["g=300", "h=100"]
      $0.rowsPer = "g=20"
      $0.covariates = ["x=normal(1,2)", "f=a*2|b|c"]
    }
    let fit = try stated.fitted().fit
    #expect(fit.fixedEffects.map(\.name) == ["(Intercept)", "x", "fb", "fc", "x:fb", "x:fc"])
    for (effect, truth) in zip(fit.fixedEffects, [10, 0.8, -1, 0, 0, 0.4]) {
      try expect(effect.estimate, effect.standardError, isNear: truth, effect.name)
    }
    let (g, h) = (fit.varianceComponents[0], fit.varianceComponents[1])
    try expect(g.standardDeviations[0], g.standardErrors[0], isNear: 2)
    try expect(g.standardDeviations[1], g.standardErrors[1], isNear: 0.5)
    try expect(g.correlations[1][0], g.correlationStandardErrors[1][0], isNear: -0.6)
    try expect(h.standardDeviations[0], h.standardErrors[0], isNear: 1.5)
    try expect(fit.sigma, fit.sigmaStandardError, isNear: 0.7)
  }

  /// Almost without noise every column shows whether it is what a fit makes of its name.
  @Test func `columns are those of the same names in a fit`() throws {
    let names = [
      "f1", "f2", "poly(x, 2, raw = TRUE)1", "poly(x, 2, raw = TRUE)2", "I(z > 0.5)TRUE", "log(z)",
      "kTRUE", "hh2", "hh3", "f1:log(z)", "f2:log(z)",
    ]
    let stated = try StatedDesign(
      "y ~ f + poly(x, 2, raw = TRUE) + I(z > 0.5) + log(z) + k + h + f:log(z) + offset(z) + (1 | g) + (0 + f | h)"
    ) {
      $0.coefficients =
        "(Intercept)=3"
        + names.enumerated().map { ",\($0.element)=\(Double($0.offset + 1) / 4)" }.joined()
      $0.deviations = ["g=0.001", "h=0.001,0.001,0.001"]
      $0.sigma = 0.001
      $0.levels = ["g=20", "h=3"]
      $0.rows = 3000
      $0.covariates = ["f=u|v|w", "z=lognormal(0,0.5)", "k=TRUE|FALSE"]
      $0.contrasts = ["f": .sum]
    }
    let fit = try stated.fitted().fit
    #expect(fit.fixedEffects.map(\.name).sorted() == (["(Intercept)"] + names).sorted())
    for effect in fit.fixedEffects {
      let truth = names.firstIndex(of: effect.name).map { Double($0 + 1) / 4 } ?? 3
      #expect(abs((effect.estimate ?? .nan) - truth) < 0.01, "\(effect.name)")
    }
  }

  @Test func `weights divide the variance`() throws {
    let stated = try StatedDesign("y ~ 1 + (1 | g)") {
      $0.deviations = ["g=0"]
      $0.sigma = 2
      $0.rows = 20_000
      $0.weights = "w"
      $0.covariates = ["w=1|16"]
    }
    let columns = try stated.columns()
    let (y, w) = (try #require(columns["y"]), try #require(columns["w"]))
    for (weight, variance) in [("1", 4.0), ("16", 0.25)] {
      let own = zip(y, w).filter { $0.1 == weight }.compactMap { Double($0.0) }
      let square = own.reduce(0) { $0 + $1 * $1 } / Double(own.count)
      // The standard error of a variance is √(2/n) of it: 1.4 %.
      #expect(abs(square / variance - 1) < 0.06, "weight \(weight): \(square)")
    }
  }

  @Test func `distributions have their moments`() throws {
    let stated = try StatedDesign(
      "y ~ n + u + l + e + c + b + p + v + (1 | g)"
    ) {
      $0.rows = 40_000
      $0.covariates = [
        "n=normal(5,2)", "u=uniform(-1,3)", "l=lognormal(0,0.5)", "e=exponential(2)",
        "c=gamma(4,0.5)",
        "b=bernoulli(0.3)", "p=poisson(4)", "v=1*3|5",
      ]
    }
    let columns = try stated.columns()
    let logMean = exp(0.125)
    let expected: [String: (mean: Double, variance: Double)] = [
      "n": (5, 4), "u": (1, 16.0 / 12), "l": (logMean, logMean * logMean * (exp(0.25) - 1)),
      "e": (2, 4), "c": (2, 1), "b": (0.3, 0.21), "p": (4, 4), "v": (2, 3),
    ]
    for (name, (mean, variance)) in expected {
      let x = try #require(columns[name]).compactMap(Double.init)
      let n = Double(x.count)
      let own = x.reduce(0, +) / n
      #expect(abs(own - mean) < 4 * (variance / n).squareRoot(), "\(name): mean \(own)")
      let spread = x.reduce(0) { $0 + ($1 - own) * ($1 - own) } / n
      #expect(abs(spread / variance - 1) < 0.1, "\(name): variance \(spread)")
    }
  }

  @Test func `a seed gives one table on any number of threads`() throws {
    let stated = try StatedDesign("y ~ x + s + f + (x | a/b) + (1 | c)") {
      $0.levels = ["a=40", "b=4 per a", "c=70"]
      $0.imbalance = ["b=gamma(2)", "c=zipf(0.7)"]
      $0.rows = 30_001
      $0.covariates = ["s=normal(0,1) per a", "f=u|v|w per b"]
    }
    let once = try stated.bytes()
    for threads in [2, 3] { #expect(try stated.bytes(threads: threads) == once) }
    #expect(try stated.bytes(seed: 2) != once)
  }
}
