// SPDX-License-Identifier: GPL-2.0-or-later

extension GoldenSummary {
  /// Lmer(Reaction ~ Days + (Days | Subject), sleepstudy, REML = FALSE).
  static let sleepstudyML = GoldenSummary(
    name: "sleepstudyML",
    fit: #"""
      {
      "formula": "Reaction ~ Days + (Days | Subject)",
      "data": "sleepstudy",
      "weights": null,
      "offset": null,
      "method": "ML",
      "nobs": 180,
      "q": 36,
      "criterion": 1751.93934448899,
      "sigma": 25.591907036487,
      "theta_names": ["Subject.(Intercept)", "Subject.Days.(Intercept)", "Subject.Days"],
      "theta": [0.929190605278248, 0.018165754720412, 0.222643205612618],
      "fixed_names": ["(Intercept)", "Days"],
      "estimates": [251.405104848486, 10.4672859595958],
      "ses": [6.63212274219029, 1.50223021383204],
      "vcov": [[43.9850520674777, -1.37051049064159], [-1.37051049064159, 2.25669561534986]],
      "random": [{"name": "Subject", "group": "Subject", "levels": 18, "columns": ["(Intercept)",
        "Days"], "sd": [23.779759589458, 5.71679851392829], "corr": [[1, 0.0813210934266345],
        [0.0813210934266345, 1]], "cov": [[565.476966132419, 11.0551223919533], [11.0551223919533,
        32.6817852488527]]}],
      "singular": false,
      "residuals": [-3.94155241672159, -0.465589375628008, 0.0289447552658257, 0.463614465396744,
        5.17932342919295]
      }
      """#,
    text: #"""
      Linear mixed model fit by maximum likelihood  ['lmerMod']
      Formula: Reaction ~ Days + (Days | Subject)
         Data: sleepstudy

           AIC      BIC   logLik deviance df.resid
        1763.9   1783.1   -876.0   1751.9      174

      Scaled residuals:
          Min      1Q  Median      3Q     Max
      -3.9416 -0.4656  0.0289  0.4636  5.1793

      Random effects:
       Groups   Name        Variance Std.Dev. Corr
       Subject  (Intercept) 565.48   23.780
                Days         32.68    5.717   0.08
       Residual             654.95   25.592
      Number of obs: 180, groups:  Subject, 18

      Fixed effects:
                  Estimate Std. Error t value
      (Intercept)  251.405      6.632  37.907
      Days          10.467      1.502   6.968

      Correlation of Fixed Effects:
           (Intr)
      Days -0.138
      """#)
}
