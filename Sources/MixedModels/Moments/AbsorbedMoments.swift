// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension CovarianceMoments {
  /// Crossed factors: the levels of one group, the leading one, are absorbed, so that only matrices
  /// between the random effects of the others (the core, c) are dense.
  ///
  /// With V₀ the covariance without the core, B₀ = ZᵀV₀⁻¹Z is D for the leading group (a block per
  /// level) and F between it and the core, where rows connect them; and with T = Λ_c(Λ_cᵀB₀Λ_c +
  /// I)⁻¹Λ_cᵀ and N = I − TB₀ of the core
  ///
  ///     B = D − FTFᵀ (leading)    FN (leading × core)    B₀N (core)    H = H₀ − FTH₀,c (leading)
  ///
  /// so that the traces need Γ_r = FᵀE_rF only, sums over levels: tr(BE_rBE_s) = tr(DE_rDE_s) −
  /// 2 tr(FTFᵀE_rDE_s) + tr(TΓ_rTΓ_s) of the leading group, tr(NᵀΓ_rNE_s) between the two.
  /// - Throws: `NotPositiveDefinite`.
  static func absorbed(
    _ model: LinearMixedModel, _ parameters: [CovarianceParameter], factors: [[Double]],
    leading: Int
  ) throws -> CovarianceMoments {
    var moments = CovarianceMoments(p: model.fixedEffectCount, count: parameters.count)
    var rows = LeadingRows(model, leading)
    var (A, C) = rows.core(model)
    rows.absorb(model, parameters, factors[leading], from: &A, &C)
    guard
      let core = ComponentMatrices(
        A, C, blocks: rows.coreBlocks, sizes: model.groups.map(\.size), factors: factors,
        wantsCorrection: true), let (T, N) = core.correction
    else { throw NotPositiveDefinite(column: 0) }
    A = DenseMatrix(rows: 0, columns: 0)
    core.add(parameters, to: &moments)
    let own = parameters.indices.filter { parameters[$0].group == leading }
    var sums = own.map { _ in
      LevelSums(
        Γ: DenseMatrix(rows: T.rows, columns: T.rows),
        U: DenseMatrix(rows: T.rows, columns: model.fixedEffectCount))
    }
    rows.add(
      model, own.map { ($0, parameters[$0]) }, factors[leading], T: T, TH: T * C, to: &moments,
      &sums)
    for (k, r) in own.enumerated() {
      let TΓ = T * sums[k].Γ
      let TU = T * sums[k].U
      for (l, s) in own.enumerated() where s <= r {
        let pair = Self.pair(r, s)
        let other = l == k ? TΓ : T * sums[l].Γ
        moments.traces[pair] += dot(TΓ.storage, other.transposed.storage)
        moments.add(-1 * TU.multipliedByTransposeOnLeft(sums[l].U), r, s)
      }
      let Y = N.multipliedByTransposeOnLeft(sums[k].Γ * N)
      let UN = N.multipliedByTransposeOnLeft(sums[k].U)
      for (s, σ) in parameters.enumerated() where σ.group != leading {
        for block in rows.coreBlocks where block.group == σ.group {
          moments.traces[Self.pair(max(r, s), min(r, s))] +=
            (σ.isDiagonal ? 1 : 2) * Y[block.row + σ.i, block.row + σ.j]
        }
        moments.add(UN.multipliedByTransposeOnLeft(core.pattern(σ)), r, s)
      }
    }
    guard moments.traces.allSatisfy(\.isFinite) else { throw NotPositiveDefinite(column: 0) }
    return moments
  }

  /// Adds a part of HᵀE_rBE_sH.
  private mutating func add(_ part: DenseMatrix, _ r: Int, _ s: Int) {
    let matrix = r >= s ? part : part.transposed
    let base = Self.pair(max(r, s), min(r, s)) * p * p
    for k in 0..<p * p { HEBEH[base + k] += matrix.storage[k] }
  }
}
