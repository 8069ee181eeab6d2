// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Conjugate gradients on a written core with a preconditioner give what they give without one.
@Suite struct `Preconditioned cores` {
  /// A ring of 300 firms: workers are at one and at its neighbour, and one in fifty somewhere else.
  private static func ring(_ formula: String) throws -> LinearMixedModel {
    var random = SplitMix64(seed: 5)
    var text = "y,x,worker,firm\n"
    for worker in 0..<900 {
      let firm = worker % 300
      let next = random.uniform() < 0.02 ? Int(random.below(300)) : (firm + 1) % 300
      for (k, at) in [firm, firm, next].enumerated() where k < 2 || at != firm {
        text += "\(random.normal() + Double(at % 7)),\(random.normal()),w\(worker),f\(at)\n"
      }
    }
    return try LinearMixedModel(
      Formula(formula), data: [.bytes(Array(text.utf8), name: "ring")], options: FitOptions())
  }

  private static let crossed = "y ~ x + (1 | worker) + (1 | firm)"

  private func equations(
    _ model: LinearMixedModel, preconditions: Bool?, threads: Int = 2
  ) -> MatrixFreeEquations {
    var accuracy = MatrixFreeAccuracy(probes: 16)
    (accuracy.writesCore, accuracy.preconditions) = (true, preconditions)
    return MatrixFreeEquations(model, leading: 0, accuracy: accuracy, threads: threads)
  }

  /// The criterion, its gradient, u and β at φ, and the steps that they took.
  private func answers(
    _ model: LinearMixedModel, _ φ: [Double], preconditions: Bool?, threads: Int = 2
  ) throws -> (values: [Double], steps: Int) {
    let equations = equations(model, preconditions: preconditions, threads: threads)
    let criterion = Criterion(model, .reml, equations)
    let (value, gradient) = try criterion.valueAndGradient(φ)
    let (u, β) = try equations.solution()
    return ([value] + gradient + u + β, equations.solverSteps)
  }

  private func expectSame(_ a: [Double], _ b: [Double], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(a.count == b.count, sourceLocation: sourceLocation)
    for (x, y) in zip(a, b) {
      #expect(abs(x - y) <= 1e-7 * (1 + abs(y)), sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: [[1.0, 1], [0.1, 30], [10, 6], [40, 25]])
  func `answers are the same in a fraction of the steps`(φ: [Double]) throws {
    let model = try Self.ring(Self.crossed)
    let plain = try answers(model, φ, preconditions: false)
    let own = try answers(model, φ, preconditions: true)
    expectSame(own.values, plain.values)
    if φ[0] > 5 { #expect(Double(own.steps) < 0.3 * Double(plain.steps)) }
  }

  @Test(arguments: [[0.0, 0], [0, 2], [2, 0]])
  func `variances of zero are no obstacle`(φ: [Double]) throws {
    let model = try Self.ring(Self.crossed)
    let plain = try answers(model, φ, preconditions: false)
    let own = try answers(model, φ, preconditions: true)
    expectSame(own.values, plain.values)
    #expect(own.steps <= 2)
  }

  @Test func `the number of threads changes no digit`() throws {
    let model = try Self.ring(Self.crossed)
    let all = try [1, 2, 5].map {
      try answers(model, [10, 6], preconditions: true, threads: $0).values
    }
    #expect(Set(all).count == 1)
  }

  /// Blocks, entries of either sign and two factors in the core.
  @Test(arguments: [
    "y ~ x + (1 | worker) + (x | firm)", "y ~ 1 + (1 | worker) + (0 + x | firm)",
    "y ~ 1 + (0 + x | worker) + (1 | firm)",
  ])
  func `a core that is no graph's is solved as it is`(formula: String) throws {
    let model = try Self.ring(formula)
    let φ = model.covariance.identity.map { 3 * $0 }
    let plain = try answers(model, φ, preconditions: false)
    let own = try answers(model, φ, preconditions: true)
    #expect(own.values == plain.values && own.steps == plain.steps)
  }

  /// What was counted decides: never where few steps are left, and soon where they are many; and then one of
  /// another Λ is still good enough, or made again.
  @Test func `one is made where it pays, and given up where it does not`() throws {
    let model = try Self.ring(Self.crossed)
    let equations = equations(model, preconditions: nil)
    let plain = self.equations(model, preconditions: false)
    func steps(_ φ: [Double]) throws -> (own: Int, plain: Int) {
      var factors = model.covariance.emptyFactors
      model.covariance.factors(φ, into: &factors)
      for e in [equations, plain] { try e.update(factors) }
      return (equations.solverSteps, plain.solverSteps)
    }
    for _ in 0..<10 {
      let few = try steps([0.5, 0.3])
      #expect(few.own == few.plain)
    }
    for _ in 0..<20 { _ = try steps([30, 20]) }
    let many = try steps([30, 20])
    #expect(4 * many.own < many.plain)
    let near = try steps([28, 22])
    #expect(4 * near.own < near.plain)
    let few = try steps([0.5, 0.3])
    #expect(few.own == few.plain)
    for _ in 0..<20 { _ = try steps([90, 60]) }
    let other = try steps([90, 60])
    #expect(2 * other.own < other.plain)
  }
}
