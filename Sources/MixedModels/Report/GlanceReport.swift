// SPDX-License-Identifier: GPL-2.0-or-later

/// One CSV record for the whole fit, with the columns of the R package broom.mixed: `REMLcrit` for
/// a REML fit, `deviance` for a maximum likelihood fit.
public struct GlanceReport: ReportFormat {
  public init() {}

  public func write(_ fit: Fit, to output: inout some TextOutputStream) {
    let criterionName = fit.criterionKind == .reml ? "REMLcrit" : "deviance"
    output.write("nobs,sigma,logLik,AIC,BIC,\(criterionName),df.residual\n")
    output.writeRecord([
      .integer(fit.observations), .number(fit.sigma), .number(fit.logLikelihood),
      .number(fit.aic), .number(fit.bic), .number(fit.criterion),
      .integer(fit.residualDegreesOfFreedom),
    ])
  }
}
