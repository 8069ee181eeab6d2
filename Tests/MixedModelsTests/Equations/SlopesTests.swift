// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import NumericalMethods
import Testing

@Suite struct `Gradient of the criterion` {
  @Test(arguments: SimulatedDesign.all)
  func `is that of differences on simulated models`(design: SimulatedDesign) throws {
    let model = try design.model()
    try expectDifferences(model, design.criterion, model.trials)
  }

  @Test(arguments: ReferenceFit.all)
  func `is that of differences on reference models`(reference: ReferenceFit) throws {
    let model = try LinearMixedModel(
      Formula(reference.formula), data: [reference.source], options: reference.options)
    let optimum = model.covariance.working(reference.theta.values)
    let isLarge = model.randomEffectCount > 2000
    try expectDifferences(
      model, reference.options.criterion,
      isLarge ? [optimum, model.trials[1], model.trials[4]] : model.trials + [optimum])
  }

  @Test(arguments: SimulatedDesign.all)
  func `is the same from the whole system`(design: SimulatedDesign) throws {
    let model = try design.model()
    try expectWhole(model, [model.absorbed()])
  }

  @Test(arguments: SimulatedDesign.withLeaves)
  func `is the same whichever group is absorbed`(design: SimulatedDesign) throws {
    let model = try design.model()
    try expectWhole(model, [0, 1].map { try CoreLayout(model, absorbing: $0) })
  }

  private func expectWhole(_ model: LinearMixedModel, _ layouts: [CoreLayout]) throws {
    for kind in [CriterionKind.reml, .ml] {
      for φ in model.trials {
        let whole = Criterion(model, kind, try WholeEquations(model))
        let (_, reference) = try whole.valueAndGradient(φ)
        for (layout, threads) in layouts.flatMap({ [($0, 1), ($0, 3)] }) {
          let absorbed = Criterion(
            model, kind, try AbsorbedEquations(model, layout, threads: threads))
          let (_, gradient) = try absorbed.valueAndGradient(φ)
          let scale = try absorbed.scales(φ, model, kind)
          for k in gradient.indices {
            #expect(abs(gradient[k] - reference[k]) <= 1e-9 * scale[k], "θ \(k) at \(φ), \(kind)")
          }
        }
      }
    }
  }

  @Test(arguments: SimulatedDesign.all)
  func `does not depend on the number of threads`(design: SimulatedDesign) throws {
    let model = try design.model()
    let layout = try model.absorbed()
    let gradients = try [1, 2, 5].map { threads in
      let criterion = Criterion(
        model, design.criterion, try AbsorbedEquations(model, layout, threads: threads))
      return try criterion.valueAndGradient(model.trials[2]).gradient
    }
    #expect(gradients[0] == gradients[1] && gradients[0] == gradients[2])
  }

  private func expectDifferences(
    _ model: LinearMixedModel, _ kind: CriterionKind, _ points: [[Double]],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let criterion = Criterion(
      model, kind, try AbsorbedEquations(model, model.absorbed(), threads: 2))
    for φ in points {
      let (value, gradient) = try criterion.valueAndGradient(φ)
      #expect(try criterion.value(φ) == value)
      let scale = try criterion.scales(φ, model, kind)
      for k in φ.indices {
        let (slope, error) = try richardson(at: φ[k]) { x in
          var moved = φ
          moved[k] = x
          return try criterion.value(moved)
        }
        #expect(
          abs(gradient[k] - slope) <= 1e-7 * scale[k] + 3 * error,
          "θ \(k) at \(φ): \(gradient[k]), differences \(slope) ± \(error)",
          sourceLocation: sourceLocation)
        // The oracle must be able to tell.
        #expect(error <= 1e-4 * scale[k], "θ \(k) at \(φ)", sourceLocation: sourceLocation)
      }
    }
  }

  /// Central differences extrapolated to step zero, and how much the last step changed.
  private func richardson(
    at x: Double, _ f: (Double) throws -> Double
  ) throws -> (slope: Double, error: Double) {
    var table: [[Double]] = []
    var best = (slope: Double.nan, error: Double.infinity)
    for row in 0..<7 {
      let h = 0.05 * max(abs(x), 0.2) * pow(0.5, Double(row))
      var line = [(try f(x + h) - f(x - h)) / (2 * h)]
      for k in 0..<row {
        let factor = pow(4.0, Double(k + 1))
        line.append((factor * line[k] - table[row - 1][k]) / (factor - 1))
      }
      if row > 0 {
        for k in 1...row {
          let error = max(abs(line[k] - line[k - 1]), abs(line[k] - table[row - 1][k - 1]))
          if error < best.error { best = (line[k], error) }
        }
      }
      table.append(line)
    }
    return best
  }
}

extension Criterion {
  /// The size of what a component of the gradient is the difference of.
  func scales(
    _ φ: [Double], _ model: LinearMixedModel, _ kind: CriterionKind
  ) throws -> [Double] {
    _ = try value(φ)
    let slopes = try equations.slopes(kind)
    let zero = slopes.residual.map { $0.map { _ in 0.0 } }
    let part = model.covariance.gradient(
      CovarianceSlopes(logDeterminant: slopes.logDeterminant, residual: zero), at: φ,
      residualWeight: 0)
    let largest = part.reduce(0) { max($0, abs($1)) }
    return part.map { max(abs($0), 1e-2 * largest, 1) }
  }
}
