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
