// SPDX-License-Identifier: GPL-2.0-or-later

extension GoldenSummary {
  /// W = rep(1:3, 60), shift = 3 * Days.
  static let sleepstudyWeighted = GoldenSummary(
    name: "sleepstudyWeighted",
    fit: #"""
      {
      "formula": "Reaction ~ Days + (Days | Subject)",
      "data": "sleepstudy",
      "weights": "w",
      "offset": "shift",
      "method": "REML",
      "nobs": 180,
      "q": 36,
      "criterion": 1778.29146275691,
      "sigma": 38.6289253513565,
      "theta_names": ["Subject.(Intercept)", "Subject.Days.(Intercept)", "Subject.Days"],
      "theta": [0.572071923707988, 0.0252625054723504, 0.152001279688386],
      "fixed_names": ["(Intercept)", "Days"],
      "estimates": [251.804690405254, 7.43587074687999],
      "ses": [6.44698545529788, 1.57363056313005],
      "vcov": [[41.5636214608224, -1.08717708738505], [-1.08717708738505, 2.47631314921699]],
      "random": [{"name": "Subject", "group": "Subject", "levels": 18, "columns": ["(Intercept)",
        "Days"], "sd": [22.0985236365228, 5.95218759899576], "corr": [[1, 0.163950383258133],
        [0.163950383258133, 1]], "cov": [[488.344746913956, 21.5651412524217], [21.5651412524217,
        35.4285372136389]]}],
      "singular": false,
      "residuals": [-4.26978356839726, -0.439300963327914, 0.0480840353667897, 0.466594698281857,
        5.98320009628565]
      }
      """#,
    text: #"""
      Linear mixed model fit by REML ['lmerMod']
      Formula: Reaction ~ Days + (Days | Subject)
         Data: sleepstudy
      Weights: w
       Offset: shift

      REML criterion at convergence: 1778.3

      Scaled residuals:
          Min      1Q  Median      3Q     Max
      -4.2698 -0.4393  0.0481  0.4666  5.9832

      Random effects:
       Groups   Name        Variance Std.Dev. Corr
       Subject  (Intercept)  488.34  22.099
                Days          35.43   5.952   0.16
       Residual             1492.19  38.629
      Number of obs: 180, groups:  Subject, 18

      Fixed effects:
                  Estimate Std. Error t value
      (Intercept)  251.805      6.447  39.058
      Days           7.436      1.574   4.725

      Correlation of Fixed Effects:
           (Intr)
      Days -0.107
      """#)
}
