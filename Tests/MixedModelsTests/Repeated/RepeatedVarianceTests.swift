// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// What the variances of residuals with a matrix of visits are functions of.
@Suite struct `Variances of repeated measures` {
  private func fitted(_ term: String) throws -> FittedModel {
    var options = FitOptions()
    options.residual = try ResidualTerm(term)
    options.reading.categoricalColumns = ["week"]
    return try FittedModel(
      Formula("change ~ baseline + arm * week"), data: [.file(Files.data("trial.csv"))], options: options)
  }

  /// NumPy: var(X b, ddof=1) and the mean over the rows of the diagonal of Σ, of the estimates to 17 digits.
  @Test func `R squared takes the residual variances of the rows`() throws {
    let explained = try fitted("us(week | patient)").varianceExplained()
    #expect(abs(explained.fixedVariance / 15.282033759142688 - 1) < 1e-7)
    #expect(abs(explained.residualVariance / 66.38877560637403 - 1) < 1e-7)
    #expect(explained.marginalR² == explained.conditionalR² && explained.correlations.isEmpty)
    #expect(explained.adjustedICC.isNaN && explained.unadjustedICC.isNaN)
  }

  @Test func `functions of the matrices have standard errors`() throws {
    let fitted = try fitted("us(week | arm/patient)")
    let placebo = try #require(fitted.fit.residual).components[1]
    #expect(placebo.name == "Residual:placebo")
    let ratios = try fitted.varianceRatios([
      "cor_12.8|Residual:placebo", "sd_12|Residual:placebo", "var_12|Residual:placebo",
      "cov_12.8|Residual:placebo/(sd_12|Residual:placebo*sd_8|Residual:placebo)",
      "var_12|Residual:placebo/var_12|Residual:placebo",
    ])
    let errors = ratios.map { $0.standardError ?? .nan }
    let (sd, error) = (placebo.standardDeviations[3], placebo.standardErrors[3] ?? .nan)
    let correlation = placebo.correlations[3][2]!
    let correlationError = placebo.correlationStandardErrors[3][2] ?? .nan
    #expect(distance(ratios.map { $0.estimate ?? .nan }, [correlation, sd, sd * sd, correlation, 1]) < 1e-10)
    #expect(distance(errors, [correlationError, error, 2 * sd * error, correlationError, 0]) < 1e-10)
    // Structures with fewer parameters: ρ² of visits two steps apart.
    let autoregressive = try self.fitted("ar1(week | patient)").varianceRatios([
      "cor_8.2|Residual - cor_4.2|Residual*cor_4.2|Residual", "var_12|Residual/var_2|Residual",
    ])
    #expect(distance(autoregressive.map { $0.estimate ?? .nan }, [0, 1]) < 1e-12)
    #expect(distance(autoregressive.map { $0.standardError ?? .nan }, [0, 0]) < 1e-12)
    #expect(throws: InferenceError.self) { try fitted.varianceRatios(["patient"]) }
    #expect(throws: InferenceError.self) {
      try fitted.varianceRatios(["sd_12|Residual:placebo"], intervals: .profile)
    }
  }
}
