// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Covariances of functions of fixed levels' effects: answers of the equations of random effects and levels
/// together, with matrix M, without X and y.
///
/// With H = M⁻¹A_zx, G what was taken off X, L = H + G for the levels, and Φ = Cov(β̂)/σ², the levels'
/// effects d beside X have Cov(d)/σ² = M⁻¹ + LΦLᵀ and Cov(d, β̂)/σ² = −LΦ. All their variances
/// need M⁻¹'s diagonal (Erisman & Tinney 1975), a function of them one solution.
///
/// X is here without constants, so that numbers far from zero do not make d and β̂ nearly the same: beside X as it is
/// the effects are d less `constant` times `constantsOfX` times β.
final class LevelAnswers {
  /// What shares of (β, ρ) are taken off.
  enum OwnFunctions {
    /// Of levels.
    case effects
    /// R's coefficients but for their shares, see `ReportedLevels.coded`.
    case coefficients
  }

  /// (β, ρ), where ρ are functions of effects beside X as it is, to those of effects beside X without constants.
  struct ConstantShift {
    /// What ρ gains of β, r × p.
    let ofFunctions: DenseMatrix

    /// (β, ρ) itself.
    func shifted(_ estimates: [Double]) -> [Double] {
      let p = ofFunctions.columns
      var result = estimates
      for a in 0..<ofFunctions.rows { for j in 0..<p { result[p + a] += ofFunctions[a, j] * estimates[j] } }
      return result
    }

    /// A row of numbers for (β, ρ).
    func shifted(row: [Double]) -> [Double] {
      let p = ofFunctions.columns
      var result = row
      for a in 0..<ofFunctions.rows { for j in 0..<p { result[j] -= ofFunctions[a, j] * row[p + a] } }
      return result
    }

    /// Cov(β, ρ).
    func shifted(covariance C: DenseMatrix) -> DenseMatrix {
      let p = ofFunctions.columns
      var map = DenseMatrix.identity(p + ofFunctions.rows)
      for a in 0..<ofFunctions.rows { for j in 0..<p { map[p + a, j] = ofFunctions[a, j] } }
      return map * (C * map.transposed)
    }
  }

  func shift(of functions: DenseMatrix) -> ConstantShift {
    let shares = functions.multipliedByTransposeOnLeft(constant)
    var gains = DenseMatrix(rows: shares.count, columns: constantsOfX.count)
    for (j, c) in constantsOfX.enumerated() { for (a, share) in shares.enumerated() { gains[a, j] = share * c } }
    return ConstantShift(ofFunctions: gains)
  }

  /// Shares of (β, ρ) in levels' own functions, whose effects and ρ are those beside X as it is, as `state` takes them.
  func shifted(_ shares: DenseMatrix, _ shift: ConstantShift, of own: OwnFunctions = .effects) -> DenseMatrix {
    let p = constantsOfX.count
    let isCombined = own == .coefficients && fixedLevels.hasCombinations
    let constant = isCombined ? fixedLevels.reported!.coded(constant) : constant
    // Levels behind the shares have none but these.
    let count = max(shares.rows, (constant.lastIndex { $0 != 0 } ?? -1) + 1)
    var result = DenseMatrix(rows: count, columns: shares.columns)
    for c in 0..<shares.columns {
      for level in 0..<shares.rows {
        result[level, c] = shares[level, c]
        guard c >= p else { continue }
        for j in 0..<p { result[level, j] -= shift.ofFunctions[c - p, j] * shares[level, c] }
      }
    }
    for j in 0..<p { for level in 0..<count { result[level, j] += constant[level] * constantsOfX[j] } }
    return result
  }

  /// At one φ.
  struct State {
    /// Of (β, ρ) / σ², β in working coordinates, (p + r) × (p + r).
    let covariance: DenseMatrix
    /// Of every level's own function less its share of (β, ρ), factor after factor, / σ²; none where they are not
    /// wanted.
    let levels: [Double]
    /// The relative standard error of these, root mean square, where they are estimates.
    let error: Double?
  }

  private let model: LinearMixedModel
  private let fixedLevels: FixedLevels
  private let system: any LevelSystem
  /// Random effects and levels together.
  private let joined: LinearMixedModel
  /// First scalar of the levels, factor after factor.
  private let first: Int
  /// G, levels × p.
  private let taken: DenseMatrix
  /// As effects of the levels, factor after factor.
  let constant: [Double]
  /// What X's working columns have of the constant.
  let constantsOfX: [Double]

