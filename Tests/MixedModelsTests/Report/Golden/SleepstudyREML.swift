// SPDX-License-Identifier: GPL-2.0-or-later

extension GoldenSummary {
  /// Lmer(Reaction ~ Days + (Days | Subject), sleepstudy).
  static let sleepstudyREML = GoldenSummary(
    name: "sleepstudyREML",
    fit: #"""
      {
      "formula": "Reaction ~ Days + (Days | Subject)",
      "data": "sleepstudy",
      "weights": null,
      "offset": null,
      "method": "REML",
      "nobs": 180,
      "q": 36,
      "criterion": 1743.62827195995,
      "sigma": 25.5917957216753,
      "theta_names": ["Subject.(Intercept)", "Subject.Days.(Intercept)", "Subject.Days"],
      "theta": [0.966741773967412, 0.0151690588960361, 0.230909953207795],
      "fixed_names": ["(Intercept)", "Days"],
      "estimates": [251.405104848485, 10.467285959596],
      "ses": [6.82459669495491, 1.54578964390598],
      "vcov": [[46.5751200487894, -1.45108841663252], [-1.45108841663252, 2.38946562320698]],
      "random": [{"name": "Subject", "group": "Subject", "levels": 18, "columns": ["(Intercept)",
        "Days"], "sd": [24.7406579949841, 5.92213765889808], "corr": [[1, 0.0655512382381282],
        [0.0655512382381282, 1]], "cov": [[612.100158024769, 9.60440895115776], [9.60440895115776,
        35.0717144509388]]}],
      "singular": false,
      "residuals": [-3.95356734536703, -0.463397683127066, 0.0231176647794387, 0.463402078150267,
        5.17926037341145]
      }
      """#,
    text: #"""
      Linear mixed model fit by REML ['lmerMod']
      Formula: Reaction ~ Days + (Days | Subject)
         Data: sleepstudy

      REML criterion at convergence: 1743.6

      Scaled residuals:
          Min      1Q  Median      3Q     Max
      -3.9536 -0.4634  0.0231  0.4634  5.1793

      Random effects:
       Groups   Name        Variance Std.Dev. Corr
       Subject  (Intercept) 612.10   24.741
                Days         35.07    5.922   0.07
       Residual             654.94   25.592
      Number of obs: 180, groups:  Subject, 18

      Fixed effects:
                  Estimate Std. Error t value
      (Intercept)  251.405      6.825  36.838
      Days          10.467      1.546   6.771

      Correlation of Fixed Effects:
           (Intr)
      Days -0.138
      """#)
}
