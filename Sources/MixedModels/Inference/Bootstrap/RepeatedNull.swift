// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Two nested models with covariances between a subject's visits, made ready for the simulation of their
/// likelihood-ratio statistic: responses of the smaller one, both fitted to each.
///
/// The smaller one is written in the larger one's raw columns, so that sums which are drawn are those of both.
struct RepeatedNull: Sendable {
  private let smaller: RepeatedModel
  private let larger: RepeatedModel
  private let options: (smaller: FitOptions, larger: FitOptions)
  /// Where searches begin: at the smaller model's matrices.
  private let start: (smaller: [Double], larger: [Double])
  private let simulator: RepeatedSimulator

  /// - Parameters:
  ///   - smaller: The null hypothesis.
  ///   - larger: The other, by the same criterion.
  /// - Throws: `InferenceError` where one cannot be written in the other's columns; `FitError`, `MemoryShortage`.
  init(_ smaller: FittedModel, in larger: FittedModel) throws {
    guard let own = smaller.repeated, let other = larger.repeated else {
      throw Self.mismatch("one of the models has no \(Setting.residual())")
    }
    guard own.model.term.grouping == other.model.term.grouping, own.model.visits == other.model.visits else {
      throw Self.mismatch("their matrices are of other arms, subjects or visits")
    }
    var narrow = larger.products
    do {
      narrow = try narrow.narrowed(to: smaller.formula, name: "the larger model")
    } catch { throw Self.mismatch("the smaller one has other columns") }
    var given = smaller.options
    given.residual = own.model.term
    self.smaller = try FittedModel.assembled(repeated: narrow, given).model
    self.larger = other.model
    options = (smaller.options.alone, larger.options.alone)
    let scale = own.model.responseScale / other.model.responseScale
    let Σ = own.optimum.solution.entries.map {
      scale * scale * VisitCovariance.matrix($0.map(\.value), own.model.visits.count)
    }
    start = (Σ.flatMap(self.smaller.covariance.start), Σ.flatMap(other.model.covariance.start))
    simulator = try RepeatedSimulator(other.model, Σ)
    // The same rows have the same criterion.
    var search = RepeatedSearch(self.smaller, options.smaller, start: start.smaller)
    let found = try search.optimum().solution.value
    guard abs(found - self.smaller.shift(given.criterion) - smaller.comparableCriterion) < 1e-5 else {
      throw Self.mismatch("they are of other rows")
    }
  }

  private static func mismatch(_ reason: String) -> InferenceError {
    .refused(
      "the bootstrap test needs the smaller model's columns and visits among those of the larger one: \(reason). Compare them by χ²."
    )
  }

  /// Values are both criteria and the statistic.
  ///
  /// - Throws: what the progress callback throws.
  func run(_ options: BootstrapOptions, threads: Int) throws -> [BootstrapReplicate] {
    try options.run(values: 3, threads: threads) { index, stream in
      let drawn = simulator.draw(&stream)
      guard
        let null = try? found(smaller.replacingResponse(drawn.patterns), self.options.smaller, start.smaller),
        let other = try? found(drawn, self.options.larger, start.larger)
      else {
        return BootstrapReplicate(
          index: index, converged: false, singular: false, values: [.nan, .nan, .nan])
      }
      let statistic = null.criterion - other.criterion
      return BootstrapReplicate(
        index: index,
        converged: null.converged && other.converged && statistic > -NullSimulation.tolerance,
        singular: false, values: [null.criterion, other.criterion, max(0, statistic)])
    }
  }

  /// The criterion for orthonormal columns of X.
  private func found(
    _ model: RepeatedModel, _ options: FitOptions, _ start: [Double]
  ) throws -> (criterion: Double, converged: Bool) {
    var search = RepeatedSearch(model, options, start: start)
    let found = try search.optimum()
    return (found.solution.value - model.shift(options.criterion), found.converged)
  }
}

extension RepeatedModel {
  /// From reported columns of X to orthonormal ones, for criteria of models in different columns.
  fileprivate func shift(_ kind: CriterionKind) -> Double { kind == .reml ? logDeterminantShift : 0 }
}
