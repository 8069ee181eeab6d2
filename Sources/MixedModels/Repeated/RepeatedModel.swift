// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// y = Xβ + ε with Cov(ε) = Σ between the visits of a subject, as far as the likelihood sees it: sums
/// by missingness pattern, and the way from raw columns to the working ones of a `LinearMixedModel`.
///
/// Its size and the cost of an evaluation depend on the patterns, not on the number of subjects:
///
///     XᵀV⁻¹X = Σ_m Σ_st (Σ_m⁻¹)_st A_m^st,   log |V| = Σ_m n_m log |Σ_m|
///
/// with Σ_m the rows and columns of Σ of pattern m's visits. Immutable; knows neither rows nor Σ.
package struct RepeatedModel: Sendable {
  let term: ResidualTerm
  let covariance: VisitCovariance
  /// In their order, as the matrix has them.
  let visits: [String]
  /// Those with a matrix of their own; one without a name where there is one matrix.
  let arms: [String]
  let patterns: [VisitPattern]
  /// [y X] in working coordinates: raw columns, y the first, by working ones, y the last.
  let basis: DenseMatrix
  /// p
  let fixedEffectCount: Int
  /// n, the rows.
  let observations: Int
  let sumOfLogWeights: Double
  /// log |RᵀR|: from the working columns' XᵀV⁻¹X to that of the reported ones.
  let logDeterminantShift: Double
  /// Units of the response per unit of the scaled one, which parameters are relative to.
  let responseScale: Double

  var subjects: Int { patterns.reduce(0) { $0 + $1.subjects } }
  var parameterCount: Int { arms.count * covariance.parameterCount }

  /// The parameters of an arm.
  func range(_ arm: Int) -> Range<Int> {
    arm * covariance.parameterCount..<(arm + 1) * covariance.parameterCount
  }

  /// n − p for REML, n for ML.
  func degreesOfFreedom(_ kind: CriterionKind) -> Double {
    Double(kind == .reml ? observations - fixedEffectCount : observations)
  }
}

extension RepeatedModel {
  /// - Parameters:
  ///   - products: With the sums by patterns.
  ///   - model: That of the fixed part alone, of the same rows.
  /// - Throws: `FitError` where the data cannot carry the structure; `FormulaError` for an unknown one.
  init(_ products: CrossProducts, _ model: LinearMixedModel, _ options: FitOptions) throws {
    let residual = products.specification.residual!
    let structure = try VisitStructure(residual.term)
    let builder = DesignBuilder(products: products, options: options)
    let visits = try builder.levels(of: residual.visit)
    try visits.checkDistinct(residual.visit)
    try builder.levels(of: residual.subject).checkDistinct(residual.subject)
    let arms = try residual.arm.map { try builder.levels(of: $0) }
    var times: [Double] = []
    if structure == .spExp { times = try Self.times(visits.labels, residual) }
    term = residual.term
    covariance = VisitCovariance(structure, size: visits.labels.count, times: times)
    self.visits = visits.labels
    self.arms = arms?.labels ?? [""]
    patterns = products.patterns.map { $0.placed(visits: visits.rank, arms: arms?.rank) }
    observations = model.observations
    sumOfLogWeights = model.sumOfLogWeights
    fixedEffectCount = model.fixedEffectCount
    logDeterminantShift = model.fixed.logDeterminantShift
    responseScale = model.fixed.responseScale
    basis = Self.basis(products, model)
    try checkDetermination()
  }

  private static func times(
    _ labels: [String], _ residual: BoundResidual
  ) throws(FitError) -> [Double] {
    var times: [Double] = []
    for label in labels {
      guard let time = Double(label), time.isFinite else {
        throw .numerical(
          "\(residual.term.word) needs times that are numbers, and \(residual.visit.name) has “\(label)”. Use a column of numbers, or another structure"
        )
      }
      times.append(time)
    }
    return times
  }

