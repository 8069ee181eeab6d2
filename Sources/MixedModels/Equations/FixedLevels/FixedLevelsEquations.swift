// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The equations of a model with absorbed factors: those of the model that has their levels as further
/// groups, and, where log |M| or its inverse is of the random effects alone, those of the model without.
///
/// log |K| has the fixed levels in it, as it has X; ML's log |M| has neither.
final class FixedLevelsEquations: MixedModelEquations {
  private let joined: any MixedModelEquations
  private let makeAlone: () throws -> any MixedModelEquations
  private var alone: (any MixedModelEquations)?
  private let groupCount: Int
  private let randomEffectCount: Int
  private let fixedFactors: [[Double]]
  /// Of redundant levels' pivots, less what working columns are larger than indicators by.
  private let logDeterminantShift: Double
  private var kind = CriterionKind.reml
  private var factors: [[Double]] = []
  /// Of random effects, where correlations of levels have parameters.
  private var precisions: [Int: SparsePrecision] = [:]
  /// Of several A_k; none where there is one.
  private var partCoefficients: [Double] = []
  /// Whether `alone` holds the factor of the last update.
  private var isAloneCurrent = false

  /// - Parameters:
  ///   - model: With fixed levels.
  ///   - joined: Of `model.joined`.
  ///   - alone: Makes those of `model.withoutFixedLevels`.
  init(
    _ model: LinearMixedModel, _ joined: any MixedModelEquations,
    alone: @escaping () throws -> any MixedModelEquations
  ) {
    (self.joined, makeAlone) = (joined, alone)
    groupCount = model.groups.count
    randomEffectCount = model.randomEffectCount
    fixedFactors = model.fixedLevels!.factors.map { _ in [1] }
    logDeterminantShift =
      model.fixedLevels!.logDeterminantShift - model.fixedLevels!.logDeterminantOfRedundant
  }

  func prepare(for kind: CriterionKind) { self.kind = kind }

  func relate(_ precisions: [Int: SparsePrecision]) throws {
    self.precisions = precisions
    try joined.relate(precisions)
  }

  func weigh(_ coefficients: [Double]) throws {
    partCoefficients = coefficients
    try joined.weigh(coefficients)
  }

  func update(_ factors: [[Double]]) throws {
    self.factors = factors
    isAloneCurrent = false
    try joined.update(factors + fixedFactors)
    if kind == .ml { _ = try ofRandomEffects() }
  }

  /// The equations without fixed levels, for the Λ of the last update.
  private func ofRandomEffects() throws -> any MixedModelEquations {
    let equations = try alone ?? makeAlone()
    alone = equations
    if !isAloneCurrent {
      if !precisions.isEmpty { try equations.relate(precisions) }
      if !partCoefficients.isEmpty { try equations.weigh(partCoefficients) }
      try equations.update(factors)
    }
    isAloneCurrent = true
    return equations
  }

  /// The equations whose log-determinant the criterion has.
  private func counted() throws -> any MixedModelEquations {
    kind == .ml ? try ofRandomEffects() : joined
  }

  var isPreliminary: Bool { kind == .ml ? alone?.isPreliminary ?? false : joined.isPreliminary }

  func refine() throws {
    defer { isAloneCurrent = false }
    try counted().refine()
  }

  func refine(growth: Double) throws -> Bool {
    defer { isAloneCurrent = false }
    return try counted().refine(growth: growth)
  }

  var probeLogDeterminants: [Double] {
    guard kind == .ml else {
      return joined.probeLogDeterminants.map { $0 + logDeterminantShift }
    }
    return isAloneCurrent ? alone!.probeLogDeterminants : []
  }

  /// Of the random effects for ML; for REML, where only its sum with `logDeterminantRX` is asked for, of
  /// them and the fixed levels.
  var logDeterminantM: Double {
    guard kind == .ml else { return joined.logDeterminantM + logDeterminantShift }
    return isAloneCurrent ? alone!.logDeterminantM : .nan
  }

  var logDeterminantRX: Double { joined.logDeterminantRX }
  var penalizedResidualSumOfSquares: Double { joined.penalizedResidualSumOfSquares }

  /// u ends with the fixed levels' effects, factor after factor, in working columns.
  func solution() throws -> (u: [Double], β: [Double]) { try joined.solution() }
  func coefficients() throws -> [Double] { try joined.coefficients() }
  func fixedEffectsCovariance() throws -> DenseMatrix { try joined.fixedEffectsCovariance() }

  /// Given all fixed effects.
  func conditionalCovariances() throws -> [[Double]] {
    try ofRandomEffects().conditionalCovariances()
  }

  func slopes(_ kind: CriterionKind) throws -> CovarianceSlopes {
    let whole = try joined.slopes(kind)
    let residual = Array(whole.residual.prefix(groupCount))
    guard kind == .ml else {
      var slopes = CovarianceSlopes(
        logDeterminant: Array(whole.logDeterminant.prefix(groupCount)), residual: residual)
      slopes.precisions = whole.precisions
      slopes.parts = whole.parts
      return slopes
    }
    defer { isAloneCurrent = false }
    let alone = try ofRandomEffects().slopes(.ml)
    var slopes = CovarianceSlopes(logDeterminant: alone.logDeterminant, residual: residual)
    slopes.parts = whole.parts.map {
      PartSlopes(logDeterminant: alone.parts!.logDeterminant, squares: $0.squares)
    }
    for (g, own) in whole.precisions {
      slopes.precisions[g] = PrecisionSlopes(inverse: alone.precisions[g]!.inverse, squares: own.squares)
    }
    return slopes
  }

  /// Of all levels together; how exact the criterion is, and conditional variances are, by the equations
  /// that these come from.
  var description: SolverSummary {
    var summary = joined.description
    summary.conditionalErrors = alone?.description.conditionalErrors
    guard kind == .ml else { return summary }
    let own = alone?.description
    summary.criterionStandardError = own?.criterionStandardError
    (summary.probes, summary.steps) = (own?.probes, own?.steps)
    summary.probeLogDeterminants = own?.probeLogDeterminants ?? []
    return summary
  }
}
