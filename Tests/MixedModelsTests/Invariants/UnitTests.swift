// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import ModelFrames
import Testing

import MixedModels

/// What is measured in other units, level by level or row by row, is the same model.
@Suite struct Units {
  let table = SimulatedTable()

  /// A level's rows of y and x in a unit of their own, with weights for the residuals' unit.
  @Test(arguments: [1e3, 1e6, 1e12])
  func `levels may have units of their own`(unit: Double) throws {
    func source(_ unit: Double) -> DataSource {
      var text = "y,x,g,w\n"
      for row in table.rows {
        let c = row.g.hasSuffix("2") || row.g.hasSuffix("5") ? unit : 1 / unit
        text += "\(c * row.y),\(c * row.x),\(row.g),\(row.w / (c * c))\n"
      }
      return .bytes(Array(text.utf8), name: "units.csv")
    }
    var options = FitOptions()
    options.weights = "w"
    let formula = try Formula("y ~ 0 + x + (0 + x | g)")
    let base = try Fit(formula, data: [source(1)], options: options)
    let moved = try Fit(formula, data: [source(unit)], options: options)
    for (a, b) in zip(base.fixedEffects, moved.fixedEffects) {
      #expect(abs(b.estimate! - a.estimate!) < 1e-6 * a.standardError!)
      #expect(abs(b.standardError! / a.standardError! - 1) < 1e-6)
      #expect(abs(b.degreesOfFreedom! / a.degreesOfFreedom! - 1) < 1e-5)
    }
    #expect(abs(moved.sigma / base.sigma - 1) < 1e-6)
    #expect(abs(moved.theta.values[0] / base.theta.values[0] - 1) < 1e-6)
    #expect(moved.convergence.messages == base.convergence.messages)
  }

  @Test(arguments: [1e-12, 1e-3, 100, 1e12])
  func `shares of variance are those without weights where all weights are alike`(
    weight: Double
  ) throws {
    var weighted = table
    for i in weighted.rows.indices { weighted.rows[i].w = weight }
    var options = FitOptions()
    let formula = try Formula("y ~ x + f + (x | g) + (1 | h)")
    let plain = try FittedModel(formula, data: [table.source()], options: options)
      .varianceExplained()
    options.weights = "w"
    let other = try FittedModel(formula, data: [weighted.source()], options: options)
      .varianceExplained()
    #expect(abs(other.marginalR² - plain.marginalR²) < 1e-7)
    #expect(abs(other.conditionalR² - plain.conditionalR²) < 1e-7)
    for (a, b) in zip(plain.correlations, other.correlations) {
      #expect(abs(a.adjusted - b.adjusted) < 1e-7 && abs(a.unadjusted - b.unadjusted) < 1e-7)
    }
  }
}
