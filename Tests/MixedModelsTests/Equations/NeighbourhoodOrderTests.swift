// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import NumericalMethods
import TestSupport
import Testing

/// Cores of more scalars than are placed by frequency.
@Suite struct `Levels placed by neighbourhoods` {
  private static let designs = [
    SimulatedDesign(formula: "y ~ x + (1 | a) + (1 | b)", rows: 20_000, levels: (9200, 8700, 5)),
    SimulatedDesign(
      formula: "y ~ x + (z | a) + (z | b)", rows: 16_000, levels: (7000, 4300, 5), weights: true),
    SimulatedDesign(
      formula: "y ~ x + (1 | a) + (1 | b) + (1 | c)", rows: 16_000, levels: (9000, 4500, 4400)),
  ]

  private func accuracy(_ seed: UInt64 = 1) -> MatrixFreeAccuracy {
    var accuracy = MatrixFreeAccuracy(probes: 16)
    (accuracy.writesCore, accuracy.seed) = (true, seed)
    return accuracy
  }

  @Test(arguments: designs)
  func `have the whole system's answers`(design: SimulatedDesign) throws {
    let model = try design.model()
    let φ = model.covariance.identity.map { 0.7 * $0 }
    let whole = try WholeEquations(model)
    let exact = try Criterion(model, .reml, whole).value(φ)
    let equations = MatrixFreeEquations(model, leading: 0, accuracy: accuracy(), threads: 2)
    let estimate = try Criterion(model, .reml, equations).value(φ)
    let error = try #require(equations.description.criterionStandardError)
    #expect(abs(estimate - exact) <= 4 * error, "\(estimate), \(exact), error \(error)")
    let ratio = equations.penalizedResidualSumOfSquares / whole.penalizedResidualSumOfSquares
    #expect(abs(ratio - 1) < 1e-10)
    let (expected, solution) = (try whole.solution(), try equations.solution())
    for (own, whole) in [(solution.u, expected.u), (solution.β, expected.β)] {
      let largest = whole.reduce(0) { max($0, abs($1)) }
      let difference = zip(own, whole).reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(difference <= 1e-8 * largest, "\(difference) of \(largest)")
    }
  }

  @Test(arguments: designs)
  func `threads do not matter, and the gradient is that of the estimate`(
    design: SimulatedDesign
  ) throws {
    let model = try design.model()
    let φ = model.covariance.identity.map { 0.7 * $0 }
    let criterion = Criterion(
      model, .reml, MatrixFreeEquations(model, leading: 0, accuracy: accuracy(), threads: 2))
    let (value, gradient) = try criterion.valueAndGradient(φ)
    let alone = Criterion(
      model, .reml, MatrixFreeEquations(model, leading: 0, accuracy: accuracy(), threads: 1))
    let answers = try alone.valueAndGradient(φ)
    #expect(answers.value == value)
    #expect(answers.gradient == gradient)
    let h = 1e-3
    func at(_ step: Double) throws -> Double {
      var moved = φ
      moved[φ.count - 1] += step
      return try criterion.value(moved)
    }
    let slope = (8 * (try at(h) - at(-h)) - (try at(2 * h) - at(-2 * h))) / (12 * h)
    let scale = gradient.reduce(1) { max($0, abs($1)) }
    #expect(abs(gradient[φ.count - 1] - slope) <= 1e-6 * scale)
  }
}
