// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// What tests of coefficients rest on where factors are set apart: β in working coordinates, followed by
/// functions ρ of the levels' effects.
///
/// Degrees of freedom of several rows together depend on which of their combinations are taken for
/// orthogonal: as everywhere those whose least-squares estimates are uncorrelated. So (β, ρ) is turned to
/// coordinates in which these have the identity as covariance. In all coordinates of tests ρ are functions of the effects
/// beside X without constants, which numbers far from zero do not make nearly the same as β.
struct LevelTests {
  /// (β, ρ), p + r numbers, in the coordinates of the tests.
  let estimates: [Double]
  /// In these coordinates.
  let ddf: any DenominatorDegreesOfFreedom
  /// Variances of every level's effect less its share of (β, ρ), factor after factor, and their degrees of freedom,
  /// nil where these would take too long; none where they were not wanted, or cannot be had.
  let levels: [(variance: Double, degreesOfFreedom: Double?)]
  /// The relative standard error of these variances, root mean square, where they are estimates.
  let levelError: Double?

  /// Coordinates are about X without constants first.
  private let shift: LevelAnswers.ConstantShift
  /// LLᵀ is the covariance of least squares; nil where coordinates are no others.
  private let scale: DenseMatrix?

  /// A row of (β, ρ) in the coordinates of the tests.
  func turned(_ row: [Double]) -> [Double] {
    let row = shift.shifted(row: row)
    return scale.map { $0.multipliedByTransposeOnLeft(row) } ?? row
  }

  /// Satterthwaite's degrees of freedom of all levels take their variances at two more points for every
  /// parameter.
  static let mostLevels = 20_000
  /// The same of coefficients that combine levels, whose variances take a solution each.
  private static let mostCombinations = 2000
  /// In units of φ.
  private static let step = 1e-4

  /// - Parameters:
  ///   - functions: ρ as combinations of the levels' effects, factor after factor, levels × r.
  ///   - shares: See `LevelAnswers.state`.
  ///   - own: What `shares` are taken off.
  ///   - areJoint: Whether rows are tested together, which takes coordinates of their own.
  /// - Throws: `InferenceError` where the method does not fit the model; `FitError`, `CholmodError`.
  init(
    _ fitted: FittedModel, _ method: DegreesOfFreedomMethod, functions: DenseMatrix,
    shares: DenseMatrix? = nil, of own: LevelAnswers.OwnFunctions = .effects, areJoint: Bool = false
  ) throws {
    let (model, coefficients) = (fitted.model, fitted.coefficients)
    let variance = coefficients.variance
    let effects = fitted.optimum.estimates.fixedLevelEffects.flatMap(\.self)
    let answers = try LevelAnswers(fitted)
    let shift = answers.shift(of: functions)
    self.shift = shift
    let ownShares = shares.map { answers.shifted($0, shift, of: own) }
    var L: DenseMatrix?
    if areJoint {
      var C = try answers.state(φ: nil, functions: functions, shares: nil).covariance
      if (try? DenseCholesky.factorize(&C)) != nil { L = C }
    }
    let scale = L
    func turned(_ covariance: DenseMatrix) -> DenseMatrix {
      guard let scale else { return covariance }
      var half = covariance
      DenseCholesky.solveLower(scale, &half)
      half = half.transposed
      DenseCholesky.solveLower(scale, &half)
      return half
    }
    self.scale = scale
    var all = shift.shifted(coefficients.β + functions.multipliedByTransposeOnLeft(effects))
    if let scale { DenseCholesky.solveLower(scale, &all) }
    estimates = all
    if let kind = fitted.robustCovariance {
      guard kind.isOfRows else {
        throw InferenceError.refused(
          "\(kind.rawValue) is of the coefficients, and levels' effects have no part in it. Take differences or slopes, or \(Setting.coefficientCovariance(["model"]))."
        )
      }
      try HeteroscedasticityRobust.check(model, kind)
      // Columns that combine levels have no sums by level.
      let isSimple = own == .effects || !model.fixedLevels!.hasCombinations
      let robust = try HeteroscedasticityRobust(
        fitted, kind, functions: functions, shares: isSimple ? shares : nil)
      let df = fitted.actual(method) == .none ? .infinity : Double(model.observations - model.fixedRank)
      let C = shift.shifted(covariance: robust.covariance)
      ddf = FixedDegreesOfFreedom(covariance: turned(C), degreesOfFreedom: df)
      levels = robust.levels.map { ($0, df) }
      levelError = nil
      return
    }
    let here = try answers.state(φ: fitted.φ, functions: functions, shares: ownShares, of: own)
    let covariance = variance * turned(here.covariance)
    let values = here.levels.map { variance * $0 }
    levelError = here.error
    func fixed(_ df: Double) -> any DenominatorDegreesOfFreedom {
      FixedDegreesOfFreedom(covariance: covariance, degreesOfFreedom: df)
    }
    switch fitted.actual(method) {
    case .none:
      ddf = fixed(.infinity)
      levels = values.map { ($0, .infinity) }
    case .residual:
      let df = Double(model.observations - model.fixedRank)
      ddf = fixed(df)
      levels = values.map { ($0, df) }
    case .kenwardRoger, .kenwardRogerLinear:
      try model.requireNoAbsorbedFactors(ForSomeModels.kenwardRoger.name)
      throw InferenceError.linearNeedsCurvature
    case .satterthwaite:
      guard let curvature = fitted.curvature else { throw InferenceError.noCurvature }
      let parameters = ParameterCovariance(
        curvature, model, φ: fitted.φ, fitted.options.criterion)
      let most = own == .coefficients && model.fixedLevels!.hasCombinations ? Self.mostCombinations : Self.mostLevels
      let wanted = here.levels.count <= most ? ownShares : nil
      let slopes = try fitted.φ.indices.map { k in
        let h = Self.step * curvature.units[k]
        func state(_ h: Double) throws -> LevelAnswers.State {
          var φ = fitted.φ
          φ[k] += h
          return try answers.state(φ: φ, functions: functions, shares: wanted, of: own)
        }
        let (ahead, behind) = (try state(h), try state(-h))
        let change = 1 / (2 * h)
        return (
          covariance: (variance * change) * turned(ahead.covariance - behind.covariance),
          levels: zip(ahead.levels, behind.levels).map { ($0 - $1) * change }
        )
      }
      ddf = Satterthwaite(
        covariance: covariance, slopes: slopes.map(\.covariance), parameters: parameters)
      levels = here.levels.indices.map { level in
        guard wanted != nil else { return (values[level], nil) }
        let value = here.levels[level]
        let spread = parameters.variance(slopes.map { $0.levels[level] / value } + [2])
        return (values[level], spread > 0 ? 2 / spread : .infinity)
      }
    }
  }
}
