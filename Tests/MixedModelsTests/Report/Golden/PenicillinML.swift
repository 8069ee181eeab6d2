// SPDX-License-Identifier: GPL-2.0-or-later

extension GoldenSummary {
  /// Two crossed factors.
  static let penicillinML = GoldenSummary(
    name: "penicillinML",
    fit: #"""
      {
      "formula": "diameter ~ 1 + (1 | plate) + (1 | sample)",
      "data": "penicillin",
      "weights": null,
      "offset": null,
      "method": "ML",
      "nobs": 144,
      "q": 30,
      "criterion": 332.188348668514,
      "sigma": 0.549932139516881,
      "theta_names": ["plate.(Intercept)", "sample.(Intercept)"],
      "theta": [1.53759428030748, 3.21975622454087],
      "fixed_names": ["(Intercept)"],
      "estimates": [22.9722222222232],
      "ses": [0.744596265748445],
      "vcov": [[0.554423598966529]],
      "random": [{"name": "plate", "group": "plate", "levels": 24, "columns": ["(Intercept)"],
        "sd": [0.84557251227841], "corr": [[1]], "cov": [[0.714992873520823]]}, {"name": "sample",
        "group": "sample", "levels": 6, "columns": ["(Intercept)"], "sd": [1.77064742928456],
        "corr": [[1]], "cov": [[3.135192318832]]}],
      "singular": false,
      "residuals": [-2.08031418695021, -0.672271684436436, 0.0641195847482967, 0.583555022518694,
        2.97932534819973]
      }
      """#,
    text: #"""
      Linear mixed model fit by maximum likelihood  ['lmerMod']
      Formula: diameter ~ 1 + (1 | plate) + (1 | sample)
         Data: penicillin

           AIC      BIC   logLik deviance df.resid
         340.2    352.1   -166.1    332.2      140

      Scaled residuals:
           Min       1Q   Median       3Q      Max
      -2.08031 -0.67227  0.06412  0.58356  2.97933

      Random effects:
       Groups   Name        Variance Std.Dev.
       plate    (Intercept) 0.7150   0.8456
       sample   (Intercept) 3.1352   1.7706
       Residual             0.3024   0.5499
      Number of obs: 144, groups:  plate, 24; sample, 6

      Fixed effects:
                  Estimate Std. Error t value
      (Intercept)  22.9722     0.7446   30.85
      """#)
}
