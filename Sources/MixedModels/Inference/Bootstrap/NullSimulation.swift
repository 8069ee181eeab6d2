// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Two nested models made ready for the simulation of their likelihood-ratio statistic: responses of
/// the smaller one, both fitted to each.
struct NullSimulation: Sendable {
  /// The best criterion of the smaller model for a response, and whether its search found it.
  typealias NullFit = @Sendable (ResponseProducts) throws -> (criterion: Double, converged: Bool)

  private let larger: LinearMixedModel
  private let fitting: Refitting
  private let simulator: ResponseSimulator
  private let nullFit: NullFit

  /// What the larger model's criterion may exceed the smaller one's by for rounding.
  static let tolerance = 1e-5

  /// Criteria are exact, whatever the solver: statistics are small differences.
  ///
  /// `start` is the larger model's φ; criteria of `nullFit` are those of orthonormal columns of X.
  ///
  /// - Throws: `FitError`, `CholmodError`.
  init(
    _ larger: LinearMixedModel, kind: CriterionKind, start: [Double], solver: String,
    simulator: ResponseSimulator, nullFit: @escaping NullFit
  ) throws {
    (self.larger, self.simulator, self.nullFit) = (larger, simulator, nullFit)
    fitting = try Refitting(
      larger, kind: kind, start: start, solver: EquationsPlan.exactSolver(insteadOf: solver))
  }

  /// Values are both criteria and the statistic.
  ///
  /// - Throws: what the progress callback throws.
  func run(_ options: BootstrapOptions, threads: Int) throws -> [BootstrapReplicate] {
    try options.run(values: 3, threads: threads) { index, stream in
      let response = simulator.draw(&stream)
      guard let smaller = try? nullFit(response),
        let larger = try? fitting.fit(larger.replacingResponse(response))
      else {
        return BootstrapReplicate(
          index: index, converged: false, singular: false, values: [.nan, .nan, .nan])
      }
      let criterion = larger.criterion - self.larger.shift(fitting.kind)
      let statistic = smaller.criterion - criterion
      // The larger model cannot fit worse: where it seems to, its search ended too early.
      return BootstrapReplicate(
        index: index,
        converged: smaller.converged && larger.converged && statistic > -Self.tolerance,
        singular: self.larger.isSingular(larger.φ),
        values: [smaller.criterion, criterion, max(0, statistic)])
    }
  }
}

extension NullModel {
  /// - Throws: `InferenceError` where crossed factors are too large; `FitError`, `CholmodError`.
  func simulation(
    in larger: LinearMixedModel, kind: CriterionKind, start: [Double], solver: String
  ) throws -> NullSimulation {
    let fitting = try Refitting(
      model, kind: kind, start: φ, solver: EquationsPlan.exactSolver(insteadOf: solver))
    return try NullSimulation(
      larger, kind: kind, start: start, solver: solver, simulator: simulator(larger)
    ) { response in
      let outcome = try fitting.fit(model.replacingResponse(products(of: response)))
      return (outcome.criterion - model.shift(kind), outcome.converged)
    }
  }
}

extension LinearMixedModel {
  /// The simulation in which the smaller model has no random effects: ordinary least squares.
  ///
  /// - Throws: `InferenceError` where crossed factors are too large; `FitError`, `CholmodError`.
  func leastSquaresSimulation(
    kind: CriterionKind, start: [Double], solver: String
  ) throws -> NullSimulation {
    let p = fixedEffectCount
    let df = Double(kind == .reml ? observations - p : observations)
    let simulator = try ResponseSimulator(
      self, spreads: groups.map { DenseMatrix(rows: $0.size, columns: 0) },
      sigma: knownVariance.map { $0.squareRoot() / fixed.responseScale }
        ?? (tail[p, p] / df).squareRoot())
    return try NullSimulation(self, kind: kind, start: start, solver: solver, simulator: simulator)
    { response in  // X is orthonormal
      let square = response.square - response.x.reduce(0) { $0 + $1 * $1 }
      return (leastSquaresCriterion(kind, squares: square) - shift(kind), true)
    }
  }
}
