// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods
import Testing

@Suite struct `Absorbed equations` {
  @Test(arguments: SimulatedDesign.all)
  func `agree with the whole system on simulated models`(design: SimulatedDesign) throws {
    let model = try design.model()
    for φ in model.trials { try expectAgreement(model, design.criterion, φ) }
  }

  @Test(arguments: ReferenceFit.all)
  func `agree with the whole system on reference models`(reference: ReferenceFit) throws {
    let model = try LinearMixedModel(
      Formula(reference.formula), data: [reference.source], options: reference.options)
    let isLarge = model.randomEffectCount > 2000
    for φ in isLarge ? Array(model.trials.prefix(2)) : model.trials {
      try expectAgreement(model, reference.options.criterion, φ)
    }
  }

  @Test(arguments: SimulatedDesign.withLeaves)
  func `agree whichever group is absorbed`(design: SimulatedDesign) throws {
    let model = try design.model()
    var leaves = 0
    for group in 0..<2 {
      let layout = try CoreLayout(model, absorbing: group)
      leaves += layout.leafCount
      for φ in model.trials { try expectAgreement(model, design.criterion, φ, layout) }
    }
    #expect(leaves > 10)
  }

  @Test(arguments: SimulatedDesign.all)
  func `do not depend on the number of threads`(design: SimulatedDesign) throws {
    let model = try design.model()
    let layout = try model.absorbed()
    let φ = model.trials[2]
    let one = try EquationsAnswers.absorbed(model, design.criterion, φ, threads: 1, layout)
    for threads in [2, 3, 8] {
      let many = try EquationsAnswers.absorbed(model, design.criterion, φ, threads: threads, layout)
      #expect(one == many)
    }
  }

  @Test(arguments: SimulatedDesign.all)
  func `can be updated again and again, in any order`(design: SimulatedDesign) throws {
    let model = try design.model()
    let criterion = Criterion(
      model, design.criterion, try AbsorbedEquations(model, model.absorbed(), threads: 2))
    let first = try model.trials.map { try criterion.value($0) }
    let second = try model.trials.reversed().map { try criterion.value($0) }
    #expect(first == second.reversed())
  }

  @Test(arguments: ["y ~ x + (z | a)", "y ~ x + (z | a) + (1 | b)", "y ~ x + (z | o/a)"])
  func `are not fooled by what is not finite`(formula: String) throws {
    let model = try SimulatedDesign(formula: formula, rows: 3000, levels: (60, 50, 2)).model()
    let criterion = Criterion(
      model, .reml, try AbsorbedEquations(model, model.absorbed(), threads: 2))
    let sound = try criterion.value(model.covariance.identity)
    for value in [Double.nan, .infinity, 1e200] {
      for k in model.covariance.identity.indices {
        var φ = model.covariance.identity
        φ[k] = value
        #expect(throws: CholmodError.self) { try criterion.value(φ) }
      }
    }
    #expect(try criterion.value(model.covariance.identity) == sound)
  }

  private func expectAgreement(
    _ model: LinearMixedModel, _ kind: CriterionKind, _ φ: [Double], _ layout: CoreLayout? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let whole = try EquationsAnswers.whole(model, kind, φ)
    let absorbed = try EquationsAnswers.absorbed(model, kind, φ, threads: 2, layout)
    let tolerance = 1e-10
    #expect(
      abs(whole.criterion - absorbed.criterion) <= tolerance * max(1, abs(whole.criterion)),
      "\(φ)", sourceLocation: sourceLocation)
    func expectClose(_ a: [Double], _ b: [Double], _ what: String, least: Double = 1e-6) {
      #expect(a.count == b.count, sourceLocation: sourceLocation)
      let size = max(a.reduce(0) { max($0, abs($1)) }, least)
      let worst = zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(worst <= tolerance * size, "\(what) at \(φ)", sourceLocation: sourceLocation)
    }
    expectClose(whole.u, absorbed.u, "u")
    // In balanced data β does not depend on φ: here it is what is to be added to least squares, so
    // zero but for rounding.
    let error = (whole.covariance.diagonal.max() ?? 0).squareRoot()
    expectClose(whole.β, absorbed.β, "β", least: 0.01 * error)
    expectClose(whole.covariance.storage, absorbed.covariance.storage, "covariance of β")
    for (a, b) in zip(whole.conditional, absorbed.conditional) {
      expectClose(a, b, "conditional covariances")
    }
  }
}
