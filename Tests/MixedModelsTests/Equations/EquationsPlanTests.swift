// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

@Suite struct `The plan of the equations` {
  @Test func `one grouping factor is absorbed and leaves no core`() throws {
    let model = try SimulatedDesign(formula: "y ~ x + (z | a)").model()
    let plan = try EquationsPlan(model, threads: 2)
    #expect(plan.chosen.leading == 0)
    #expect(plan.chosen.coreSize == 0)
  }

  @Test func `the larger of two crossed factors is absorbed`() throws {
    let design = SimulatedDesign(formula: "y ~ x + (x | b) + (z | a)", levels: (30, 12, 2))
    let plan = try EquationsPlan(design.model(), threads: 2)
    #expect(plan.chosen.coreSize == 24)
    #expect(plan.chosen.isDense)
  }

  @Test func `the core of nested factors is sparse`() throws {
    let design = SimulatedDesign(
      formula: "y ~ x + (1 | a:b) + (x | a)", rows: 3000, levels: (300, 6, 2))
    let plan = try EquationsPlan(design.model(), threads: 2)
    #expect(plan.chosen.leading != nil)
    #expect(!plan.chosen.isDense)
    #expect(plan.chosen.coreDensity < 0.05)
  }

  @Test func `the solver asked for is taken`() throws {
    let model = try SimulatedDesign(formula: "y ~ x + (z | a) + (1 | b)").model()
    #expect(try EquationsPlan(model, solver: "cholmod", threads: 1).chosen.leading == nil)
    #expect(try EquationsPlan(model, solver: "absorb", threads: 1).chosen.leading != nil)
    #expect(throws: FitError.unknownSolver("lu")) {
      try EquationsPlan(model, solver: "lu", threads: 1)
    }
  }

  @Test func `all strategies are compared on request, the cheapest first`() throws {
    let model = try SimulatedDesign(formula: "y ~ x + (1 | a) + (1 | b)").model()
    let plan = try EquationsPlan(model, threads: 2, compares: true)
    for strategy: StrategyEstimate.Strategy in [.whole, .absorbed, .matrixFree] {
      #expect(plan.estimates.contains { $0.strategy == strategy })
    }
    let seconds = plan.estimates.map(\.seconds)
    #expect(seconds == seconds.sorted())
    #expect(plan.estimates.allSatisfy { $0.flops > 0 && $0.bytes > 0 })
    #expect(
      plan.estimates.allSatisfy { ($0.factorNonzeros > 0) == ($0.strategy != .matrixFree) })
  }

  @Test func `the whole system's nonzeros are those of its factor`() throws {
    let model = try SimulatedDesign(formula: "y ~ x + (1 | a) + (1 | b)").model()
    let plan = try EquationsPlan(model, solver: "cholmod", threads: 1)
    let equations = try WholeEquations(model)
    #expect(plan.chosen.factorNonzeros == equations.description.factorNonzeros)
  }

  @Test(arguments: ["auto", "absorb", "cholmod"])
  func `what does not fit in memory is refused`(solver: String) throws {
    let model = try SimulatedDesign(
      formula: "y ~ x + (1 | a) + (1 | b)", rows: 6000, levels: (400, 260, 2)
    ).model()
    let error = #expect(throws: FitError.self) {
      try EquationsPlan(model, solver: solver, threads: 2, memory: 100_000)
    }
    guard case .outOfMemory(let needed, 100_000, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(needed > 90_000)
    #expect(error?.description.contains("memory") == true)
  }

  @Test func `a refusal says what is to be factored and what would fit`() throws {
    let model = try SimulatedDesign(
      formula: "y ~ x + (1 | a) + (1 | b)", rows: 6000, levels: (400, 260, 2)
    ).model()
    let core = try EquationsPlan(model, threads: 2).chosen.coreSize
    let error = #expect(throws: FitError.self) {
      try EquationsPlan(model, threads: 2, memory: 80_000)
    }
    #expect(error?.description.contains("after absorption \(core) random effects") == true)
    #expect(error?.description.contains("about 94 would fit") == true)
  }

  @Test func `a plan without refusal has estimates of what does not fit`() throws {
    let model = try SimulatedDesign(
      formula: "y ~ x + (1 | a) + (1 | b)", rows: 6000, levels: (400, 260, 2)
    ).model()
    let plan = try EquationsPlan(
      model, threads: 2, memory: 80_000, compares: true, refuses: false)
    #expect(!plan.estimates.isEmpty)
    #expect(plan.estimates.allSatisfy { $0.bytes > 80_000 })
  }

  @Test func `a full core settles the choice`() throws {
    let model = try SimulatedDesign(
      formula: "y ~ x + (1 | a) + (1 | b)", rows: 60_000, levels: (700, 650, 2)
    ).model()
    let plan = try EquationsPlan(model, threads: 2)
    #expect(plan.estimates.map(\.strategy).filter { $0 != .matrixFree } == [.absorbed])
    #expect(plan.chosen.isDense)
    let all = try EquationsPlan(model, threads: 2, compares: true)
    #expect(all.estimates.count == 4)
    #expect(all.chosen.leading == plan.chosen.leading)
  }

  @Test func `a fit says which term was absorbed`() throws {
    let design = SimulatedDesign(formula: "y ~ x + (1 | a) + (1 | b)")
    var options = design.options
    let auto = try Fit(Formula(design.formula), data: [design.source], options: options)
    #expect(auto.solver.strategy == "absorbed")
    #expect(auto.solver.leadingTerm == "a")
    #expect(auto.solver.coreSize == 12)
    options.solver = "cholmod"
    let whole = try Fit(Formula(design.formula), data: [design.source], options: options)
    #expect(whole.solver.strategy == "cholmod")
    #expect(whole.solver.leadingTerm == nil)
    #expect(abs(auto.criterion - whole.criterion) <= 1e-9 * abs(whole.criterion))
  }

  @Test func `levels seen with one partner are no part of the core`() throws {
    // Items i0…i19 were rated by all sixty users, thirty others once each.
    var text = "y,user,item\n"
    var random = SplitMix64(seed: 3)
    for user in 0..<60 {
      for item in 0..<20 { text += "\(random.normal()),u\(user),i\(item)\n" }
      if user % 2 == 0 { text += "\(random.normal()),u\(user),once\(user)\n" }
    }
    let model = try LinearMixedModel(
      Formula("y ~ 1 + (1 | user) + (1 | item)"), data: [.bytes(Array(text.utf8), name: "ratings")],
      options: FitOptions())
    let layouts = try [0, 1].map { try CoreLayout(model, absorbing: $0) }
    #expect(Set(layouts.map(\.leafCount)) == [0, 30])
    let plan = try EquationsPlan(model, solver: "absorb", threads: 1)
    #expect([20, 60].contains(plan.chosen.coreSize))
  }
}