  /// - Parameters:
  ///   - model: With fixed levels.
  ///   - estimates: Where the system is too large for a factor, of random vectors from this seed.
  ///   - solver: Of least squares.
  ///   - threads: Of conjugate gradients.
  /// - Throws: `FitError` where memory ends, `CholmodError`.
  init(_ model: LinearMixedModel, estimates seed: UInt64?, solver: String, threads: Int) throws {
    joined = model.joinedHoldingRedundant
    var alone = joined.replacingTail(
      by: DenseMatrix(rows: model.fixedEffectCount + 1, columns: 1))
    alone.tail[0, 0] = 1
    if let seed {
      system = MatrixFreeLevelSystem(alone, seed: seed, threads: threads)
    } else if model.groups.isEmpty, model.fixedLevels!.reported == nil {
      system = LeastSquaresLevelSystem(model.fixedLevels!, solver: solver, threads: threads)
    } else {
      system = try FactoredLevelSystem(alone, names: model.fixedLevels!.factors.map(\.name))
    }
    self.model = model
    fixedLevels = model.fixedLevels!
    first = model.randomEffectCount
    taken = fixedLevels.regressionOfColumns(FixedLevels.withoutConstant(model.fixed.B))
    constant = fixedLevels.constant
    constantsOfX = (0..<model.fixedEffectCount).map { model.fixed.B[0, $0] }
  }

  /// Those of a fit, by the way its equations took.
  ///
  /// - Throws: as the other.
  convenience init(_ fitted: FittedModel) throws {
    let isEstimated = fitted.optimum.solver.strategy == StrategyEstimate.Strategy.matrixFree.rawValue
    try self.init(
      fitted.model, estimates: isEstimated ? fitted.options.probeSeed : nil, solver: fitted.options.solver,
      threads: fitted.threads)
  }

  /// - Parameters:
  ///   - φ: nil for Λ = 0, least squares.
  ///   - functions: ρ as combinations of the levels' effects, factor after factor, levels × r.
  ///   - shares: Of (β, ρ) in every level's own function, for the first levels; nil: variances of the levels are
  ///   not wanted. ρ and the levels' effects are those beside X without constants.
  ///   - own: Levels' functions, one each.
  /// - Throws: `FitError`, `CholmodError`.
  func state(
    φ: [Double]?, functions: DenseMatrix, shares: DenseMatrix?, of own: OwnFunctions = .effects
  ) throws -> State {
    var Λ = model.covariance.emptyFactors
    if let φ {
      model.covariance.factors(φ, into: &Λ)
    } else {
      Λ = Λ.map { $0.map { _ in 0 } }
    }
    Λ += fixedLevels.factors.map { _ in [1] }
    try system.update(Λ)
    let (Φ, L) = try columnsOfX(Λ)
    let (u, r, p, within) = (fixedLevels.unit, functions.columns, Φ.rows, fixedLevels.within)
    let effects = functions
    let functions = within?.functions(effects) ?? effects
    var given = DenseMatrix(rows: joined.randomEffectCount, columns: r)
    for c in 0..<r { for level in 0..<functions.rows { given[first + level, c] = functions[level, c] } }
    let answers = ofLevels(try system.answers(to: given))
    let ofFunctions = (u * u) * functions.multipliedByTransposeOnLeft(answers)
    let A = u * L.multipliedByTransposeOnLeft(functions)  // p × r
    let ΦA = Φ * A
    let ofColumns = A.multipliedByTransposeOnLeft(ΦA)
    var C = DenseMatrix(rows: p + r, columns: p + r)
    for j in 0..<p { for i in 0..<p { C[i, j] = Φ[i, j] } }
    for c in 0..<r {
      for i in 0..<p { (C[i, p + c], C[p + c, i]) = (-ΦA[i, c], -ΦA[i, c]) }
      for d in 0..<r {
        C[p + d, p + c] = (ofFunctions[d, c] + ofFunctions[c, d] + ofColumns[d, c] + ofColumns[c, d]) / 2
      }
    }
    guard let shares else { return State(covariance: C, levels: [], error: nil) }
    let joint = within?.jointPlaces.map { (first + $0, first + $1) } ?? []
    let inverse = try system.entries(from: model.groups.count, joint)
    var diagonal = within?.variances(inverse.diagonal, joint: inverse.joint) ?? inverse.diagonal
    var (ofEffects, answersOfEffects) = (within?.effects(L) ?? L, within?.effects(answers) ?? answers)
    let isCombined = own == .coefficients && fixedLevels.hasCombinations
    if isCombined {
      try replaceByCombinations(&diagonal)
      (ofEffects, answersOfEffects) = (coded(ofEffects), coded(answersOfEffects))
    }
    var variances = diagonal.map { u * u * $0 }
    for level in variances.indices {
      var row = (0..<p).map { u * ofEffects[level, $0] }
      if level < shares.rows {
        let t = (0..<r).map { shares[level, p + $0] }
        // Cov(d, β̂) is negative.
        for i in 0..<p { row[i] += shares[level, i] }
        for (a, ta) in t.enumerated() {
          variances[level] -= 2 * u * u * ta * answersOfEffects[level, a]
          for (b, tb) in t.enumerated() { variances[level] += ta * tb * ofFunctions[a, b] }
          for i in 0..<p { row[i] -= ta * A[i, a] }
        }
      }
      variances[level] += dot(row, Φ * row)
    }
    // Factors with such coefficients are alone, and solutions are exact.
    return State(
      covariance: C, levels: variances,
      error: isCombined ? nil : error(of: variances, from: diagonal.map { u * u * $0 }))
  }

