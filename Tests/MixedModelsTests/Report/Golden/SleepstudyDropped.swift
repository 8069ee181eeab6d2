// SPDX-License-Identifier: GPL-2.0-or-later

extension GoldenSummary {
  /// Sleepstudy with day2 = 2 * Days.
  static let sleepstudyDropped = GoldenSummary(
    name: "sleepstudyDropped",
    fit: #"""
      {
      "formula": "Reaction ~ Days + day2 + (1 | Subject)",
      "data": "sleepstudy",
      "weights": null,
      "offset": null,
      "method": "REML",
      "nobs": 180,
      "q": 18,
      "criterion": 1786.46508539492,
      "sigma": 30.9912338986441,
      "theta_names": ["Subject.(Intercept)"],
      "theta": [1.19788153282896],
      "fixed_names": ["(Intercept)", "Days", "day2"],
      "estimates": [251.405104848484, 10.467285959596, null],
      "ses": [9.74671626920939, 0.80422142894524, null],
      "vcov": [[94.998478032471, -2.91047448048625], [-2.91047448048625, 0.646772106774724]],
      "random": [{"name": "Subject", "group": "Subject", "levels": 18, "columns": ["(Intercept)"],
        "sd": [37.1238267667686], "corr": [[1]], "cov": [[1378.17851380905]]}],
      "singular": false,
      "residuals": [-3.22567073988228, -0.552878824209416, 0.0108521005637461, 0.518797129702008,
        4.25061622037732]
      }
      """#,
    text: #"""
      Linear mixed model fit by REML ['lmerMod']
      Formula: Reaction ~ Days + day2 + (1 | Subject)
         Data: sleepstudy

      REML criterion at convergence: 1786.5

      Scaled residuals:
          Min      1Q  Median      3Q     Max
      -3.2257 -0.5529  0.0109  0.5188  4.2506

      Random effects:
       Groups   Name        Variance Std.Dev.
       Subject  (Intercept) 1378.2   37.12
       Residual              960.5   30.99
      Number of obs: 180, groups:  Subject, 18

      Fixed effects:
                  Estimate Std. Error t value
      (Intercept) 251.4051     9.7467   25.79
      Days         10.4673     0.8042   13.02

      Correlation of Fixed Effects:
           (Intr)
      Days -0.371
      fit warnings:
      fixed-effect model matrix is rank deficient so dropping 1 column / coefficient
      """#)
}
