// SPDX-License-Identifier: GPL-2.0-or-later

extension GoldenSummary {
  /// Reaction * 1e4 and Days * 1e-4: numbers that need scientific notation.
  static let sleepstudyScaled = GoldenSummary(
    name: "sleepstudyScaled",
    fit: #"""
      {
      "formula": "Reaction ~ Days + (1 | Subject)",
      "data": "sleepstudy_scaled",
      "weights": null,
      "offset": null,
      "method": "REML",
      "nobs": 180,
      "q": 18,
      "criterion": 5046.92557707449,
      "sigma": 309912.338983122,
      "theta_names": ["Subject.(Intercept)"],
      "theta": [1.19788153297265],
      "fixed_names": ["(Intercept)", "Days"],
      "estimates": [2514051.04848486, 1046728595.95958],
      "ses": [97467.1627004731, 80422142.8936629],
      "vcov": [[9499847804.8805, -2910474480423.96], [-2910474480423.96, 6467721067608730.0]],
      "random": [{"name": "Subject", "group": "Subject", "levels": 18, "columns": ["(Intercept)"],
        "sd": [371238.267708241], "corr": [[1]], "cov": [[137817851411.015]]}],
      "singular": false,
      "residuals": [-3.22567073992095, -0.552878824216157, 0.0108521005411017, 0.518797129703568,
        4.2506162204187]
      }
      """#,
    text: #"""
      Linear mixed model fit by REML ['lmerMod']
      Formula: Reaction ~ Days + (1 | Subject)
         Data: sleepstudy_scaled

      REML criterion at convergence: 5046.9

      Scaled residuals:
          Min      1Q  Median      3Q     Max
      -3.2257 -0.5529  0.0109  0.5188  4.2506

      Random effects:
       Groups   Name        Variance  Std.Dev.
       Subject  (Intercept) 1.378e+11 371238
       Residual             9.605e+10 309912
      Number of obs: 180, groups:  Subject, 18

      Fixed effects:
                   Estimate Std. Error t value
      (Intercept) 2.514e+06  9.747e+04   25.79
      Days        1.047e+09  8.042e+07   13.02

      Correlation of Fixed Effects:
           (Intr)
      Days -0.371
      fit warnings:
      Some predictor variables are on very different scales: consider rescaling
      """#)
}
