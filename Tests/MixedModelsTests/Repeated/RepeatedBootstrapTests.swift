// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// The parametric bootstrap of models of repeated measures, which draws sums and not rows.
@Suite struct `Bootstrap of repeated measures` {
  static let trial = Result {
    var options = FitOptions()
    options.residual = try ResidualTerm("us(week | arm/patient)")
    options.reading.categoricalColumns = ["week"]
    return try FittedModel(
      Formula("change ~ baseline + arm * week"), data: [.file(Files.data("trial.csv"))], options: options)
  }

  private static func options(_ replicates: Int, seed: UInt64 = 3) -> BootstrapOptions {
    var options = BootstrapOptions()
    (options.replicates, options.seed) = (replicates, seed)
    return options
  }

  /// Of two visits without gaps, and means for all sexes and visits, equal variances are as likely as r²,
  /// the squared correlation of sums and differences (Pitman 1939): T = −25 log(1 − r²) by REML, and
  /// r√24/√(1 − r²) is Student's t with 24 degrees of freedom (R: 2 * pt(-t, 24)).
  @Test func `the test of a structure has the exact p-value of Pitman's`() throws {
    let lines = try String(contentsOfFile: Files.data("orthodont.csv"), encoding: .utf8).split(separator: "\n")
    let folder = try TemporaryFolder()
    try folder.write(
      lines.enumerated().filter { $0 == 0 || $1.contains(",8,") || $1.contains(",14,") }.map(\.1)
        .joined(separator: "\n"), to: "two.csv")
    let models = try ["cs(age | Subject)", "csh(age | Subject)"].map { term in
      var options = FitOptions()
      options.residual = try ResidualTerm(term)
      options.reading.categoricalColumns = ["age"]
      return (
        name: term,
        model: try FittedModel(
          Formula("distance ~ Sex * age"), data: [.file(folder.file("two.csv"))], options: options)
      )
    }
    let comparison = try BootstrapComparison(models[1], models[0])
    let test = try comparison.test(Self.options(400))
    #expect(test.df == 1 && abs(test.statistic - 0.05864982718) < 1e-7 && test.failedCount == 0)
    #expect(abs(test.pValue - 0.81434) < 4.5 * test.pValueStandardError, "\(test.pValue)")
    #expect(throws: InferenceError.self) {
      try BootstrapComparison(models[0], (name: "ls", model: FittedModel(
        Formula("distance ~ Sex * age + (1 | Subject)"), data: [.file(folder.file("two.csv"))])))
    }
  }

  /// By maximum likelihood a term is tested, too: uniform p-values where it has no effect.
  @Test func `fixed effects are tested by simulation`() throws {
    let models = try ["change ~ baseline + week", "change ~ baseline + arm * week"].map { text in
      var options = FitOptions()
      options.residual = try ResidualTerm("us(week | patient)")
      options.reading.categoricalColumns = ["week"]
      options.criterion = .ml
      return (
        name: text,
        model: try FittedModel(
          Formula(text), data: [.file(Files.data("trial.csv"))], options: options)
      )
    }
    let test = try BootstrapComparison(models[0], models[1]).test(Self.options(60))
    #expect(test.df == 4 && test.failedCount == 0)
    // The simulated statistics are about χ²(4), a little larger with 90 patients.
    let mean = test.replicates.reduce(0) { $0 + $1.values[2] } / 60
    #expect(abs(mean - 4.2) < 4.5 * (8.0 / 60).squareRoot(), "\(mean)")
    #expect(abs(test.pValue - (test.naivePValue ?? 0)) < 0.2)
  }

  /// Where the model is true the standard errors of generalized least squares hold, but for what the
  /// estimated matrix adds; so do those of the standard deviations.
  @Test func `replicates spread as the standard errors say`() throws {
    let fitted = try Self.trial.get()
    let count = 400
    let bootstrap = try fitted.bootstrap(Self.options(count))
    #expect(bootstrap.failedCount == 0)
    let intervals = bootstrap.intervals()
    let noise = 1 / (2 * Double(count)).squareRoot()  // of a standard deviation, relative
    for (k, effect) in fitted.fit.fixedEffects.enumerated() {
      let (interval, error) = (intervals[k], try #require(effect.standardError))
      let spread = try #require(interval.standardError)
      #expect(abs(log(spread / error)) < 4 * noise + 0.05, "\(effect.name): \(spread), \(error)")
      #expect(abs(try #require(interval.bias)) < 4 * error / Double(count).squareRoot())
    }
    let residual = try #require(fitted.fit.residual)
    for component in residual.components {
      for (j, visit) in component.columns.enumerated() {
        let name = "sd_\(visit)|\(component.name)"
        let interval = try #require(intervals.first { $0.parameter.name == name })
        let (spread, error) = (
          try #require(interval.standardError), try #require(component.standardErrors[j])
        )
        #expect(abs(log(spread / error)) < 4 * noise + 0.1, "\(name): \(spread), \(error)")
      }
    }
  }

  @Test func `replicates depend on the seed alone`() throws {
    let fitted = try Self.trial.get()
    let (long, short) = (try fitted.bootstrap(Self.options(6)), try fitted.bootstrap(Self.options(3)))
    #expect(long.replicates.prefix(3).map(\.values) == short.replicates.map(\.values))
    let other = try fitted.bootstrap(Self.options(3, seed: 4))
    #expect(other.replicates.map(\.values) != short.replicates.map(\.values))
    // From a file the same.
    let folder = try TemporaryFolder()
    let path = folder.file("trial.lmm")
    var options = FitOptions()
    options.residual = try ResidualTerm("us(week | arm/patient)")
    options.reading.categoricalColumns = ["week"]
    options.threads = 1
    _ = try Fit(
      Formula("change ~ baseline + arm * week"), data: [.file(Files.data("trial.csv"))],
      options: options, savingTo: path)
    let saved = try FittedModel(contentsOf: path).bootstrap(Self.options(3))
    for (a, b) in zip(saved.replicates, short.replicates) {
      for (x, y) in zip(a.values, b.values) { #expect(abs(x - y) < 1e-7 * max(1, abs(y))) }
    }
  }

  /// One subject at some visits is a pattern of its own, whose rows have fewer than its columns.
  @Test func `patterns of few subjects are drawn, too`() throws {
    var options = FitOptions()
    options.residual = try ResidualTerm("ar1h(week | patient)")
    options.reading.categoricalColumns = ["week"]
    let fitted = try FittedModel(
      Formula("change ~ baseline + site + arm * week"), data: [.file(Files.data("trial.csv"))],
      options: options)
    let bootstrap = try fitted.bootstrap(Self.options(20))
    #expect(bootstrap.failedCount == 0)
    #expect(bootstrap.replicates.allSatisfy { $0.values.allSatisfy(\.isFinite) })
    #expect(bootstrap.names.count == bootstrap.replicates[0].values.count)
  }
}
