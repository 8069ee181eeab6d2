// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import NumericalMethods
import TestSupport
import Testing

@Suite struct `Equations of related levels without their factor` {
  private static let small = SimulatedPedigree(generations: 4, size: 50)
  private static let large = SimulatedPedigree(generations: 6, size: 300)
  private static let sixteen = MatrixFreeAccuracy(probes: 16)
  /// Short columns, so that much is left.
  private static let limit = 4

  private struct Case: CustomTestStringConvertible {
    let formula: String
    var factors = ["animal"]
    var testDescription: String { formula }
  }

  private static let cases = [
    Case(formula: "y ~ x + (1 | animal)"),
    Case(formula: "y ~ x + (x | animal) + (1 | herd)"),
    Case(formula: "y ~ 1 + (1 | animal) + (1 | dam)", factors: ["animal", "dam"]),
  ]

  @Test(arguments: cases, [CriterionKind.reml, .ml])
  private func `are the whole system's where nothing is left to chance`(
    design: Case, kind: CriterionKind
  ) throws {
    let model = try Self.small.model(design.formula, design.factors, kind)
    for φ in [1, 2, 4].map({ model.trials[$0] }) {
      let whole = try EquationsAnswers.whole(model, kind, φ)
      let accuracy = MatrixFreeAccuracy(probes: 4096)
      for limit in [0, Self.limit, 1000] {
        let equations = try RelatedEquations(model, accuracy: accuracy, limit: limit, threads: 2)
        let answers = try EquationsAnswers(model, kind, φ, equations)
        #expect(abs(answers.criterion - whole.criterion) < 1e-10 * abs(whole.criterion), "\(limit), \(φ)")
        expectClose(answers.u, whole.u, 1e-8, "u at \(φ)")
        expectClose(answers.β, whole.β, 1e-8, "β at \(φ)")
        expectClose(answers.covariance.storage, whole.covariance.storage, 1e-9, "Cov β at \(φ)")
        for (a, b) in zip(answers.conditional, whole.conditional) { expectClose(a, b, 1e-9, "Var u at \(φ)") }
        let exact = try Criterion(model, kind, WholeEquations(model)).valueAndGradient(φ).gradient
        let gradient = try Criterion(model, kind, equations).valueAndGradient(φ).gradient
        expectClose(gradient, exact, 1e-8, "gradient at \(φ)")
      }
    }
  }

  private func expectClose(_ a: [Double], _ b: [Double], _ tolerance: Double, _ what: String) {
    #expect(a.count == b.count)
    let scale = max(b.reduce(0) { max($0, abs($1)) }, 1e-3)
    let error = zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(error <= tolerance * scale, "\(what)")
  }

  @Test(arguments: cases)
  private func `have the gradient of the estimate with its own probes`(design: Case) throws {
    let model = try Self.large.model(design.formula, design.factors)
    let equations = try RelatedEquations(model, accuracy: Self.sixteen, limit: Self.limit, threads: 2)
    let criterion = Criterion(model, .reml, equations)
    let φ = model.covariance.identity.enumerated().map { 0.6 * $1 + 0.05 * Double($0 % 2) }
    let gradient = try criterion.valueAndGradient(φ).gradient
    #expect(try #require(criterion.standardError) > 1e-3)
    let scale = max(1, gradient.reduce(0) { max($0, abs($1)) })
    for k in φ.indices {
      func at(_ step: Double) throws -> Double {
        var moved = φ
        moved[k] += step
        return try criterion.value(moved)
      }
      let h = 1e-3
      let slope = (8 * (try at(h) - at(-h)) - (try at(2 * h) - at(-2 * h))) / (12 * h)
      #expect(abs(gradient[k] - slope) <= 1e-6 * scale, "θ \(k): \(gradient[k]), \(slope)")
    }
  }

  @Test func `state an honest error`() throws {
    let model = try Self.large.model("y ~ x + (1 | animal)")
    let φ = [0.7]
    let truth = try Criterion(model, .reml, WholeEquations(model)).value(φ)
    var (covered, squares) = (0, 0.0)
    let count = 40
    for seed in 1...count {
      var accuracy = Self.sixteen
      accuracy.seed = UInt64(seed)
      let estimate = Criterion(
        model, .reml,
        try RelatedEquations(model, accuracy: accuracy, limit: Self.limit, threads: 1))
      let value = try estimate.value(φ)
      let error = try #require(estimate.standardError)
      if abs(value - truth) <= 1.96 * error { covered += 1 }
      let ratio: Double = (value - truth) / error
      squares += ratio * ratio
    }
    // Student's t with 15 degrees of freedom: 93 %, variance 1.15; three standard errors around.
    #expect((32...40).contains(covered), "\(covered)")
    let mean = squares / Double(count)
    #expect(mean > 0.4 && mean < 2, "\(mean)")
  }

  @Test func `state the error of conditional variances`() throws {
    let model = try Self.large.model("y ~ x + (1 | animal)")
    let φ = [0.7]
    let exact = try EquationsAnswers.whole(model, .reml, φ).conditional[0]
    let equations = try RelatedEquations(model, accuracy: Self.sixteen, limit: Self.limit, threads: 2)
    let criterion = Criterion(model, .reml, equations)
    let value = try criterion.value(φ)
    let estimate = try equations.conditionalCovariances()[0]
    let stated = try #require(equations.description.conditionalErrors)[0]
    let squares = zip(estimate, exact).reduce(0) { $0 + pow($1.0 / $1.1 - 1, 2) }
    let error = (squares / Double(exact.count)).squareRoot()
    #expect(error < 0.03)
    #expect((0.6...1.6).contains(error / stated), "\(error), stated \(stated)")
    #expect(try criterion.value(φ) == value)
  }

