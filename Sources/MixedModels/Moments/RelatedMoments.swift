// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension CovarianceMoments {
  /// Related levels: those with rows are combinations ZLv of independent v, LLᵀ = Q⁻¹ between them, so
  /// that with LᵀZᵀWZL for ZᵀWZ and LᵀZᵀWX for ZᵀWX all is as for independent levels, densely.
  ///
  /// V does not know of levels without rows.
  ///
  /// - Throws: `InferenceError.kenwardRogerTooLarge`; `NotPositiveDefinite`, `CholmodError`.
  static func related(
    _ model: LinearMixedModel, _ parameters: [CovarianceParameter], factors: [[Double]],
    limit given: Int? = nil
  ) throws -> CovarianceMoments {
    let seen = model.withLevelsOfRows
    let (q, p) = (seen.randomEffectCount, seen.fixedEffectCount)
    let limit = given ?? denseLimit
    guard q <= limit / 8 / max(q, 1) else {
      throw InferenceError.kenwardRogerTooLarge(
        group: model.terms.map(\.name).joined(separator: ", "), effects: q, bytes: 8 * q * q,
        limit: limit)
    }
    let layout = CoreRows(seen, leading: -1)
    let all = layout.assembled(seen)
    let (random, fixed) = (Array(0..<q), Array(q..<q + p))
    var A = all.submatrix(rows: random, columns: random)
    var C = all.submatrix(rows: random, columns: fixed)
    for (g, group) in model.groups.enumerated() {
      guard case .sparse(let Q) = group.precision else { continue }
      let (levels, ℓ) = (seen.groups[g].levelCount, group.size)
      var factor = try PrecisionFactor(Q.diagonal, Q.edges)
      var L = try factor.inverse(of: Array(0..<levels))
      try DenseCholesky.factorize(&L)
      L.clearUpperTriangle()
      for i in 0..<ℓ {
        let rows = (0..<levels).map { layout.firstRows[g] + $0 * ℓ + i }
        A.replaceRows(rows, by: L)
        C.replaceRows(rows, by: L)
      }
      A = A.transposed
      for i in 0..<ℓ { A.replaceRows((0..<levels).map { layout.firstRows[g] + $0 * ℓ + i }, by: L) }
    }
    let blocks = seen.groups.enumerated().flatMap { g, group in
      (0..<group.levelCount).map { (group: g, row: layout.firstRows[g] + $0 * group.size) }
    }
    var moments = CovarianceMoments(p: p, count: parameters.count)
    guard
      let matrices = ComponentMatrices(
        A, C, blocks: blocks, sizes: model.groups.map(\.size), factors: factors)
    else { throw NotPositiveDefinite(column: 0) }
    matrices.add(parameters, to: &moments)
    guard moments.traces.allSatisfy(\.isFinite) else { throw NotPositiveDefinite(column: 0) }
    return moments
  }
}

extension LinearMixedModel {
  /// Without the levels that a relationship adds to those of the data, which come first.
  fileprivate var withLevelsOfRows: LinearMixedModel {
    let groups = groups.enumerated().map { g, group in
      guard !group.precision.isIdentity else { return group }
      // Of covarying factors the other's levels with rows may lie further back.
      let ranks = [group.rank] + self.groups.filter { $0.source == g }.map(\.rank)
      let count = (ranks.compactMap { $0.max() }.max() ?? -1) + 1
      let width = group.zx.count / max(group.levelCount, 1)
      return RandomEffectsGroup(
        size: group.size, levels: Array(group.levels[..<count]),
        zz: Array(group.zz[..<(count * group.size * group.size)]),
        zx: Array(group.zx[..<(count * width)]), rank: group.rank, B: group.B, precision: .identity)
    }
    return LinearMixedModel(
      observations: observations, sumOfLogWeights: sumOfLogWeights, groups: groups,
      fixedLevels: nil, pairs: pairs, tail: tail, covariance: covariance, fixed: fixed, terms: terms,
      knownVariance: knownVariance)
  }
}

extension DenseMatrix {
  /// Some rows become Lᵀ times them.
  fileprivate mutating func replaceRows(_ rows: [Int], by L: DenseMatrix) {
    let product = L.multipliedByTransposeOnLeft(
      submatrix(rows: rows, columns: Array(0..<columns)))
    for j in 0..<columns { for (k, row) in rows.enumerated() { self[row, j] = product[k, j] } }
  }

  fileprivate mutating func clearUpperTriangle() {
    for j in 0..<columns { for i in 0..<j { self[i, j] = 0 } }
  }
}
