// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Covariances of functions of fixed levels' effects: answers of the equations of random effects and levels
/// together, with matrix M, without X and y.
///
/// With H = M⁻¹A_zx, G what was taken off X, L = H + G for the levels, and Φ = Cov(β̂)/σ², the levels'
/// effects d beside X as it is have Cov(d)/σ² = M⁻¹ + LΦLᵀ and Cov(d, β̂)/σ² = −LΦ. All their variances
/// need M⁻¹'s diagonal (Erisman & Tinney 1975), a function of them one solution.
final class LevelAnswers {
  /// At one φ.
  struct State {
    /// Of (β, ρ) / σ², β in working coordinates, (p + r) × (p + r).
    let covariance: DenseMatrix
    /// Of every level's effect less its share of ρ, factor after factor, / σ²; none where they are not wanted.
    let levels: [Double]
  }

  private let model: LinearMixedModel
  private let fixedLevels: FixedLevels
  private let equations: WholeEquations
  private let groups: [RandomEffectsGroup]
  /// Scalars of the levels in the equations, factor after factor.
  private let places: [Int]
  /// G, levels × p.
  private let taken: DenseMatrix

  /// - Parameter model: With fixed levels.
  /// - Throws: `FitError` where memory ends, `CholmodError`.
  init(_ model: LinearMixedModel) throws {
    let joined = model.joinedHoldingRedundant
    var alone = joined.replacingTail(
      by: DenseMatrix(rows: model.fixedEffectCount + 1, columns: 1))
    alone.tail[0, 0] = 1
    let equations = try WholeEquations(alone)
    do throws(MemoryShortage) {
      try requireMemory(
        2 * Double(equations.factor.factorBytes) + Double(equations.factor.updateBytes),
        for: "the variances of the effects of \(model.fixedLevels!.factors.map(\.name).joined(separator: ", "))",
        remedy: "Absorb these factors, y ~ x | factor, if their coefficients are not wanted.")
    } catch { throw FitError.memoryShortage(error.description) }
    self.model = model
    fixedLevels = model.fixedLevels!
    self.equations = equations
    groups = joined.groups
    let layout = equations.layout
    let factors = model.fixedLevels!.factors
    places = factors.indices.flatMap { k in
      let node = layout.firstNode[model.groups.count + k]
      return factors[k].levels.indices.map { layout.scalarStart[node + $0] }
    }
    taken = fixedLevels.regressionOfColumns(model.fixed.B)
  }

  /// - Parameters:
  ///   - φ: nil for Λ = 0, least squares.
  ///   - functions: ρ as combinations of the levels' effects, factor after factor, levels × r.
  ///   - shares: Of ρ in every level's own function, for the first levels × the first of ρ; nil: variances of
  ///   the levels are not wanted.
  /// - Throws: `FitError`, `CholmodError`.
  func state(φ: [Double]?, functions: DenseMatrix, shares: DenseMatrix?) throws -> State {
    var Λ = model.covariance.emptyFactors
    if let φ {
      model.covariance.factors(φ, into: &Λ)
    } else {
      Λ = Λ.map { $0.map { _ in 0 } }
    }
    try equations.update(Λ + fixedLevels.factors.map { _ in [1] })
    let (Φ, L) = try columnsOfX(Λ)
    let (u, r, p) = (fixedLevels.unit, functions.columns, Φ.rows)
    var b = DenseMatrix(rows: equations.q + 1, columns: r)
    for c in 0..<r { for (level, place) in places.enumerated() { b[place, c] = functions[level, c] } }
    try equations.factor.solve(&b)
    let answers = b.submatrix(rows: places, columns: Array(0..<r))
    let ofLevels = (u * u) * functions.multipliedByTransposeOnLeft(answers)
    let A = u * L.multipliedByTransposeOnLeft(functions)  // p × r
    let ΦA = Φ * A
    let ofColumns = A.multipliedByTransposeOnLeft(ΦA)
    var C = DenseMatrix(rows: p + r, columns: p + r)
    for j in 0..<p { for i in 0..<p { C[i, j] = Φ[i, j] } }
    for c in 0..<r {
      for i in 0..<p { (C[i, p + c], C[p + c, i]) = (-ΦA[i, c], -ΦA[i, c]) }
      for d in 0..<r {
        C[p + d, p + c] = (ofLevels[d, c] + ofLevels[c, d] + ofColumns[d, c] + ofColumns[c, d]) / 2
      }
    }
    guard let shares else { return State(covariance: C, levels: []) }
    let diagonal = try equations.conditionalCovariances().dropFirst(model.groups.count).flatMap(\.self)
    var variances = diagonal.map { u * u * $0 }
    for level in variances.indices {
      var row = (0..<p).map { u * L[level, $0] }
      if level < shares.rows {
        let t = (0..<shares.columns).map { shares[level, $0] }
        for (a, ta) in t.enumerated() {
          variances[level] -= 2 * u * u * ta * answers[level, a]
          for (b, tb) in t.enumerated() { variances[level] += ta * tb * ofLevels[a, b] }
          for i in 0..<p { row[i] -= ta * A[i, a] }
        }
      }
      variances[level] += dot(row, Φ * row)
    }
    return State(covariance: C, levels: variances)
  }

  /// Φ, and L of the levels.
  private func columnsOfX(_ Λ: [[Double]]) throws -> (Φ: DenseMatrix, L: DenseMatrix) {
    let p = model.fixedEffectCount
    var b = DenseMatrix(rows: equations.q + 1, columns: p)
    for (g, group) in model.groups.enumerated() {
      let (ℓ, width, T) = (group.size, p + 1, Λ[g])
      for level in 0..<group.levelCount {
        let start = equations.layout.scalarStart[equations.layout.firstNode[g] + level]
        for x in 0..<p {
          let base = (level * width + x) * ℓ
          for j in 0..<ℓ {
            b[start + j, x] = (j..<ℓ).reduce(0.0) { $0 + T[j * ℓ + $1] * group.zx[base + $1] }
          }
        }
      }
    }
    let given = b
    try equations.factor.solve(&b)
    var S = given.multipliedByTransposeOnLeft(b)
    for j in 0..<p { for i in 0..<p { S[i, j] = model.tail[i, j] - S[i, j] } }
    try DenseCholesky.factorize(&S)
    let Φ = p > 0 ? DenseCholesky.inverse(factor: S) : S
    return (Φ, b.submatrix(rows: places, columns: Array(0..<p)) + taken)
  }
}
