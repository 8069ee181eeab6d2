// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// How the covariance parameters, in which V = σ²W⁻¹ + Σ γ_r G_r is linear, move V: second moments
/// tr(MG_rMG_s) of the G_r in units of the prior weights, W^½G_rW^½, and of the identity that stands
/// for the residual.
///
/// With M = I, as maximum likelihood sees V, and with M = I − XXᵀ (X orthonormal), as the error
/// contrasts of REML see it:
///
///     tr(MG_rMG_s) = tr(BE_rBE_s),  tr(MG_r) = tr(BE_r),  tr M = n − p,  B = A − CCᵀ,
///
/// A = ZᵀWZ and C = ZᵀWX. B is never formed: A has blocks where levels occur together only, and
///
///     tr(BE_rBE_s) = tr(AE_rAE_s) − 2 tr(CᵀE_rAE_sC) + tr(CᵀE_rC CᵀE_sC).
///
/// No θ comes in, so that one pass over the cross-products says what any search could determine.
struct ContrastMoments {
  /// m + 1 of them in every direction, the residual last.
  let whole: DenseMatrix
  /// The same on the error contrasts.
  var contrasts: DenseMatrix

  init(_ model: LinearMixedModel, _ places: [ParameterPlace], wantsContrasts: Bool) {
    let m = places.count
    let p = wantsContrasts ? model.fixedEffectCount : 0
    var whole = DenseMatrix(rows: m + 1, columns: m + 1)
    var contrasts = whole
    let n = Double(model.observations)
    (whole[m, m], contrasts[m, m]) = (n, n - Double(p))

    let fixedSums = model.groups.map { p > 0 ? FixedSums($0, p: p, tail: model.tail.columns) : nil }
    let images = places.map { fixedSums[$0.group]?.image($0) }  // CᵀE_rC
    func set(_ r: Int, _ s: Int, _ moment: BlockMoments) {
      let (T, S) = moment.traces(places[r], places[s])
      let F = images[r].flatMap { a in images[s].map { dot(a.storage, $0.storage) } } ?? 0
      (whole[r, s], whole[s, r]) = (T, T)
      (contrasts[r, s], contrasts[s, r]) = (T - 2 * S + F, T - 2 * S + F)
    }
    let groups = model.groups.indices.map { g in places.indices.filter { places[$0].group == g } }
    for (g, group) in model.groups.enumerated() {
      let own = BlockMoments(group, p: p, tail: model.tail.columns)
      for r in groups[g] { for s in groups[g] where s <= r { set(r, s, own) } }
      for r in groups[g] {
        let trace = own.trace(places[r])
        let rest = trace - (images[r]?.trace ?? 0)
        (whole[r, m], whole[m, r]) = (trace, trace)
        (contrasts[r, m], contrasts[m, r]) = (rest, rest)
      }
    }
    // Levels of two groups that never occur together have C's part only.
    for r in places.indices {
      for s in 0..<r where places[r].group != places[s].group {
        let F = images[r].flatMap { a in images[s].map { dot(a.storage, $0.storage) } } ?? 0
        (contrasts[r, s], contrasts[s, r]) = (F, F)
      }
    }
    for pair in model.pairs {
      let moment = BlockMoments(
        pair, model.groups[pair.rowGroup], model.groups[pair.columnGroup], p: p,
        tail: model.tail.columns)
      for r in groups[pair.rowGroup] { for s in groups[pair.columnGroup] { set(r, s, moment) } }
    }
    (self.whole, self.contrasts) = (whole, contrasts)
  }
}

extension ContrastMoments {
  /// The same in units of V where the effects of usual levels have the size of the residuals, that is
  /// the expected information about the parameters there, but for ½: levels with many rows or large
  /// weights do not outweigh the others by the squares of their sizes.
  ///
  /// nil where that would take too much memory, or is not finite.
  init?(informationOf model: LinearMixedModel) {
    let p = model.fixedEffectCount
    let φ = model.usualFactors
    guard let (moments, parameters) = try? CovarianceMoments.of(model, φ, threads: 1) else {
      return nil
    }
    let XVX =
      model.tail.submatrix(rows: Array(0..<p), columns: Array(0..<p))
      - moments.matrix(moments.absorbed, 0)
    var factor = XVX
    guard (try? DenseCholesky.factorize(&factor)) != nil else { return nil }
    let Φ = DenseCholesky.inverse(factor: factor)
    let sums = ParameterSums(moments, parameters, XVX, observations: model.observations)
    let ΦPΦ = sums.P.map { Φ * $0 * Φ }
    whole = sums.T
    contrasts = whole
    for r in sums.P.indices {
      for s in 0...r {
        contrasts[r, s] +=
          dot(sums.P[r].storage, ΦPΦ[s].storage) - 2 * dot(Φ.storage, sums.Q[r][s].storage)
        contrasts[s, r] = contrasts[r, s]
      }
    }
    guard contrasts.isFinite, whole.isFinite else { return nil }
  }
}

extension LinearMixedModel {
  /// φ without covariances where every working column's variance is as many times 1 as the mean of its
  /// levels' sums of squares is times their geometric mean.
  fileprivate var usualFactors: [Double] {
    covariance.blocks.flatMap { block in
      (0..<block.size).flatMap { j in
        let deviation = groups[block.group].spread(block.offset + j).squareRoot()
        return (j..<block.size).map { $0 == j ? deviation : 0 }
      }
    }
  }
}

