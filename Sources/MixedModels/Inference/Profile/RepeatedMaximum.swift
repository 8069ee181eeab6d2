// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames
import NumericalMethods

/// Where profiles of a model begin.
protocol ProfiledMaximum: Sendable {
  var deviance: Double { get }
  /// What the equations are expected to take, on one thread.
  var bytes: Int { get }
  /// A search along the profile of one parameter, away from its estimate.
  ///
  /// - Parameter standardError: Of the estimate; nil where it is not known.
  /// - Throws: `InferenceError` where a parameter is none by itself; `FitError`, `CholmodError`.
  func search(_ place: IntervalPlace, _ given: Double, standardError: Double?) throws -> ProfileSearch
}

extension ProfiledMaximum {
  /// - Parameter inner: The scale inside of the range.
  func profile(
    _ held: any HeldDeviance, _ estimate: Double, _ range: ClosedRange<Double>,
    _ inner: ProfileScale, standardError: Double?, spread: Double
  ) -> ProfileSearch {
    let isInside = estimate > range.lowerBound && estimate < range.upperBound
    let scale = isInside ? inner : .identity
    let error = isInside ? standardError.map { $0 * scale.slope(estimate) } : nil
    return ProfileSearch(
      held: held, estimate: estimate, range: range, scale: scale, standardError: error,
      spread: spread, leastDeviance: deviance)
  }
}

/// The maximum of the likelihood of a model with covariances between visits.
struct RepeatedMaximum: ProfiledMaximum {
  private let model: RepeatedModel
  private let optimum: RepeatedOptimum
  private let fixed: FixedCoordinates
  let bytes = 0

  var deviance: Double { optimum.solution.value }

  /// - Parameter fit: By maximum likelihood.
  init(_ fit: RepeatedFit, _ fixed: FixedCoordinates) {
    (model, optimum, self.fixed) = (fit.model, fit.optimum, fixed)
  }

  func search(
    _ place: IntervalPlace, _ given: Double, standardError: Double?
  ) throws -> ProfileSearch {
    let held: HeldVisits
    switch place {
    case .coefficient(let k):
      let turn = CoefficientTurn(
        fixed, index: k, estimate: given, optimum.solution.β.map { model.responseScale * $0 })
      held = HeldVisits(model, optimum, turn)
    case .deviation(let arm, let visit):
      held = try HeldVisits(model, optimum, arm: arm, visits: [visit])
    case .correlation(let arm, let row, let column):
      held = try HeldVisits(model, optimum, arm: arm, visits: [column, row])
    case .levels, .residual, .stratum, .autocorrelation:
      preconditionFailure("models of visits have no such parameters")
    }
    return profile(
      held, given, place.kind.range, place.kind.scale, standardError: standardError,
      spread: standardError ?? 0.1 * abs(given))
  }
}

/// The deviance of a model with covariances between visits where a coefficient, a standard deviation or a
/// correlation is held, as a function of the other parameters of the matrices.
///
/// An unstructured matrix has its visits turned, so that those that are asked for come first: of the first
/// standard deviation, and of the first correlation, there is one coordinate.
private final class HeldVisits: HeldDeviance {
  private enum Held {
    case coefficient(CoefficientTurn)
    /// The place among the parameters, and its value where the parameter has one.
    case parameter(Int, coordinate: (Double) -> Double)
  }
  private let model: RepeatedModel
  private let held: Held
  /// Where visits of the fit stand here.
  private let order: [Int]
  private var criterion: RepeatedCriterion
  private var value = 0.0
  private var solution: RepeatedCriterion.Solution?

  let optimum: [Double]
  let hessian: DenseMatrix
  let drift: [Double]
  private(set) var roundingError = 0.0

  init(_ model: RepeatedModel, _ optimum: RepeatedOptimum, _ turn: CoefficientTurn) {
    self.model = model.replacingColumns(turn.map)
    (held, order) = (.coefficient(turn), Array(model.visits.indices))
    criterion = RepeatedCriterion(model: self.model, kind: .ml, threads: 1)
    (self.optimum, hessian) = (optimum.solution.θ, optimum.hessian)
    drift = self.optimum.map { _ in 0 }
  }

  /// - Parameter visits: One of a standard deviation, two of a correlation.
  /// - Throws: `InferenceError` where it is a function of several parameters.
  init(_ model: RepeatedModel, _ optimum: RepeatedOptimum, arm: Int, visits: [Int]) throws {
    let covariance = model.covariance
    let isUnstructured = covariance.structure == .us
    let order =
      isUnstructured
      ? visits + model.visits.indices.filter { !visits.contains($0) } : Array(model.visits.indices)
    self.order = order
    self.model = isUnstructured ? model.turned(order) : model
    criterion = RepeatedCriterion(model: self.model, kind: .ml, threads: 1)
    guard let (place, coordinate) = covariance.held(visits, scale: model.responseScale) else {
      throw InferenceError.refused(
        "it is a function of other parameters of \(model.term.text): their profiles say what it can be. Use \(Setting.intervals("wald")), or bootstrap"
      )
    }
    let own = model.range(arm).lowerBound + place
    held = .parameter(own, coordinate: coordinate)
    let all =
      isUnstructured
      ? try optimum.solution.entries.flatMap { entries in
        try covariance.unstructured(
          VisitCovariance.matrix(entries.map(\.value), model.visits.count)
            .submatrix(rows: order, columns: order))
      } : optimum.solution.θ
    var rest = all
    rest.remove(at: own)
    self.optimum = rest
    guard let solution = criterion.solution(all) else { throw NotPositiveDefinite(column: 0) }
    let joint = criterion.curvature(solution, criterion.slopes(solution)).hessian
    let others = all.indices.filter { $0 != own }
    hessian = joint.submatrix(rows: others, columns: others)
    drift = rest.map { _ in 0 }
  }

  private func full(_ x: [Double]) -> [Double] {
    guard case .parameter(let place, let coordinate) = held else { return x }
    var θ = x
    θ.insert(coordinate(value), at: place)
    return θ
  }

  func isAttainable(_ bound: Double) -> Bool { false }

  func hold(at value: Double) {
    self.value = value
    guard case .coefficient(let turn) = held else { return }
    criterion = RepeatedCriterion(
      model: model.replacingColumns(turn.holding(value)), kind: .ml, threads: 1)
  }

  func deviance(_ x: [Double]) throws -> Double {
    solution = criterion.solution(full(x))
    guard let solution else { throw FitError.zeroResidualVariance }
    roundingError = 1e-14 * max(1, abs(solution.value)) * Double(model.patterns.count).squareRoot()
    return solution.value
  }

  func gradient() throws -> [Double] {
    guard let solution else { throw FitError.zeroResidualVariance }
    var gradient = criterion.slopes(solution).gradient
    if case .parameter(let place, _) = held { gradient.remove(at: place) }
    return gradient
  }

  func lifted(_ x: [Double]) -> [Double]? { nil }

  func others(_ x: [Double]) -> [[Double]] { [] }

  func units(_ x: [Double]) -> [Double] { x.map { _ in 1 } }

  /// In the order of the fit's visits.
  func φ(_ x: [Double]) -> [Double] {
    let θ = full(x)
    guard order != Array(order.indices) else { return θ }
    let back = order.indices.map { order.firstIndex(of: $0)! }
    return model.arms.indices.flatMap { arm -> [Double] in
      let own = Array(θ[model.range(arm)])
      let Σ = model.covariance.matrix(own).submatrix(rows: back, columns: back)
      return (try? model.covariance.unstructured(Σ)) ?? own
    }
  }
}
