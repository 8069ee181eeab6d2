// SPDX-License-Identifier: GPL-2.0-or-later

extension GoldenSummary {
  /// Nested factors; the criterion rounds to a whole number.
  static let pastesNested = GoldenSummary(
    name: "pastesNested",
    fit: #"""
      {
      "formula": "strength ~ 1 + (1 | batch/cask)",
      "data": "pastes",
      "weights": null,
      "offset": null,
      "method": "REML",
      "nobs": 60,
      "q": 40,
      "criterion": 246.990745853487,
      "sigma": 0.823407523446778,
      "theta_names": ["cask:batch.(Intercept)", "batch.(Intercept)"],
      "theta": [3.52690178773174, 1.56346140209686],
      "fixed_names": ["(Intercept)"],
      "estimates": [60.0533333333354],
      "ses": [0.676870215074031],
      "vcov": [[0.458153288054365]],
      "random": [{"name": "cask:batch", "group": "cask:batch", "levels": 30,
        "columns": ["(Intercept)"], "sd": [2.9040774664762], "corr": [[1]],
        "cov": [[8.43366593129485]]}, {"name": "batch", "group": "batch", "levels": 10,
        "columns": ["(Intercept)"], "sd": [1.2873658811052], "corr": [[1]],
        "cov": [[1.65731091183376]]}],
      "singular": false,
      "residuals": [-1.47977603107528, -0.515577976363109, 0.00949804852060413, 0.471996639441618,
        1.38969584407111]
      }
      """#,
    text: #"""
      Linear mixed model fit by REML ['lmerMod']
      Formula: strength ~ 1 + (1 | batch/cask)
         Data: pastes

      REML criterion at convergence: 247

      Scaled residuals:
          Min      1Q  Median      3Q     Max
      -1.4798 -0.5156  0.0095  0.4720  1.3897

      Random effects:
       Groups     Name        Variance Std.Dev.
       cask:batch (Intercept) 8.434    2.9041
       batch      (Intercept) 1.657    1.2874
       Residual               0.678    0.8234
      Number of obs: 60, groups:  cask:batch, 30; batch, 10

      Fixed effects:
                  Estimate Std. Error t value
      (Intercept)  60.0533     0.6769   88.72
      """#)
}
