// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Studies
import Testing

@Suite struct `The choice between exact and matrix-free equations` {
  private func model(_ workload: String, rows: Int, levels: [String: Int]) throws
    -> LinearMixedModel
  {
    let design = try simulatedDesign(workload, rows: rows, levels: levels)
    return try LinearMixedModel(
      Formula(design.formula), data: [design.table()], options: FitOptions())
  }

  private static let wellConnected = ["user": 2600, "item": 2200]

  @Test func `a full core gives way to probes where it costs much more`() throws {
    let model = try model("ratings100k", rows: 200_000, levels: Self.wellConnected)
    let plan = try EquationsPlan(model, threads: 2, compares: true)
    let exact = try #require(plan.estimates.first { $0.strategy == .absorbed })
    let probes = try #require(plan.estimates.first { $0.strategy == .matrixFree })
    #expect(exact.seconds > 3 * probes.seconds)
    #expect(plan.chosen.strategy == .matrixFree)
    #expect(try EquationsPlan(model, solver: "exact", threads: 2).chosen.strategy == .absorbed)
    // A hundred times the probes are no bargain.
    let fine = try EquationsPlan(model, accuracy: 2e-4, threads: 2)
    #expect(fine.chosen.strategy == .absorbed)
  }

  /// A choice that leads to other steps, or other equations, leads to other digits.
  @Test(arguments: ["ratings100k", "threecrossed1m"])
  func `the number of threads changes no choice`(workload: String) throws {
    let levels = workload == "ratings100k" ? Self.wellConnected : ["student": 9000, "teacher": 600, "item": 500]
    for rows in [20_000, 90_000, 200_000] {
      let model = try model(workload, rows: rows, levels: levels)
      let plans = try [1, 2, 64].map { try EquationsPlan(model, threads: $0).chosen }
      for plan in plans {
        #expect(plan.strategy == plans[0].strategy && plan.leading == plans[0].leading)
        #expect(plan.isDense == plans[0].isDense && plan.isExpensive == plans[0].isExpensive)
        #expect(plan.seconds <= plans[0].seconds)
      }
    }
  }

  /// Every user rates every item: but for the vector that is constant on the items, the scaled core has one
  /// eigenvalue.
  @Test func `the ends of a spectrum are found`() throws {
    let (users, items, ratio) = (40.0, 30.0, 0.25)
    var text = "y,user,item\n"
    for user in 0..<40 { for item in 0..<30 { text += "\(user * item % 7),\(user),i\(item)\n" } }
    let model = try LinearMixedModel(
      Formula("y ~ 1 + (1 | user) + (1 | item)"), data: [.bytes(Array(text.utf8), name: "all.csv")],
      options: FitOptions())
    let leading = try #require(model.groups.firstIndex { $0.levelCount == 40 })
    let spectrum = CoreSpectrum(model, leading: leading, deflates: false)
    let pivot = users + ratio - users / (items + ratio)
    #expect(abs(spectrum.greatest - (users + ratio) / pivot) < 1e-9)
    #expect(abs(spectrum.least - (users + ratio - users * items / (items + ratio)) / pivot) < 1e-9)
    let rest = CoreSpectrum(model, leading: leading, deflates: true)
    #expect(abs(rest.condition - 1) < 1e-9)
    #expect(spectrum.solverSteps(tolerance: 1e-10) > rest.solverSteps(tolerance: 1e-10))
  }

