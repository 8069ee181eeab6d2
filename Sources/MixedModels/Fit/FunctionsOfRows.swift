// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// What a row has of least-squares estimates: aᵢ of Σ wᵢaᵢyᵢ, for β in working columns and functions ρ = Fᵀd of fixed
/// levels' effects.
///
/// Of β it is the row's xᵢ, less what levels explain of it. With d = (DᵀWD)⁻DᵀW(y − Xβ) = … − Gβ it is dᵢᵀ(DᵀWD)⁻F − xᵢᵀGᵀF
/// of ρ.
struct FunctionsOfRows: Sendable {
  private let p: Int
  private let r: Int
  /// GᵀF, function after function.
  private let ofColumns: [Double]
  private let factors: [Factor]

  private struct Factor: Sendable {
    let cellSet: Int
    let rank: [Int]
    /// Level after level, r numbers each.
    let answers: [Double]
  }

  /// - Parameter functions: F, levels × r.
  /// - Throws: `CholmodError`, `FitError`.
  init(_ fitted: FittedModel, _ levels: FixedLevels, _ functions: DenseMatrix) throws {
    let model = fitted.model
    (p, r) = (model.fixedEffectCount, functions.columns)
    let u = levels.unit
    let G = levels.regressionOfColumns(model.fixed.B)
    ofColumns = (u * G.multipliedByTransposeOnLeft(functions)).storage
    var answers = functions
    for (level, isRedundant) in levels.factors.flatMap(\.isRedundant).enumerated() where isRedundant {
      for c in 0..<r { answers[level, c] = 0 }
    }
    try FixedLevelsFactor(levels.products, holdsRedundant: true).solve(&answers)
    let groups = fitted.products.basis.groups
    factors = levels.factors.enumerated().map { [r] k, factor in
      Factor(
        cellSet: groups[model.groups.count + k].cellSet, rank: factor.rank,
        answers: factor.levels.indices.flatMap { level in
          (0..<r).map { u * u * answers[levels.starts[k] + level, $0] }
        })
    }
  }

  /// Rows × (p + r).
  ///
  /// - Parameter x: Rows × p.
  func callAsFunction(_ x: [Double], _ codes: [[Int32]]) -> [Double] {
    let count = codes[factors[0].cellSet].count
    var z = [Double](repeating: 0, count: count * (p + r))
    for row in 0..<count {
      let (from, to) = (row * p, row * (p + r))
      for k in 0..<p { z[to + k] = x[from + k] }
      for factor in factors {
        let level = factor.rank[Int(codes[factor.cellSet][row])]
        for c in 0..<r { z[to + p + c] += factor.answers[level * r + c] }
      }
      for c in 0..<r { for k in 0..<p { z[to + p + c] -= x[from + k] * ofColumns[c * p + k] } }
    }
    return z
  }
}

/// Sums for the variances of one factor's levels, each of whose effects is of its own rows and of (β, ρ).
struct SumsOfLevels {
  let cellSet: Int
  private let rank: [Int]
  /// What a row of the level has of its effect.
  private let own: [Double]
  /// What a level's effect has of (β, ρ), with the opposite sign, level after level.
  private let shares: [Double]
  private let size: Int
  private var squares: [Double]
  private var products: [Double]

  /// - Parameter shares: Of (β, ρ), to be taken off.
  /// - Returns: nil for several factors, where a level's effect is of all rows.
  init?(_ fitted: FittedModel, _ levels: FixedLevels, _ shares: DenseMatrix) {
    guard levels.factors.count == 1, shares.rows == levels.starts[1] else { return nil }
    let (model, factor, u) = (fitted.model, levels.factors[0], levels.unit)
    cellSet = fitted.products.basis.groups[model.groups.count].cellSet
    rank = factor.rank
    own = factor.squares.map { u * u / $0 }
    size = shares.columns
    let G = levels.regressionOfColumns(model.fixed.B)
    self.shares = factor.levels.indices.flatMap { level in
      (0..<shares.columns).map { shares[level, $0] + ($0 < G.columns ? u * G[level, $0] : 0) }
    }
    squares = factor.squares.map { _ in 0 }
    products = [Double](repeating: 0, count: squares.count * size)
  }

  /// - Parameters:
  ///   - factor: Of the row's square.
  ///   - z: What the row has of (β, ρ).
  mutating func add(_ factor: Double, _ z: ArraySlice<Double>, code: Int32) {
    let level = rank[Int(code)]
    squares[level] += factor
    for (k, value) in zip(level * size..<(level + 1) * size, z) { products[k] += factor * value }
  }

  /// - Parameters:
  ///   - C: The covariance of (β, ρ).
  ///   - scale: That it was multiplied by.
  func variances(_ C: DenseMatrix, scale: Double) -> [Double] {
    squares.indices.map { level in
      let v = Array(shares[level * size..<(level + 1) * size])
      let joint = dot(v, Array(products[level * size..<(level + 1) * size]))
      return scale * own[level] * (own[level] * squares[level] - 2 * joint) + dot(v, C * v)
    }
  }
}