  @Test func `do not depend on the number of threads`() throws {
    let model = try Self.large.model("y ~ x + (1 | animal) + (1 | herd)")
    let answers = try [1, 2, 5].map { threads in
      let equations = try RelatedEquations(
        model, accuracy: Self.sixteen, limit: Self.limit, threads: threads)
      let (value, gradient) = try Criterion(model, .reml, equations).valueAndGradient([0.7, 0.2])
      return [value] + gradient + equations.solution().u
    }
    #expect(Set(answers).count == 1)
  }

  @Test func `take more probes where the error is to be smaller`() throws {
    let model = try Self.large.model("y ~ x + (1 | animal)")
    func outcome(_ accuracy: MatrixFreeAccuracy) throws -> SolverSummary {
      let equations = try RelatedEquations(model, accuracy: accuracy, limit: Self.limit, threads: 2)
      let criterion = Criterion(model, .reml, equations)
      _ = try criterion.value([0.7])
      try criterion.refine()
      return equations.description
    }
    let error = try #require(try outcome(Self.sixteen).criterionStandardError)
    let less = try outcome(MatrixFreeAccuracy(standardError: 0.6 * error))
    #expect(try #require(less.criterionStandardError) <= 0.6 * error)
    #expect(try #require(less.probes) > 16)
  }

  /// The default limit leaves fewer levels than are written out, so that the fit is exact.
  @Test func `fit as the whole system does`() throws {
    var options = try Self.large.options()
    options.solver = "matrix-free"
    let free = try Fit(Formula("y ~ x + (1 | animal)"), data: [Self.large.source], options: options)
    options.solver = "cholmod"
    let exact = try Fit(Formula("y ~ x + (1 | animal)"), data: [Self.large.source], options: options)
    #expect(free.solver.strategy == "matrix-free" && exact.solver.strategy == "cholmod")
    #expect(free.solver.leadingTerm == nil)
    #expect(abs(free.criterion - exact.criterion) < 1e-8 * exact.criterion)
    let (a, b) = (free.fixedEffects[1], exact.fixedEffects[1])
    #expect(abs(a.degreesOfFreedom! / b.degreesOfFreedom! - 1) < 1e-4)
    #expect(abs(a.standardError! / b.standardError! - 1) < 1e-6)
  }

  @Test func `are compared with the whole system's`() throws {
    let model = try Self.large.model("y ~ x + (1 | animal)")
    let plan = try EquationsPlan(model, solver: "auto", threads: 2, compares: true)
    #expect(Set(plan.estimates.map(\.strategy)) == [.whole, .matrixFree])
    #expect(throws: FitError.self) { try EquationsPlan(model, solver: "absorb", threads: 2) }
  }

  /// Herds are absorbed, and the core, of animals, is sparse or, of few, dense.
  @Test(arguments: [CriterionKind.reml, .ml], [4, 0])
  func `stay in the core of other levels that are absorbed`(kind: CriterionKind, generations: Int) throws {
    let few = SimulatedPedigree(generations: 3, size: 12, seed: 5)
    let table = generations == 0 ? few : Self.small
    let model = try table.model("y ~ x + (1 + x | animal) + (1 | herd)", ["animal"], kind)
    let herds = try #require(model.groups.firstIndex { $0.levelCount <= 20 })
    let layout = try CoreLayout(model, absorbing: herds)
    for φ in [1, 2, 4].map({ model.trials[$0] }) {
      let whole = try EquationsAnswers.whole(model, kind, φ)
      let answers = try EquationsAnswers.absorbed(model, kind, φ, layout)
      #expect(abs(answers.criterion - whole.criterion) < 1e-10 * abs(whole.criterion), "\(φ)")
      expectClose(answers.u, whole.u, 1e-9, "u at \(φ)")
      expectClose(answers.β, whole.β, 1e-9, "β at \(φ)")
      for (a, b) in zip(answers.conditional, whole.conditional) { expectClose(a, b, 1e-9, "Var u at \(φ)") }
      let exact = try Criterion(model, kind, WholeEquations(model)).valueAndGradient(φ).gradient
      let gradient = try Criterion(
        model, kind, AbsorbedEquations(model, layout, threads: 2)
      ).valueAndGradient(φ).gradient
      expectClose(gradient, exact, 1e-8, "gradient at \(φ)")
    }
  }

  @Test func `are absorbed by a fit that asks for it`() throws {
    var options = try Self.small.options()
    options.solver = "absorb"
    let formula = try Formula("y ~ x + (1 | animal) + (1 | herd)")
    let absorbed = try Fit(formula, data: [Self.small.source], options: options)
    options.solver = "cholmod"
    let whole = try Fit(formula, data: [Self.small.source], options: options)
    #expect(absorbed.solver.strategy == "absorbed" && absorbed.solver.leadingTerm == "herd")
    #expect(abs(absorbed.criterion - whole.criterion) < 1e-8 * whole.criterion)
  }
}
