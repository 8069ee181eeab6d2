// SPDX-License-Identifier: GPL-2.0-or-later

extension GoldenSummary {
  /// Nlme's Machines: a term with three columns.
  static let machinesTriangle = GoldenSummary(
    name: "machinesTriangle",
    fit: #"""
      {
      "formula": "score ~ Machine + (Machine | Worker)",
      "data": "machines",
      "weights": null,
      "offset": null,
      "method": "REML",
      "nobs": 54,
      "q": 18,
      "criterion": 208.311219417004,
      "sigma": 0.961561159884539,
      "theta_names": ["Worker.(Intercept)", "Worker.MachineB.(Intercept)",
        "Worker.MachineC.(Intercept)", "Worker.MachineB", "Worker.MachineC.MachineB",
        "Worker.MachineC"],
      "theta": [4.24217693383095, 2.95804663872493, -1.4017197264821, 5.34993766439767,
        2.07526243813258, 2.9078981500442],
      "fixed_names": ["(Intercept)", "MachineB", "MachineC"],
      "estimates": [52.3555555555544, 7.96666666666508, 13.9166666666665],
      "ses": [1.68064270133812, 2.42110266012593, 1.54020321577931],
      "vcov": [[2.8245598895611, 1.88236572446004, -0.967697994916453], [1.88236572446004,
        5.86173809086884, 1.12331266172644], [-0.967697994916453, 1.12331266172644,
        2.37222594589694]],
      "random": [{"name": "Worker", "group": "Worker", "levels": 6, "columns": ["(Intercept)",
        "MachineB", "MachineC"], "sd": [4.07911257292993, 5.87826748589653, 3.69011595561925],
        "corr": [[1, 0.483874332658255, -0.365256610426212], [0.483874332658255, 1,
        0.296506898260434], [-0.365256610426212, 0.296506898260434, 1]], "cov": [[16.639159382635,
        11.6023943014945, -5.49798801476599], [11.6023943014945, 34.5540286357483,
        6.43167601562538], [-5.49798801476599, 6.43167601562538, 13.6169557659158]]}],
      "singular": false,
      "residuals": [-2.39356985373932, -0.513773443875822, 0.0269393503813865, 0.472515788257657,
        2.53337749370553]
      }
      """#,
    text: #"""
      Linear mixed model fit by REML ['lmerMod']
      Formula: score ~ Machine + (Machine | Worker)
         Data: machines

      REML criterion at convergence: 208.3

      Scaled residuals:
           Min       1Q   Median       3Q      Max
      -2.39357 -0.51377  0.02694  0.47252  2.53338

      Random effects:
       Groups   Name        Variance Std.Dev. Corr
       Worker   (Intercept) 16.6392  4.0791
                MachineB    34.5540  5.8783    0.48
                MachineC    13.6170  3.6901   -0.37  0.30
       Residual              0.9246  0.9616
      Number of obs: 54, groups:  Worker, 6

      Fixed effects:
                  Estimate Std. Error t value
      (Intercept)   52.356      1.681  31.152
      MachineB       7.967      2.421   3.291
      MachineC      13.917      1.540   9.036

      Correlation of Fixed Effects:
               (Intr) MachnB
      MachineB  0.463
      MachineC -0.374  0.301
      """#)
}
