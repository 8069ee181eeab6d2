// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Effects of which every row has one of its own: where they are correlated they may take the place of the
/// residuals, whose variance is then zero, or stand beside them.
@Suite struct `Effects in the place of residuals` {
  /// One row for every effect, and nothing beside the autoregression.
  @Test func `where effects take the place of residuals it is said`() throws {
    var random = SplitMix64(seed: 11)
    var text = "y,t,g\n"
    for g in 0..<12 {
      var y = random.normal()
      for t in 0..<5 {
        y = 0.8 * y + 0.6 * random.normal()
        text += "\(y),\(t),g\(g)\n"
      }
    }
    let term = "ar1(factor(t)0, factor(t)1, factor(t)2, factor(t)3, factor(t)4 | g)"
    #expect(throws: FitError.noResidual(beside: term)) {
      try Fit(
        Formula("y ~ 1 + ar1(0 + factor(t) | g)"),
        data: [.bytes(Array(text.utf8), name: "walk")])
    }
  }

  /// By dense equations in NumPy the criterion falls from 182.592482058 at sd = 1042 σ, where a search ended, to
  /// 182.592481947 at 4293 σ and on.
  @Test(arguments: [(1, false), (1e-12, true)])
  func `wherever the search ends on the way`(unit: Double, isReversed: Bool) throws {
    let rows = """
      0 15 1 -1.8158, 0 2 2 -1.8889, 3 16 0 -0.9563, 1 10 4 -0.9725, 3 10 1 -0.464, 0 12 1 0.1077, \
      1 2 3 -1.6796, 0 14 2 -4.472, 2 4 0 0.571, 1 8 2 -4.5442, 0 13 1 1.314, 2 8 2 -2.1139, \
      3 0 0 -0.2518, 3 11 2 -2.5005, 2 11 2 -2.5257, 2 15 0 -1.0053, 0 7 1 -2.7664, 2 6 4 -3.4132, \
      0 5 4 0.8243, 3 6 0 -1.7995, 2 2 1 -1.6689, 2 9 3 2.7743, 1 6 4 0.2667, 3 12 3 0.4563, \
      3 13 4 -1.3846, 1 1 2 -2.3877, 0 4 0 0.1324, 1 5 1 -1.5706, 0 16 3 2.4457, 2 13 0 0.9129, \
      1 11 3 1.0082, 2 14 3 1.0754, 3 5 3 -0.0712, 2 3 0 -1.5095, 3 4 4 -2.0483, 3 7 1 -0.1102, \
      0 1 3 2.0083, 0 6 1 0.9849, 1 12 1 -1.4413, 2 7 4 -0.2507, 0 11 2 -5.3055, 0 10 4 -0.0635, \
      0 3 3 2.4684, 1 9 4 -2.3507, 1 15 4 -2.475, 2 12 1 -2.6226, 0 9 0 -1.3567, 2 16 2 -3.6314, \
      0 0 4 -2.4711, 2 10 4 -2.7651, 3 1 2 -2.5753
      """
    var lines = rows.split(separator: ", ").map { row in
      let cells = row.split(separator: " ")
      return "s\(cells[0]),\(cells[1]),i\(cells[2]),\(unit * Double(cells[3])!)"
    }
    if isReversed { lines.reverse() }
    var options = FitOptions()
    options.criterion = .ml
    options.start = [1154, -0.113, 1198]
    #expect(throws: FitError.noResidual(beside: "id:ar1((Intercept) | s:t)")) {
      try Fit(
        Formula("y ~ 1 + s:ar1(t) + (1 | h)"),
        data: [.bytes(Array("s,t,h,y\n\(lines.joined(separator: "\n"))\n".utf8), name: "days")],
        options: options)
    }
  }

  /// A process seen with little error: dense REML by NumPy, in which sd = 94 σ is worse by 0.0067 only.
  @Test func `residuals that are small beside the effects are estimated`() throws {
    var random = SplitMix64(seed: 13)
    var (text, state) = ("t,y\n", 0.0)
    for t in 0..<300 {
      state = 0.9 * state + random.normal()
      text += "\(t),\(state + 0.1 * random.normal())\n"
    }
    let fit = try Fit(Formula("y ~ 1 + ar1(t)"), data: [.bytes(Array(text.utf8), name: "process")])
    #expect(fit.convergence.converged)
    #expect(abs(fit.criterion - 833.9919193) < 1e-6)
    #expect(abs(fit.theta.values[0] - 23.5629) < 1e-3)
    #expect(abs(fit.theta.values[1] - 0.8623646) < 1e-6)
  }
}