  /// Of R's coefficients but for their shares, for all columns.
  private func coded(_ x: DenseMatrix) -> DenseMatrix {
    DenseMatrix(
      rows: x.rows, columns: x.columns,
      storage: (0..<x.columns).flatMap { fixedLevels.reported!.coded(x.column($0)) })
  }

  /// Functions whose answers are in memory at a time.
  private static let batch = 64

  /// Variances of coefficients that combine levels in the place of these levels' own: a solution for each.
  private func replaceByCombinations(_ variances: inout [Double]) throws {
    let reported = fixedLevels.reported!
    let places = zip(reported.codings, fixedLevels.starts).enumerated().flatMap { k, own in
      own.0.isOfSingleLevels ? [] : (0..<own.0.levelCount).map { (factor: k, start: own.1, coordinate: $0) }
    }
    for first in stride(from: 0, to: places.count, by: Self.batch) {
      let part = places[first..<min(first + Self.batch, places.count)]
      var f = DenseMatrix(rows: fixedLevels.starts.last!, columns: part.count)
      for (c, own) in part.enumerated() {
        for (level, value) in reported.ownFunction(own.factor, own.coordinate) { f[own.start + level, c] = value }
      }
      f = fixedLevels.within?.functions(f) ?? f
      var given = DenseMatrix(rows: joined.randomEffectCount, columns: part.count)
      for c in 0..<part.count { for level in 0..<f.rows { given[self.first + level, c] = f[level, c] } }
      let answers = ofLevels(try system.answers(to: given))
      for (c, own) in part.enumerated() {
        variances[own.start + own.coordinate] = dot(f.column(c), answers.column(c))
      }
    }
  }

  /// What the errors of M⁻¹'s diagonal are of variances that it is a part of; nil where it is exact.
  private func error(of variances: [Double], from diagonal: [Double]) -> Double? {
    guard let errors = system.diagonalErrors?.suffix(fixedLevels.factors.count) else { return nil }
    // The levels that others are differences from have no variance but its error.
    let reference = Set(fixedLevels.reported?.reference ?? [])
    var (sum, count) = (0.0, 0)
    for (k, error) in errors.enumerated() {
      let (factor, start) = (fixedLevels.factors[k], fixedLevels.starts[k])
      for level in factor.levels.indices
      where !factor.isRedundant[level] && !reference.contains(start + level) {
        let share = error * diagonal[start + level] / variances[start + level]
        sum += share * share
        count += 1
      }
    }
    return (sum / Double(max(count, 1))).squareRoot()
  }

  /// Φ, and L of the levels.
  private func columnsOfX(_ Λ: [[Double]]) throws -> (Φ: DenseMatrix, L: DenseMatrix) {
    let p = model.fixedEffectCount
    let given = joined.randomByFixed
    let H = try system.answers(to: given)
    var S = joined.transposedFactors(Λ, times: given).multipliedByTransposeOnLeft(H)
    for j in 0..<p { for i in 0..<p { S[i, j] = model.tail[i, j] - S[i, j] } }
    try DenseCholesky.factorize(&S)
    let Φ = p > 0 ? DenseCholesky.inverse(factor: S) : S
    return (Φ, ofLevels(H) + taken)
  }

  /// The rows of the fixed levels.
  private func ofLevels(_ x: DenseMatrix) -> DenseMatrix {
    x.submatrix(rows: Array(first..<x.rows), columns: Array(0..<x.columns))
  }
}
