// SPDX-License-Identifier: GPL-2.0-or-later
import Testing

/// Limits of `confint(lmer(…, REML = FALSE), oldNames = FALSE)`, lme4 1.1-31, where the reference
/// files have none.
struct LimitsByLme4 {
  let name: String
  let low: Double
  let high: Double

  init(_ name: String, _ low: Double, _ high: Double) {
    (self.name, self.low, self.high) = (name, low, high)
  }

  /// Of `Yield ~ 1 + (1 | Batch)`, dyestuff2.
  static let dyestuff2 = [
    LimitsByLme4("sd_(Intercept)|Batch", 0, 2.08404349),
    LimitsByLme4("sigma", 2.89283102, 4.81583255),
    // In closed form, the data being balanced; lme4 has 4.31210 to 7.01909, from a spline.
    LimitsByLme4("(Intercept)", 4.31283749, 7.01836251),
  ]
}

/// Models whose terms have several effects.
///
/// Limits of correlations that are not ±1 were found in R by bisection on lme4's own deviance
/// function, minimized by Nelder and Mead's method from several starts with the correlation held.
/// lme4's `confint` has others, by up to 2 % of the width: at its 0.9368 for MachineC.MachineB the
/// deviance has risen by 2.490 only, at its −0.1402 for MachineC.MachineA by 3.900, and at its
/// −0.4196 for subj by 3.801, where it should be 3.841. Its searches end early.
struct VectorValued: Sendable, CustomTestStringConvertible {
  let formula: String
  let data: String
  let factors: Set<String>
  let limits: [LimitsByLme4]

  var testDescription: String { formula }

  static let all = [
    VectorValued(
      formula: "rt ~ cond + (cond | subj) + (cond | item)", data: "crossed_slopes.csv",
      factors: ["subj", "item"],
      limits: [
        LimitsByLme4("sd_(Intercept)|subj", 38.857387345, 74.484479385),
        LimitsByLme4("cor_cond.(Intercept)|subj", -0.422061923, 0.6098418),
        LimitsByLme4("sd_cond|subj", 24.095211565, 72.495840823),
        LimitsByLme4("sd_(Intercept)|item", 27.761804516, 63.674629110),
        LimitsByLme4("cor_cond.(Intercept)|item", -1, 1),
        LimitsByLme4("sd_cond|item", 0, 50.579540382),
        LimitsByLme4("sigma", 70.630578433, 82.738718964),
        LimitsByLme4("(Intercept)", 567.282506096, 629.435877009),
        LimitsByLme4("cond", 21.430380881, 77.071219306),
      ]),
    VectorValued(
      formula: "score ~ Machine + (0 + Machine | Worker)", data: "machines.csv",
      factors: ["Worker", "Machine"],
      limits: [
        LimitsByLme4("sd_MachineA|Worker", 2.266315876, 7.515541036),
        LimitsByLme4("cor_MachineB.MachineA|Worker", 0.237399431, 0.96286211),
        LimitsByLme4("cor_MachineC.MachineA|Worker", -0.133142811, 0.921798271),
        LimitsByLme4("sd_MachineB|Worker", 4.868140401, 15.811698194),
        LimitsByLme4("cor_MachineC.MachineB|Worker", 0.161064315, 0.955511415),
        LimitsByLme4("sd_MachineC|Worker", 2.445557055, 8.079945094),
        LimitsByLme4("sigma", 0.775949083, 1.234965389),
        LimitsByLme4("(Intercept)", 48.796404429, 55.914710855),
        LimitsByLme4("MachineB", 2.840162294, 13.093178849),
        LimitsByLme4("MachineC", 10.655282264, 17.178057320),
      ]),
  ]
}
