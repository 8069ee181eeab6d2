// SPDX-License-Identifier: GPL-2.0-or-later

extension GoldenSummary {
  /// A variance of zero.
  static let dyestuff2Singular = GoldenSummary(
    name: "dyestuff2Singular",
    fit: #"""
      {
      "formula": "Yield ~ 1 + (1 | Batch)",
      "data": "dyestuff2",
      "weights": null,
      "offset": null,
      "method": "REML",
      "nobs": 30,
      "q": 6,
      "criterion": 161.828277812288,
      "sigma": 3.71568427447573,
      "theta_names": ["Batch.(Intercept)"],
      "theta": [0],
      "fixed_names": ["(Intercept)"],
      "estimates": [5.6656],
      "ses": [0.678388031232524],
      "vcov": [[0.46021032091954]],
      "random": [{"name": "Batch", "group": "Batch", "levels": 6, "columns": ["(Intercept)"],
        "sd": [0], "corr": [[1]], "cov": [[0]]}],
      "singular": true,
      "residuals": [-1.76484316631699, -0.780636831801127, -0.0809003073982693, 0.668894291442639,
        2.09070508314275]
      }
      """#,
    text: #"""
      Linear mixed model fit by REML ['lmerMod']
      Formula: Yield ~ 1 + (1 | Batch)
         Data: dyestuff2

      REML criterion at convergence: 161.8

      Scaled residuals:
          Min      1Q  Median      3Q     Max
      -1.7648 -0.7806 -0.0809  0.6689  2.0907

      Random effects:
       Groups   Name        Variance Std.Dev.
       Batch    (Intercept)  0.00    0.000
       Residual             13.81    3.716
      Number of obs: 30, groups:  Batch, 6

      Fixed effects:
                  Estimate Std. Error t value
      (Intercept)   5.6656     0.6784   8.352
      optimizer (nloptwrap) convergence code: 0 (OK)
      boundary (singular) fit: see help('isSingular')
      """#)
}
