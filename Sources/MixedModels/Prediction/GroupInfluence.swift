// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames
import NumericalMethods

/// What leaving out the rows of one level of the grouping factor would do to the coefficients, θ
/// and σ held.
///
/// With S = Σ S_j = XᵀV⁻¹X, and S_j and r_j the level's shares of it and of XᵀV⁻¹(y − Xβ̂),
///
///     β̂ − β̂₍ⱼ₎ = (S − S_j)⁻¹ r_j,   Cook's distance = (β̂ − β̂₍ⱼ₎)ᵀ S (β̂ − β̂₍ⱼ₎) / (pσ²)
///
/// (Christensen, Pearson & Johnson 1992, Technometrics 34, 38–45).
public struct GroupInfluence: Sendable {
  public let group: String
  /// Names of the coefficients that were estimated.
  public let coefficients: [String]
  /// In the order of the factor.
  public let levels: [Level]

  public struct Level: Sendable {
    public let name: String
    /// Rows of the level.
    public let rows: Int
    /// NaN where the other rows cannot determine the coefficients.
    public let cooksDistance: Double
    /// β̂ − β̂₍ⱼ₎
    public let changes: [Double]
  }
}

extension LinearPredictor {
  /// Reads the rows of the fit again, for what its cross-products do not hold: XᵀWX level by level.
  ///
  /// - Throws: `DataError`; `InferenceError` if the model has other random effects than those of
  ///   `group`, or the rows are not those of the fit.
  public func influence(
    of group: String, _ data: [DataSource], options: PredictionOptions = PredictionOptions()
  ) throws -> GroupInfluence {
    try checkIsOnly(group)
    var options = options
    (options.random, options.allowsNewLevels) = (.all, false)
    (options.wantsResiduals, options.wantsStandardErrors) = (true, false)
    let table = try NewTable(self, data, options)
    let shape = LevelShares.Shape(p: model.fixedEffectCount, ℓ: model.groups[0].size)
    var total = LevelShares(shape, levelCount: model.groups[0].levelCount)
    try table.reader.read(
      table.rows.working.design.columns.requests,
      transform: { [predict = table.rows] chunk in
        let columns = try predict.columns(chunk, wantsX: true)
        let fixed = predict.fixed(columns.rows)
        return LevelShares(
          shape, columns, residuals: zip(columns.rows.response, fixed).map { $0 - $1 })
      },
      consume: { total.add($0) })
    guard total.rows == products.observations else {
      throw InferenceError.refused(
        "the model was fitted to \(products.observations) complete rows, and these are \(total.rows). Name the data of the fit."
      )
    }
    return try influence(of: group, total)
  }

  private func checkIsOnly(_ group: String) throws(InferenceError) {
    let names = Set(model.terms.map(\.groupName))
    let known = names.sorted().joined(separator: ", ")
    guard names.contains(group) else {
      throw .refused("the model has no grouping factor “\(group)”; it has \(known).")
    }
    guard names.count == 1 else {
      throw .refused(
        "levels are left out in one step from models with one grouping factor, and this one has \(known). Use --influence for the influence of single rows."
      )
    }
  }

  private func influence(of group: String, _ shares: LevelShares) throws -> GroupInfluence {
    let names = model.fixed.kept.map { model.fixed.names[$0] }
    var factors = model.covariance.emptyFactors
    model.covariance.factors(φ, into: &factors)
    let reduced = ReducedShares(model, factors[0], shares, threads: options.threads)
    let S = DenseCholesky.inverse(factor: try coefficients.Φ.choleskyFactor)
    let results = model.groups[0].levels.enumerated().map { j, name in
      let (Sj, rj) = reduced.level(j)
      let Δ = Self.change(S - Sj, rj, scale: S)
      let cook = Δ.map { dot($0, S * $0) / (variance * Double($0.count)) }
      let reported = Δ.map {
        model.fixed.solveR(DenseMatrix(rows: $0.count, columns: 1, storage: $0)).storage
      }
      return GroupInfluence.Level(
        name: name, rows: shares.share(j).rows, cooksDistance: cook ?? .nan,
        changes: reported ?? names.map { _ in .nan })
    }
    return GroupInfluence(group: group, coefficients: names, levels: results)
  }

  /// A⁻¹r; nil where A, a part of S, is singular.
  private static func change(_ A: DenseMatrix, _ r: [Double], scale S: DenseMatrix) -> [Double]? {
    var L = A
    guard (try? DenseCholesky.factorize(&L)) != nil,
      (0..<r.count).allSatisfy({ L[$0, $0] * L[$0, $0] > 1e-10 * S[$0, $0] })
    else { return nil }
    var x = DenseMatrix(rows: r.count, columns: 1, storage: r)
    DenseCholesky.solve(factor: L, &x)
    return x.storage
  }
}

/// S_j = X_jᵀV_j⁻¹X_j and r_j = X_jᵀV_j⁻¹e_j of the levels.
private struct ReducedShares {
  let model: LinearMixedModel
  let T: DenseMatrix
  let shares: LevelShares
  let inverse: SingleGroupInverse

  init(_ model: LinearMixedModel, _ T: [Double], _ shares: LevelShares, threads: Int) {
    let ℓ = model.groups[0].size
    (self.model, self.shares) = (model, shares)
    self.T = DenseMatrix(rows: ℓ, columns: ℓ, storage: T)
    inverse = SingleGroupInverse(model, T, threads: threads)
  }

  func level(_ j: Int) -> (S: DenseMatrix, r: [Double]) {
    let (ℓ, p) = (T.rows, model.fixedEffectCount)
    let share = shares.share(j)
    let first = j * ℓ * (p + 1)
    let ZᵀWX = DenseMatrix(
      rows: ℓ, columns: p, storage: Array(model.groups[0].zx[first..<first + ℓ * p]))
    let H = DenseMatrix(
      rows: ℓ, columns: p, storage: Array(inverse.fixed[j * ℓ * p..<(j + 1) * ℓ * p]))
    let S = share.XᵀWX - (T.transposed * ZᵀWX).transposed * H
    let taken = H.transposed * (T.transposed * share.ZᵀWe)
    return (S, zip(share.XᵀWe, taken).map { $0 - $1 })
  }
}

extension DenseMatrix {
  /// L of LLᵀ = self.
  fileprivate var choleskyFactor: DenseMatrix {
    get throws {
      var L = self
      try DenseCholesky.factorize(&L)
      return L
    }
  }
}
