// SPDX-License-Identifier: GPL-2.0-or-later

/// One CSV record for the whole fit, with the columns of the R package broom.mixed: `REMLcrit` for
/// a REML fit, `deviance` for a maximum likelihood fit.
public struct GlanceReport: ReportFormat {
  public init() {}

  public func write(_ fit: Fit, to output: inout some TextOutputStream) {
    output.writeRecord(Self.columns(fit.criterionKind).map(DelimitedField.text))
    output.writeRecord(Self.record(fit))
  }

  static func columns(_ kind: CriterionKind) -> [String] {
    let criterion = kind == .reml ? "REMLcrit" : "deviance"
    return ["nobs", "sigma", "logLik", "AIC", "BIC", criterion, "df.residual"]
  }

  static func record(_ fit: Fit) -> [DelimitedField] {
    [
      .integer(fit.observations), .number(fit.sigma), .number(fit.logLikelihood),
      .number(fit.aic), .number(fit.bic), .number(fit.criterion),
      .integer(fit.residualDegreesOfFreedom),
    ]
  }
}
