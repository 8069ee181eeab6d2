// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Reports
import TestSupport
import Testing

/// What a model of repeated measures would take.
@Suite struct `Plans of repeated measures` {
  @Test func `say subjects, visits, patterns and parameters`() throws {
    var options = FitOptions()
    options.residual = try ResidualTerm("us(week | arm/patient)")
    options.reading.categoricalColumns = ["week"]
    let formula = try Formula("change ~ baseline + arm * week")
    let file = Files.data("trial.csv")
    let plan = try ModelPlan(formula, from: ModelInput(arguments: [file]), options: options)
    let fit = try Fit(formula, data: [.file(file)], options: options)
    let residual = try #require(fit.residual)
    let subjects = try #require(plan.subjects)
    #expect(subjects.count == residual.subjects && subjects.patterns == residual.patterns)
    #expect(subjects.parameters == residual.parameterCount && subjects.visits == 4)
    #expect(plan.observations == fit.observations && plan.fixedEffectCount == fit.fixedEffects.count)
    #expect(plan.strategies.map(\.name) == ["patterns"] && plan.strategies[0].seconds > 0)
    let page = plan.report().text(as: .summary)
    #expect(page.contains("patterns of visits: \(subjects.patterns)"), "\(page)")
    // Such models are of rows.
    options.residual = try ResidualTerm("us(week | nobody)")
    #expect(throws: (any Error).self) {
      try ModelPlan(formula, from: ModelInput(arguments: [file]), options: options)
    }
  }
}
