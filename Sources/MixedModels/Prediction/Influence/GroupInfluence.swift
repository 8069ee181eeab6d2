// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames
import NumericalMethods

/// What leaving out the rows of one level of a grouping factor would do to the coefficients, θ
/// and σ held.
///
/// With S = Σ S_j = XᵀV⁻¹X, and S_j and r_j the level's shares of it and of XᵀV⁻¹(y − Xβ̂),
///
///     β̂ − β̂₍ⱼ₎ = (S − S_j)⁻¹ r_j,   Cook's distance = (β̂ − β̂₍ⱼ₎)ᵀ S (β̂ − β̂₍ⱼ₎) / (pσ²)
///
/// with one grouping factor, or of the subjects of residuals with a matrix of visits, where it is held and σ² is in it,
/// and with several by the equations of the other rows (Christensen, Pearson & Johnson 1992, Technometrics 34, 38–45).
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
  /// Reads the rows of the fit again, for what its cross-products do not hold. With one grouping factor
  /// that is XᵀWX level by level; with several, nested or crossed, it is the rows themselves, which are
  /// kept in memory, and every level takes a factorization.
  ///
  /// - Throws: `DataError`; `InferenceError` if the model has no such grouping factor, or the rows are
  ///   not those of the fit; `FitError`.
  public func influence(
    of group: String, _ data: [any TableSource], options: PredictionOptions = PredictionOptions()
  ) throws -> GroupInfluence {
    if let repeated = fitted.repeated { return try influence(ofSubjects: group, repeated, data) }
    try model.requireSupport(of: .groupInfluence)
    let index = try groupIndex(group)
    var options = options
    (options.random, options.allowsNewLevels) = (.all, false)
    (options.wantsResiduals, options.wantsStandardErrors) = (true, false)
    let table = try NewTable(self, data, options)
    guard model.groups.count > 1 else { return try influenceOfOnly(group, table) }
    let rows = try workingTable(table)
    try check(rows: rows.count)
    let ofLevel = rows.rows(of: index, levelCount: model.groups[index].levelCount)
    let changes = try deletions(rows, ofLevel)
    return influence(
      of: group, model.groups[index].levels, try information, variance: variance,
      zip(changes, ofLevel).map { ($0, $1.count) })
  }

  private func groupIndex(_ group: String) throws(InferenceError) -> Int {
    if let term = model.terms.first(where: { $0.groupName == group }) { return term.group }
    let known = Set(model.terms.map(\.groupName)).sorted()
    let near = closestName(to: group, among: known).map { "Did you mean “\($0)”? " } ?? ""
    throw .refused(
      "the model has no grouping factor “\(group)”. \(near)It has \(known.joined(separator: ", "))."
    )
  }

  private func check(rows count: Int) throws(InferenceError) {
    guard count != products.observations else { return }
    throw .refused(
      "the model was fitted to \(products.observations) complete rows, and these are \(count). Name the data of the fit."
    )
  }

  /// Sums up parts of all rows, each made of a chunk's working columns and its y − Xβ̂.
  private func sum<Part: Sendable>(
    _ table: NewTable, _ part: @escaping @Sendable (WorkingRows.Columns, [Double]) -> Part,
    _ add: (Part) -> Void
  ) throws {
    try table.reader.read(
      table.rows.working.design.columns,
      transform: { [predict = table.rows] chunk in
        let columns = try predict.columns(chunk, wantsX: true)
        let fixed = predict.fixed(columns)
        return part(columns, zip(columns.rows.response, fixed).map { $0 - $1 })
      },
      consume: add)
  }

  private func workingTable(_ table: NewTable) throws -> WorkingTable {
    var all = WorkingTable(model)
    let empty = all
    try sum(
      table,
      { columns, e in
        var part = empty
        part.append(columns, residuals: e)
        return part
      }, { all.append($0) })
    return all
  }

  private func influenceOfOnly(_ group: String, _ table: NewTable) throws -> GroupInfluence {
    let shape = LevelShares.Shape(p: model.fixedEffectCount, ℓ: model.groups[0].size)
    var total = LevelShares(shape, levelCount: model.groups[0].levelCount)
    try sum(
      table, { LevelShares(shape, $0, residuals: $1) }, { total.add($0) })
    try check(rows: total.rows)
    var factors = model.covariance.emptyFactors
    model.covariance.factors(φ, into: &factors)
    let reduced = ReducedShares(model, factors[0], total, threads: options.threads)
    let S = try information
    return influence(
      of: group, model.groups[0].levels, S, variance: variance,
      model.groups[0].levels.indices.map { j in
        let (Sj, rj) = reduced.level(j)
        return (Self.change(S - Sj, rj, scale: S), total.share(j).rows)
      })
  }

  /// S = XᵀV⁻¹X in working coordinates.
  private var information: DenseMatrix {
    get throws { DenseCholesky.inverse(factor: try coefficients.Φ.choleskyFactor) }
  }

  /// - Parameters:
  ///   - group: The grouping factor.
  ///   - labels: Of its levels.
  ///   - S: XᵀV⁻¹X times `variance`.
  ///   - variance: σ², or 1 where it is in V.
  ///   - levels: β̂ − β̂₍ⱼ₎ in working coordinates, and rows.
  ///   - unit: Of these differences, in units of the response.
  func influence(
    of group: String, _ labels: [String], _ S: DenseMatrix, variance: Double,
    _ levels: [(change: [Double]?, rows: Int)], unit: Double = 1
  ) -> GroupInfluence {
    let names = model.fixed.kept.map { model.fixed.names[$0] }
    let results = zip(labels, levels).map { name, level in
      let cook = level.change.map { dot($0, S * $0) / (variance * Double($0.count)) }
      let reported = level.change.map {
        model.fixed.solveR(
          DenseMatrix(rows: $0.count, columns: 1, storage: $0.map { unit * $0 })
        ).storage
      }
      return GroupInfluence.Level(
        name: name, rows: level.rows, cooksDistance: cook ?? .nan,
        changes: reported ?? names.map { _ in .nan })
    }
    return GroupInfluence(group: group, coefficients: names, levels: results)
  }

  /// A⁻¹r; nil where A, a part of S, is singular.
  static func change(_ A: DenseMatrix, _ r: [Double], scale S: DenseMatrix) -> [Double]? {
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
