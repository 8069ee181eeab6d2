// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import Testing

/// Shifting and scaling the response or a covariate changes results as algebra says, and not
/// otherwise.
@Suite struct Equivariance {
  let table = SimulatedTable()

  func fit(_ formula: String, _ source: any TableSource, ml: Bool = false) throws -> Fit {
    var options = FitOptions()
    options.criterion = ml ? .ml : .reml
    return try Fit(Formula(formula), data: [source], options: options)
  }

  /// y ↦ a + c·y: β, SD and σ scale by c, the intercept moves by a, −2ℓ grows by (n − p) log c²
  /// (REML).
  @Test(arguments: [(0.0, 1e-6), (0, 1e6), (-3e5, 1), (1e9, 0.01), (0, 1e-150), (0, 1e150)])
  func `the response`(shift: Double, scale: Double) throws {
    let formula = "y ~ x + f + (x | g) + (1 | h)"
    let base = try fit(formula, table.source())
    let moved = try fit(formula, table.source(y: { shift + scale * $0 }))
    // What is left of y after rounding to double: 1e9 ± 1e-2 has seven digits of residual.
    let digits = max(1e-6, abs(shift).ulp / (scale * base.sigma))
    #expect(abs(moved.sigma / scale - base.sigma) <= 10 * digits * base.sigma)
    for (j, (a, b)) in zip(base.fixedEffects, moved.fixedEffects).enumerated() {
      let expected = a.estimate! * scale + (j == 0 ? shift : 0)
      #expect(
        abs(b.estimate! - expected) <= 10 * digits * scale * a.standardError! + 8
          * abs(expected).ulp)
      #expect(abs(b.standardError! / scale - a.standardError!) <= 10 * digits * a.standardError!)
    }
    let df = Double(base.observations - base.fixedEffectCount)
    let expected = base.criterion + 2 * df * log(scale)
    #expect(
      abs(moved.criterion - expected) <= 1e-7 * max(abs(base.criterion), abs(expected)) + df
        * digits)
    for (a, b) in zip(base.theta.values, moved.theta.values) { #expect(abs(a - b) <= 1e-3) }
  }

  /// x ↦ a + c·x in fixed and random parts: with an intercept everywhere the model is the same.
  @Test(arguments: [(2005.0, 8.0), (1e6, 1), (1e6, 1e3), (0, 1e-6), (-40, 1e9), (1e9, 1)])
  func `a covariate`(shift: Double, scale: Double) throws {
    let formula = "y ~ x + f + (x | g) + (1 | h)"
    let base = try fit(formula, table.source(), ml: true)
    let moved = try fit(formula, table.source(x: { shift + scale * $0 }), ml: true)
    #expect(abs(base.criterion - moved.criterion) <= 1e-6 * abs(base.criterion))
    #expect(abs(base.sigma - moved.sigma) <= 1e-5 * base.sigma)
    let slope = (base.fixedEffects[1], moved.fixedEffects[1])
    #expect(abs(slope.1.estimate! * scale - slope.0.estimate!) <= 1e-4 * slope.0.standardError!)
    #expect(
      abs(slope.1.standardError! * scale - slope.0.standardError!) <= 1e-4 * slope.0.standardError!)
    let sd = (
      base.varianceComponents[0].standardDeviations, moved.varianceComponents[0].standardDeviations
    )
    #expect(abs(sd.1[1] * scale - sd.0[1]) <= 1e-3 * sd.0[1])
    #expect(moved.convergence.isSingular == base.convergence.isSingular)
    #expect(moved.droppedColumns.isEmpty)
  }

  @Test func `a polynomial of the year is the polynomial of the centred year`() throws {
    let base = try fit("y ~ poly(x, 3) + (1 | g)", table.source())
    let years = try fit("y ~ poly(x, 3) + (1 | g)", table.source(x: { 2005 + 8 * $0 }))
    #expect(abs(base.criterion - years.criterion) <= 1e-8 * abs(base.criterion))
    for (a, b) in zip(base.fixedEffects, years.fixedEffects) {
      #expect(abs(a.estimate! - b.estimate!) <= 1e-6 * a.standardError!)
    }
  }

  @Test func `covariates that explain nearly everything leave the residual right`() throws {
    // y = 1e6·x + the model: R² = 1 − 1e-12.
    let base = try fit("y ~ x + (1 | g)", table.source())
    var steep = table
    for i in steep.rows.indices { steep.rows[i].y += 1e6 * steep.rows[i].x }
    let moved = try fit("y ~ x + (1 | g)", steep.source())
    #expect(abs(base.sigma - moved.sigma) <= 1e-6 * base.sigma)
    #expect(abs(base.criterion - moved.criterion) <= 1e-6 * base.criterion)
    let difference = moved.fixedEffects[1].estimate! - 1e6 - base.fixedEffects[1].estimate!
    #expect(abs(difference) <= 1e-4 * base.fixedEffects[1].standardError!)
  }
}
