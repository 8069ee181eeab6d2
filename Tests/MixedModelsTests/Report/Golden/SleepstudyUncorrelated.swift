// SPDX-License-Identifier: GPL-2.0-or-later

extension GoldenSummary {
  /// Two terms on one factor.
  static let sleepstudyUncorrelated = GoldenSummary(
    name: "sleepstudyUncorrelated",
    fit: #"""
      {
      "formula": "Reaction ~ Days + (1 | Subject) + (0 + Days | Subject)",
      "data": "sleepstudy",
      "weights": null,
      "offset": null,
      "method": "REML",
      "nobs": 180,
      "q": 36,
      "criterion": 1743.66929358148,
      "sigma": 25.5652792015696,
      "theta_names": ["Subject.(Intercept)", "Subject.Days"],
      "theta": [0.979896527914237, 0.234231225347045],
      "fixed_names": ["(Intercept)", "Days"],
      "estimates": [251.405104848483, 10.467285959596],
      "ses": [6.88538081723721, 1.55956909806857],
      "vcov": [[47.4084689983782, -1.98055606258841], [-1.98055606258841, 2.4322557716504]],
      "random": [{"name": "Subject", "group": "Subject", "levels": 18, "columns": ["(Intercept)"],
        "sd": [25.0513283247761], "corr": [[1]], "cov": [[627.56905083573]]}, {"name": "Subject.1",
        "group": "Subject", "levels": 18, "columns": ["Days"], "sd": [5.98818667372297],
        "corr": [[1]], "cov": [[35.8583796393533]]}],
      "singular": false,
      "residuals": [-3.96258729720235, -0.46251714753716, 0.0203983373664721, 0.465257300333732,
        5.18602070134667]
      }
      """#,
    text: #"""
      Linear mixed model fit by REML ['lmerMod']
      Formula: Reaction ~ Days + (1 | Subject) + (0 + Days | Subject)
         Data: sleepstudy

      REML criterion at convergence: 1743.7

      Scaled residuals:
          Min      1Q  Median      3Q     Max
      -3.9626 -0.4625  0.0204  0.4653  5.1860

      Random effects:
       Groups    Name        Variance Std.Dev.
       Subject   (Intercept) 627.57   25.051
       Subject.1 Days         35.86    5.988
       Residual              653.58   25.565
      Number of obs: 180, groups:  Subject, 18

      Fixed effects:
                  Estimate Std. Error t value
      (Intercept)  251.405      6.885  36.513
      Days          10.467      1.560   6.712

      Correlation of Fixed Effects:
           (Intr)
      Days -0.184
      """#)
}