  /// Working columns as combinations of the raw ones.
  private static func basis(_ products: CrossProducts, _ model: LinearMixedModel) -> DenseMatrix {
    let fixed = model.fixed
    let (count, p) = (fixed.B.rows, fixed.B.columns)
    // What was taken off the response while reading is off still, as far as the model can express it.
    var removed = fixed.B * fixed.leastSquares
    let predictor = products.basis.predictor
    for k in removed.indices {
      removed[k] -= ((k < predictor.count ? predictor[k] : 0) - fixed.rawPredictor[k]) / fixed.responseScale
    }
    var basis = DenseMatrix(rows: count + 1, columns: p + 1)
    for j in 0..<p { for i in 0..<count { basis[i + 1, j] = fixed.B[i, j] } }
    basis[0, p] = 1
    for i in 0..<count { basis[i + 1, p] = -removed[i] }
    return basis
  }

  /// - Throws: `FitError` for visits that too few subjects have had.
  private func checkDetermination() throws(FitError) {
    let m = visits.count
    for (arm, name) in arms.enumerated() {
      var counts = DenseMatrix(rows: m, columns: m)
      for pattern in patterns where pattern.arm == arm {
        for s in pattern.visits {
          for t in pattern.visits { counts[s, t] += Double(pattern.subjects) }
        }
      }
      let place = name.isEmpty ? "" : " of \(term.arm ?? "") \(name)"
      if covariance.structure.isHeterogeneous,
        let s = (0..<m).first(where: { counts[$0, $0] < 2 })
      {
        throw .numerical(
          "fewer than two subjects\(place) have rows at \(term.visit) \(visits[s]), so that its standard deviation is not determined. Leave the visit out, or take a structure with one standard deviation"
        )
      }
      guard covariance.structure == .us else { continue }
      for s in 0..<m {
        if let t = (0..<s).first(where: { counts[s, $0] < 1 }) {
          throw .numerical(
            "no subject\(place) has rows at both \(term.visit) \(visits[t]) and \(visits[s]), so that their covariance is not determined. Take a structure with fewer parameters: \(Setting.residual("toeph(\(term.visit) | \(term.grouping))"))"
          )
        }
      }
    }
    guard observations - fixedEffectCount > parameterCount else {
      throw .numerical(
        "\(observations) rows cannot determine \(fixedEffectCount) coefficients and the \(parameterCount) parameters of \(term.text). Take a structure with fewer parameters"
      )
    }
  }
}

extension RepeatedModel {
  /// The same with its visits in another order.
  ///
  /// - Parameter order: Of every place the visit that stands there.
  func turned(_ order: [Int]) -> RepeatedModel {
    let place = order.indices.map { order.firstIndex(of: $0)! }
    return replacing(
      visits: order.map { visits[$0] }, patterns: patterns.map { $0.placed(visits: place) }, basis: basis)
  }

  /// The same with other working columns.
  ///
  /// - Parameter map: New ones of [X y] from old ones, the response last in both.
  func replacingColumns(_ map: DenseMatrix) -> RepeatedModel {
    replacing(visits: visits, patterns: patterns, basis: basis * map)
  }

  /// The same rows with the sums of another response, of which nothing was taken off.
  func replacingResponse(_ patterns: [VisitPattern]) -> RepeatedModel {
    var basis = basis
    let p = basis.columns - 1
    for i in 1..<basis.rows { basis[i, p] = 0 }
    return replacing(visits: visits, patterns: patterns, basis: basis)
  }

  private func replacing(
    visits: [String], patterns: [VisitPattern], basis: DenseMatrix
  ) -> RepeatedModel {
    RepeatedModel(
      term: term, covariance: covariance, visits: visits, arms: arms, patterns: patterns, basis: basis,
      fixedEffectCount: basis.columns - 1, observations: observations, sumOfLogWeights: sumOfLogWeights,
      logDeterminantShift: logDeterminantShift, responseScale: responseScale)
  }
}
