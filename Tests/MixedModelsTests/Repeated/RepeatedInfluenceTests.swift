// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// What leaving out a patient would do, the matrix held.
@Suite struct `Influence of subjects` {
  /// NumPy: generalized least squares of all rows but one patient's, with the estimated matrix; and Cook's distance
  /// dᵀXᵀV⁻¹X d / p of the difference d.
  @Test func `is that of fits without them`() throws {
    var options = FitOptions()
    options.residual = try ResidualTerm("us(week | patient)")
    options.reading.categoricalColumns = ["week"]
    let data: [any TableSource] = [.file(Files.data("trial.csv"))]
    let fitted = try FittedModel(
      Formula("change ~ baseline + arm * week"), data: data, options: options)
    let influence = try LinearPredictor(fitted).influence(of: "patient", data)
    #expect(influence.levels.count == 90 && influence.levels.reduce(0) { $0 + $1.rows } == 304)
    let most = try #require(influence.levels.max { $0.cooksDistance < $1.cooksDistance })
    #expect(most.name == "P61" && most.rows == 4)
    #expect(abs(most.cooksDistance - 0.0480194525315814) < 1e-8)
    let changes = [
      -1.3002840800188658, 0.02989982825521731, -0.2593272709823582, -0.03410224341941026, -0.3877173874778199,
      -0.12579506946315178, 0.04556055355688793, 0.3997600928533678, 0.13682683166005294,
    ]
    #expect(distance(most.changes, changes) < 1e-7)
  }
}
