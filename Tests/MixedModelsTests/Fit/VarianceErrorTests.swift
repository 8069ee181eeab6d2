// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

@Suite struct `Standard errors of variance components` {
  /// From lme4 1.1-31 and numDeriv 2016.8: √diag((H/2)⁻¹) of the deviance in (sd, cor, sd, σ),
  /// `devfun2(useSc = TRUE)`, at the optimum of an ML fit.
  @Test func `are those of lme4's deviance function`() throws {
    var options = FitOptions()
    options.criterion = .ml
    let fit = try Fit(
      Formula("Reaction ~ Days + (Days | Subject)"), data: [.file(Files.data("sleepstudy.csv"))],
      options: options)
    let subject = fit.varianceComponents[0]
    let found = [
      subject.standardErrors[0], subject.correlationStandardErrors[1][0],
      subject.standardErrors[1], fit.sigmaStandardError,
    ]
    for (ours, theirs) in zip(found, [5.5773717, 0.3235025, 1.1870709, 1.5080122]) {
      #expect(abs(try #require(ours) - theirs) < 1e-4 * theirs)
    }
  }

  /// One balanced factor: sd(σ) = σ / √(2 (n − J)) exactly, and σ₁² = (MSB − MSW) / m has a variance
  /// by those of the mean squares.
  @Test func `are those of the analysis of variance in balanced data`() throws {
    let fit = try Fit(
      Formula("Yield ~ 1 + (1 | Batch)"), data: [.file(Files.data("dyestuff.csv"))])
    let (σ, τ) = (fit.sigma, fit.varianceComponents[0].standardDeviations[0])
    #expect(abs(fit.sigmaStandardError! - σ / (2.0 * 24).squareRoot()) < 1e-5 * σ)
    let between = σ * σ + 5 * τ * τ  // expected mean square of 6 batches of 5
    let variance = (2 * between * between / 5 + 2 * σ * σ * σ * σ / 24) / 25  // of τ²
    let expected = variance.squareRoot() / (2 * τ)
    #expect(abs(fit.varianceComponents[0].standardErrors[0]! - expected) < 1e-5 * expected)
  }

  @Test func `do not exist on the boundary`() throws {
    let fit = try Fit(
      Formula("Yield ~ 1 + (1 | Batch)"), data: [.file(Files.data("dyestuff2.csv"))])
    #expect(fit.varianceComponents[0].standardErrors == [nil])
    #expect(fit.sigmaStandardError != nil)
  }
}