extension RandomEffectsGroup {
  /// Of one column over the levels that have it.
  fileprivate func spread(_ column: Int) -> Double {
    let squares = (0..<levelCount).map { zz[($0 * size + column) * size + column] }
    let least = 1e-14 * (squares.max() ?? 0)
    let present = squares.filter { $0 > least }
    guard !present.isEmpty else { return 1 }
    let count = Double(present.count)
    return present.reduce(0, +) / count / exp(present.reduce(0) { $0 + log($1) } / count)
  }
}

/// A covariance parameter by its place: an element of one term's covariance matrix in working
/// columns.
struct ParameterPlace {
  let block: Int
  let group: Int
  /// Columns of the group, j ≤ i.
  let i: Int
  let j: Int

  /// e_a e_bᵀ, of which E_r is the sum.
  var units: [(a: Int, b: Int)] { i == j ? [(i, j)] : [(i, j), (j, i)] }
}

/// CᵀE_rC from Σ_j of the products of C's rows at a level.
private struct FixedSums {
  private let size: Int
  private let p: Int
  private let tail: Int
  /// (ℓ (p + 1))², of vec [ZⱼᵀWX, ZⱼᵀWy].
  private let products: DenseMatrix

  init(_ group: RandomEffectsGroup, p: Int, tail: Int) {
    (size, self.p, self.tail) = (group.size, p, tail)
    products = pooled(group.zx, rows: group.size * tail, count: group.levelCount)
  }

  func image(_ place: ParameterPlace) -> DenseMatrix {
    var F = DenseMatrix(rows: p, columns: p)
    for (a, b) in place.units {
      for d in 0..<p { for c in 0..<p { F[c, d] += products[c * size + a, d * size + b] } }
    }
    return F
  }
}

/// Sums over blocks of A, of levels that occur together: Σ vec A_jk vec A_jkᵀ and Σ vec A_jk vec
/// (C_jC_kᵀ)ᵀ.
private struct BlockMoments {
  private let rows: Int
  private var squares: DenseMatrix
  private var mixed: DenseMatrix?
  private var sum: [Double]

  /// The diagonal blocks of a group.
  init(_ group: RandomEffectsGroup, p: Int, tail: Int) {
    let ℓ = group.size
    rows = ℓ
    squares = pooled(group.zz, rows: ℓ * ℓ, count: group.levelCount)
    sum = [Double](repeating: 0, count: ℓ * ℓ)
    for level in 0..<group.levelCount {
      for k in 0..<ℓ * ℓ { sum[k] += group.zz[level * ℓ * ℓ + k] }
    }
    guard p > 0 else { return }
    mixed = Self.mixed(group.zz, count: group.levelCount, group, group, p, tail) { ($0, $0) }
  }

  /// The blocks between two groups.
  init(
    _ pair: CoOccurrence, _ row: RandomEffectsGroup, _ column: RandomEffectsGroup, p: Int,
    tail: Int
  ) {
    rows = row.size
    sum = []
    let count = pair.rowLevels.count
    squares = pooled(pair.blocks, rows: row.size * column.size, count: count)
    guard p > 0 else { return }
    mixed = Self.mixed(pair.blocks, count: count, row, column, p, tail) {
      (Int(pair.rowLevels[$0]), Int(pair.columnLevels[$0]))
    }
  }

  private static func mixed(
    _ blocks: [Double], count: Int, _ row: RandomEffectsGroup, _ column: RandomEffectsGroup,
    _ p: Int, _ tail: Int, _ levels: (Int) -> (Int, Int)
  ) -> DenseMatrix {
    let (m, n) = (row.size, column.size)
    var result = DenseMatrix(rows: m * n, columns: m * n)
    for first in stride(from: 0, to: count, by: chunk) {
      let last = min(first + chunk, count)
      var G = DenseMatrix(rows: m * n, columns: last - first)
      row.zx.withUnsafeBufferPointer { left in
        column.zx.withUnsafeBufferPointer { right in
          for index in first..<last {
            let (j, k) = levels(index)
            let (from, other) = (j * m * tail, k * n * tail)
            var target = (index - first) * m * n
            for d in 0..<n {
              for a in 0..<m {
                var sum = 0.0
                for c in 0..<p { sum += left[from + c * m + a] * right[other + c * n + d] }
                G.storage[target] = sum
                target += 1
              }
            }
          }
        }
      }
      let A = DenseMatrix(
        rows: m * n, columns: last - first, storage: Array(blocks[first * m * n..<last * m * n]))
      result = result + A.multipliedByTransposeOnRight(G)
    }
    return result
  }

  /// tr(AE_rAE_s) and tr(CᵀE_rAE_sC).
  func traces(_ r: ParameterPlace, _ s: ParameterPlace) -> (Double, Double) {
    var (T, S) = (0.0, 0.0)
    for (a, b) in r.units {
      for (c, d) in s.units {
        T += squares[c * rows + b, d * rows + a]
        if let mixed { S += mixed[c * rows + b, d * rows + a] }
      }
    }
    return (T, S)
  }

  /// tr(AE_r) of a group.
  func trace(_ r: ParameterPlace) -> Double {
    r.units.reduce(0) { $0 + sum[$1.b * rows + $1.a] }
  }
}

/// Blocks multiplied at a time: of a size that stays in the cache, and sums of sums, which keep
/// digits.
private let chunk = 2048

/// Σ v vᵀ over consecutive vectors.
private func pooled(
  _ values: [Double], rows: Int, count: Int
) -> DenseMatrix {
  var result = DenseMatrix(rows: rows, columns: rows)
  for first in stride(from: 0, to: count, by: chunk) {
    let last = min(first + chunk, count)
    let part = DenseMatrix(
      rows: rows, columns: last - first, storage: Array(values[first * rows..<last * rows]))
    result = result + part.multipliedByTransposeOnRight(part)
  }
  return result
}