  @Test func `what exact equations cannot hold is estimated`() throws {
    let model = try model("ratings100k", rows: 200_000, levels: Self.wellConnected)
    let probes = try EquationsPlan(model, solver: "matrix-free", threads: 2, memory: 0).chosen
    let memory = probes.bytes * 5 / 4
    let plan = try EquationsPlan(model, accuracy: 1e-6, threads: 2, memory: memory)
    #expect(plan.chosen.strategy == .matrixFree)
    for solver in ["absorb", "exact"] {
      #expect(throws: FitError.self) {
        try EquationsPlan(model, solver: solver, threads: 2, memory: memory)
      }
    }
  }

  @Test func `a graph that hardly hangs together is factored`() throws {
    let model = try model("labour1m", rows: 100_000, levels: ["worker": 20_000, "firm": 2000])
    #expect(try EquationsPlan(model, threads: 2).chosen.strategy != .matrixFree)
  }

  /// Its exact factor has 40 nonzeros a plot, and is found in no time, however much is left when plots with
  /// few neighbours are gone.
  @Test func `a field of ten thousand plots is factored`() throws {
    var text = "row,col,y\n"
    for k in 0..<10_000 { text += "\(k / 100),\(k % 100),\((k * 37) % 101 + (k / 700) % 5)\n" }
    let model = try LinearMixedModel(
      Formula("y ~ 1 + ar1(row):ar1(col)"), data: [.bytes(Array(text.utf8), name: "field.csv")],
      options: FitOptions())
    let plan = try EquationsPlan(model, threads: 2)
    #expect(plan.chosen.strategy == .whole)
    #expect(plan.chosen.factorNonzeros < 500_000)
  }

  @Test func `vectors of a core that is written out are its own only`() throws {
    // Workers who are at few firms, and users who see many items.
    let rare = try model("labour1m", rows: 60_000, levels: ["worker": 20_000, "firm": 2000])
    let often = try model("ratings100k", rows: 60_000, levels: ["user": 3000, "item": 2000])
    let bytes = try [rare, often].map { model in
      try EquationsPlan(model, solver: "matrix-free", threads: 2, memory: 0).chosen.bytes
    }
    let vector = 64 * 2000
    #expect(bytes[0] < 80 * vector + 200 * 20_000 && bytes[0] > 60 * vector)
    #expect(bytes[1] > 60 * 2 * vector)
  }

  @Test func `small models are always fitted exactly`() throws {
    for design in SimulatedDesign.all {
      let plan = try EquationsPlan(design.model(), threads: 2)
      #expect(plan.chosen.strategy != .matrixFree, "\(design)")
    }
  }

  @Test func `a lower bound of an exact strategy is one`() throws {
    let model = try model("ratings100k", rows: 60_000, levels: ["user": 1500, "item": 900])
    let bound = StrategyEstimate(
      whole: CoreSample(model, leading: 0), model, threads: 1)
    let whole = try EquationsPlan(model, solver: "cholmod", threads: 1).chosen
    #expect(bound.isBound && !whole.isBound)
    #expect(bound.factorNonzeros <= whole.factorNonzeros)
    #expect(bound.flops <= whole.flops)
    #expect(bound.factorNonzeros > whole.factorNonzeros / 20)
  }

  @Test func `the sample of a core agrees with its counts`() throws {
    let model = try model("ratings100k", rows: 60_000, levels: ["user": 1500, "item": 900])
    let sample = CoreSample(model, leading: 0)
    let layout = try CoreLayout(model, absorbing: 0)
    #expect(sample.size == model.randomEffectCount - 1500 - layout.leafCount)
    let plan = try EquationsPlan(model, solver: "absorb", threads: 1)
    let exact = try #require(plan.estimates.first { $0.strategy == .absorbed && $0.leading == 0 })
    #expect(abs(sample.density - exact.coreDensity) < 0.1)
  }

  @Test func `a choice that fails gives way to an exact strategy, and says so`() throws {
    // More probes than expected are needed here.
    let design = try simulatedDesign(
      "ratings100k", rows: 150_000, levels: ["user": 3600, "item": 3200])
    let data = [design.table()]
    var options = FitOptions()
    options.accuracy = 0.0014
    let model = try LinearMixedModel(Formula(design.formula), data: data, options: options)
    let plan = try EquationsPlan(model, accuracy: options.accuracy, threads: 2)
    #expect(plan.chosen.strategy == .matrixFree)
    let fit = try Fit(Formula(design.formula), data: data, options: options)
    #expect(fit.solver.strategy == "absorbed")
    #expect(fit.solver.criterionStandardError == nil)
    #expect(fit.solver.plan.first?.contains("given up") == true)
  }
}
