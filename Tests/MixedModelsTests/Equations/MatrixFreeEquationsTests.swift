// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import NumericalMethods
import TestSupport
import Testing

@Suite struct `Matrix-free equations` {
  /// Unit vectors for probes: nothing is left to chance.
  private static let exact = MatrixFreeAccuracy(standardError: 1e-4, probes: 100_000)
  private static let sixteen = MatrixFreeAccuracy(standardError: 1e-4, probes: 16)

  @Test(arguments: SimulatedDesign.crossed.filter { $0.levels.a <= 60 })
  func `agree with the whole system when all unit vectors are probes`(
    design: SimulatedDesign
  ) throws {
    let model = try design.model()
    for leading in leadingGroups(model) {
      for φ in [1, 3, 4].map({ model.trials[$0] }) {
        let whole = try EquationsAnswers.whole(model, design.criterion, φ)
        guard
          let free = try sound(
            φ, model,
            {
              try EquationsAnswers(
                model, design.criterion, φ,
                MatrixFreeEquations(model, leading: leading, accuracy: Self.exact, threads: 2))
            })
        else { continue }
        #expect(
          abs(whole.criterion - free.criterion) <= 1e-10 * max(100, abs(whole.criterion)),
          "\(leading), \(φ)")
        expectClose(whole.u, free.u, "u, \(leading), \(φ)")
        expectClose(
          whole.β, free.β, "β, \(leading), \(φ)",
          least: 0.01 * (whole.covariance.diagonal.max() ?? 0).squareRoot())
        expectClose(
          whole.covariance.storage, free.covariance.storage, "Cov β, \(leading), \(φ)")
        for (a, b) in zip(whole.conditional, free.conditional) {
          expectClose(a, b, "Var u, \(leading), \(φ)")
        }
      }
    }
  }

  @Test(arguments: SimulatedDesign.crossed.filter { $0.levels.a <= 60 })
  func `have the whole system's gradient when all unit vectors are probes`(
    design: SimulatedDesign
  ) throws {
    let model = try design.model()
    for (leading, kind) in zip(leadingGroups(model), [CriterionKind.reml, .ml]) {
      for φ in [1, 3, 4].map({ model.trials[$0] }) {
        let whole = Criterion(model, kind, try WholeEquations(model))
        let reference = try whole.valueAndGradient(φ).gradient
        guard
          let gradient = try sound(
            φ, model,
            {
              let free = Criterion(
                model, kind,
                MatrixFreeEquations(model, leading: leading, accuracy: Self.exact, threads: 2))
              return try free.valueAndGradient(φ).gradient
            })
        else { continue }
        let scale = max(reference.reduce(0) { max($0, abs($1)) }, 1)
        for k in gradient.indices {
          #expect(
            abs(gradient[k] - reference[k]) <= 1e-6 * scale,
            "\(leading), θ \(k) at \(φ): \(gradient[k]), \(reference[k])")
        }
      }
    }
  }

  /// The first group, and the last where the core that it leaves is small.
  private func leadingGroups(_ model: LinearMixedModel) -> [Int] {
    model.randomEffectCount < 150 ? [0, model.groupCount - 1] : [0]
  }

  /// What `answer` gives; nil where variances are hundreds of times the residual's, so that the
  /// equations are too ill-conditioned for conjugate gradients, and are handed back.
  private func sound<Answer>(
    _ φ: [Double], _ model: LinearMixedModel, _ answer: () throws -> Answer
  ) throws -> Answer? {
    do { return try answer() } catch FitError.slowSpectrum {
      #expect(φ == model.trials[3])
      return nil
    }
  }

  @Test(arguments: ReferenceFit.all)
  func `agree with the whole system within the error they state`(reference: ReferenceFit) throws {
    let model = try LinearMixedModel(
      Formula(reference.formula), data: [reference.source], options: reference.options)
    guard model.groupCount > 1 else { return }
    let optimum = model.covariance.working(reference.theta.values)
    let accuracy = 0.01
    for kind in [CriterionKind.reml, .ml] {
      let choice = try EquationsPlan(
        model, solver: "matrix-free", accuracy: accuracy, threads: 2
      ).choice
      let exact = Criterion(model, kind, try WholeEquations(model))
      let estimate = Criterion(
        model, kind, try choice.equations(model, threads: 2))
      _ = try estimate.value(model.covariance.identity)
      try estimate.refine()
      for φ in [optimum, model.trials[1], model.trials[2]] {
        let (value, expected) = (try estimate.value(φ), try exact.value(φ))
        let error = estimate.equations.description.criterionStandardError ?? 0
        #expect(error <= 2 * accuracy)
        #expect(abs(value - expected) <= 4 * error + 1e-9 * abs(expected), "\(kind) at \(φ)")
      }
    }
  }

  /// Sixteen probes for 180 scalars.
  private static let sparse = SimulatedDesign(
    formula: "y ~ x + (1 | a) + (z | b)", rows: 3000, levels: (150, 90, 5))

  @Test(arguments: [false, true])
  func `the gradient is that of the estimate with its own probes`(written: Bool) throws {
    var accuracy = Self.sixteen
    accuracy.writesCore = written
    for design in [
      Self.sparse,
      SimulatedDesign(
        formula: "y ~ x + (z | a) + (1 | b) + (1 | c)", rows: 2000, levels: (120, 80, 40),
        weights: true),
      SimulatedDesign(
        formula: "y ~ x + (z || a) + (z | b)", rows: 900, levels: (300, 40, 5), weights: true),
    ] {
      let model = try design.model()
      let criterion = Criterion(
        model, .reml, MatrixFreeEquations(model, leading: 0, accuracy: accuracy, threads: 2))
      for φ in model.trials.prefix(4) {
        let (value, gradient) = try criterion.valueAndGradient(φ)
        let error = criterion.equations.description.criterionStandardError ?? 0
        #expect(error > (written ? 1e-6 : 1e-4))
        // As many steps as before: a little more exact if others needed more meanwhile.
        #expect(abs(try criterion.value(φ) - value) <= (written ? 1e-10 * abs(value) : 0))
        for k in φ.indices {
          let h = 1e-3 * max(abs(φ[k]), 0.2)
          func at(_ step: Double) throws -> Double {
            var moved = φ
            moved[k] += step
            return try criterion.value(moved)
          }
          let slope =
            (8 * (try at(h) - at(-h)) - (try at(2 * h) - at(-2 * h))) / (12 * h)
          let scale = max(1, gradient.reduce(0) { max($0, abs($1)) })
          #expect(abs(gradient[k] - slope) <= 1e-6 * scale, "θ \(k) at \(φ)")
        }
      }
    }
  }

  @Test(arguments: [false, true])
  func `the error they state is honest`(written: Bool) throws {
    // A few extreme eigenvalues, which nothing deflates where a core is written out, make the error of sixteen
    // probes too uncertain in a core of some hundred scalars; such cores are factored.
    let design =
      written
      ? SimulatedDesign(
        formula: "y ~ x + (1 | a) + (1 | b)", rows: 14_000, levels: (8000, 2000, 5))
      : Self.sparse
    let model = try design.model()
    let φ = model.covariance.identity.map { 0.7 * $0 }
    let exact = Criterion(model, .reml, try WholeEquations(model))
    let truth = try exact.value(φ)
    var (covered, squares) = (0, 0.0)
    for seed in 1...200 {
      var accuracy = Self.sixteen
      (accuracy.seed, accuracy.writesCore) = (UInt64(seed), written)
      let estimate = Criterion(
        model, .reml,
        MatrixFreeEquations(model, leading: 0, accuracy: accuracy, threads: 1))
      let value = try estimate.value(φ)
      let error = try #require(estimate.equations.description.criterionStandardError)
      if abs(value - truth) <= 1.96 * error { covered += 1 }
      squares += (value - truth) * (value - truth) / (error * error)
    }
    // Student's t with 15 degrees of freedom: 93 %, variance 1.15; three standard errors around.
    #expect((176...196).contains(covered), "\(covered)")
    #expect((0.8...1.6).contains(squares / 200), "\(squares / 200)")
  }

  @Test func `a core that is written out gives the operator's answers`() throws {
    for design in SimulatedDesign.crossed {
      let model = try design.model()
      for φ in model.trials.prefix(3) {
        let answers = try [false, true].map { written in
          var accuracy = Self.sixteen
          accuracy.writesCore = written
          let equations = MatrixFreeEquations(model, leading: 0, accuracy: accuracy, threads: 2)
          let criterion = Criterion(model, design.criterion, equations)
          _ = try criterion.value(φ)
          let (u, β) = try equations.solution()
          return (u, β, equations.penalizedResidualSumOfSquares, equations.logDeterminantRX)
        }
        expectClose(answers[0].0, answers[1].0, "u, \(design.formula) at \(φ)")
        expectClose(answers[0].1, answers[1].1, "β")
        #expect(abs(answers[0].2 / answers[1].2 - 1) < 1e-10)
        #expect(abs(answers[0].3 - answers[1].3) < 1e-9 * max(1, abs(answers[0].3)))
      }
    }
  }

  @Test func `written out or not, threads do not matter`() throws {
    let model = try Self.sparse.model()
    var accuracy = Self.sixteen
    accuracy.writesCore = true
    let answers = try [1, 2, 5].map { threads in
      let criterion = Criterion(
        model, .reml,
        MatrixFreeEquations(model, leading: 0, accuracy: accuracy, threads: threads))
      let (value, gradient) = try criterion.valueAndGradient(model.trials[2])
      return [value] + gradient
    }
    #expect(Set(answers).count == 1)
  }

  @Test func `do not depend on the number of threads, nor on what came before`() throws {
    let model = try Self.sparse.model()
    var values: [Double] = []
    var gradients: [[Double]] = []
    for threads in [1, 2, 5] {
      let criterion = Criterion(
        model, .reml,
        MatrixFreeEquations(model, leading: 0, accuracy: MatrixFreeAccuracy(), threads: threads))
      if threads > 1 { _ = try criterion.valueAndGradient(model.trials[3]) }
      let (value, gradient) = try criterion.valueAndGradient(model.trials[2])
      values.append(value)
      gradients.append(gradient)
    }
    #expect(Set(values).count == 1)
    #expect(Set(gradients).count == 1)
  }

  @Test func `vectors that there is no memory for are made again`() throws {
    let model = try Self.sparse.model()
    var answers: [(value: Double, gradient: [Double], variances: [[Double]])] = []
    // 176 probes in 22 blocks; memory for all, and for twenty steps of four.
    for memory in [2e9, 4 * 20 * 64 * Double(2 * 180 + 150)] {
      var accuracy = MatrixFreeAccuracy(probes: 176)
      accuracy.memory = memory
      let criterion = Criterion(
        model, .reml, MatrixFreeEquations(model, leading: 0, accuracy: accuracy, threads: 2))
      let (value, gradient) = try criterion.valueAndGradient(model.trials[1])
      answers.append((value, gradient, try criterion.equations.conditionalCovariances()))
    }
    #expect(answers[0].value == answers[1].value)
    #expect(answers[0].gradient == answers[1].gradient)
    #expect(answers[0].variances == answers[1].variances)
  }

  @Test func `probes are added until the error is small enough`() throws {
    let model = try Self.sparse.model()
    func outcome(_ accuracy: MatrixFreeAccuracy) throws -> SolverSummary {
      let criterion = Criterion(
        model, .reml, MatrixFreeEquations(model, leading: 0, accuracy: accuracy, threads: 2))
      _ = try criterion.value(model.covariance.identity)
      try criterion.refine()
      return criterion.equations.description
    }
    let error = try #require(try outcome(Self.sixteen).criterionStandardError)
    let less = try outcome(MatrixFreeAccuracy(standardError: 0.7 * error))
    #expect(try #require(less.criterionStandardError) <= 0.7 * error)
    #expect((24...179).contains(try #require(less.probes)))
    // In the end all unit vectors, and no error.
    let exact = try outcome(MatrixFreeAccuracy(standardError: 1e-3 * error))
    #expect(exact.criterionStandardError == nil)
  }

  @Test(arguments: [false, true])
  func `the error of conditional variances is stated`(written: Bool) throws {
    let model = try Self.sparse.model()
    let φ = model.covariance.identity.map { 0.7 * $0 }
    let exact = try EquationsAnswers.whole(model, .reml, φ).conditional
    var accuracy = Self.sixteen
    accuracy.writesCore = written
    let criterion = Criterion(
      model, .reml, MatrixFreeEquations(model, leading: 0, accuracy: accuracy, threads: 2))
    _ = try criterion.value(φ)
    let estimate = try criterion.equations.conditionalCovariances()
    let stated = try #require(criterion.equations.description.conditionalErrors)
    // One scalar for each level of a, two for each of b.
    for (g, size) in [(0, 1), (1, 2)] {
      var squares: [Double] = []
      for i in stride(from: 0, to: exact[g].count, by: size * size) {
        for k in 0..<size {
          let x = i + k * (size + 1)
          squares.append(pow((estimate[g][x] - exact[g][x]) / exact[g][x], 2))
        }
      }
      let error = (squares.reduce(0, +) / Double(squares.count)).squareRoot()
      #expect(error < 0.05)
      #expect((0.6...1.6).contains(error / stated[g]), "\(g): \(error), stated \(stated[g])")
    }
  }

  @Test func `factors that hardly hang together are handed back`() throws {
    // A chain: worker i was at firms i and i + 1 only.
    var text = "y,worker,firm\n"
    var random = SplitMix64(seed: 3)
    for i in 0..<2000 {
      for firm in [i, i + 1] {
        for _ in 0..<2 { text += "\(random.normal()),w\(i),f\(firm)\n" }
      }
    }
    let model = try LinearMixedModel(
      Formula("y ~ 1 + (1 | worker) + (1 | firm)"),
      data: [.bytes(Array(text.utf8), name: "chain")], options: FitOptions())
    let criterion = Criterion(
      model, .reml,
      MatrixFreeEquations(model, leading: 0, accuracy: .modest(0.01), threads: 2))
    let error = #expect(throws: FitError.self) {
      _ = try criterion.value(model.covariance.identity)
      try criterion.refine()
    }
    #expect(error?.description.contains("FitOptions.solver") == true)
  }

  @Test func `a fit by them says so, and is the exact one within its error`() throws {
    var options = Self.sparse.options
    options.solver = "matrix-free"
    let free = try Fit(Formula(Self.sparse.formula), data: [Self.sparse.source], options: options)
    options.solver = "absorb"
    let exact = try Fit(Formula(Self.sparse.formula), data: [Self.sparse.source], options: options)
    #expect(free.solver.strategy == "matrix-free" && exact.solver.strategy == "absorbed")
    #expect(free.convergence.converged)
    let error = free.solver.criterionStandardError ?? 0
    #expect(abs(free.criterion - exact.criterion) <= 4 * error + 1e-6)
    for (a, b) in zip(free.theta.values, exact.theta.values) { #expect(abs(a - b) <= 0.01) }
  }

  @Test func `with one grouping factor there is nothing to estimate`() throws {
    let model = try SimulatedDesign(formula: "y ~ x + (z | a)").model()
    #expect(
      try EquationsPlan(model, solver: "matrix-free", threads: 1).chosen.strategy == .absorbed)
  }

  private func expectClose(
    _ a: [Double], _ b: [Double], _ what: String, tolerance: Double = 1e-8, least: Double = 1e-6,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(a.count == b.count, sourceLocation: sourceLocation)
    let size = max(a.reduce(0) { max($0, abs($1)) }, least)
    let worst = zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(worst <= tolerance * size, "\(what)", sourceLocation: sourceLocation)
  }
}

extension SimulatedDesign {
  /// Those with several grouping factors.
  fileprivate static let crossed = all.filter { (try? $0.model().groupCount > 1) ?? false }
}
