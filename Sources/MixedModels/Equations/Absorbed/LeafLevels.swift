// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// Leaves: levels that occur with one level of the leading group and nothing else, such as items
/// that were rated once. They are eliminated before the leading levels, which makes the core
/// smaller.
///
/// With U the leaf's block of Λ, D_c = UᵀA_ccU + I = LLᵀ and W_co = L⁻¹UᵀA_co, where o stands for the
/// partner j, X and y:
///
///     A_jj ← A_jj − W_cjᵀW_cj,   A_jx ← A_jx − W_cjᵀW_cx,   tail ← tail − W_cxᵀW_cx.
final class LeafLevels {
  /// One leaf: its group and level, and its partner.
  struct Leaf {
    let group: Int
    let level: Int
    let partner: Int
    /// Where its columns begin.
    let start: Int
  }
  let leaves: [Leaf]
  /// Leaves of the k-th partner: `starts[k]..<starts[k + 1]`.
  private let starts: [Int]
  /// A_cj and A_c[X y] side by side, m × (ℓ + p + 1), leaf after leaf.
  private let blocks: [Double]
  let model: LinearMixedModel
  let leading: Int
  private let widest: Int

  init?(_ model: LinearMixedModel, _ incidence: Incidence) {
    guard !incidence.leaves.isEmpty else { return nil }
    let ℓ = model.groups[incidence.leading].size
    var leaves: [Leaf] = []
    var blocks: [Double] = []
    var starts: [Int] = []
    for leaf in incidence.leaves {
      let group = Int(incidence.groupOfNode[leaf.node])
      let m = model.groups[group].size
      if leaves.last?.partner != leaf.partner { starts.append(leaves.count) }
      leaves.append(
        Leaf(
          group: group, level: incidence.level(of: leaf.node), partner: leaf.partner,
          start: blocks.count))
      let pair = model.pairs[leaf.pair]
      let isRow = pair.rowGroup == group
      blocks += [Double](unsafeUninitializedCapacity: m * ℓ) { buffer, count in
        pair.copyBlock(
          leaf.place, rows: isRow ? m : ℓ, columns: isRow ? ℓ : m, transposed: !isRow,
          to: buffer.baseAddress!)
        count = m * ℓ
      }
      let level = incidence.level(of: leaf.node)
      let w = model.tail.columns
      blocks += model.groups[group].zx[level * m * w..<(level + 1) * m * w]
    }
    self.leaves = leaves
    self.starts = starts + [leaves.count]
    self.blocks = blocks
    self.model = model
    leading = incidence.leading
    widest = model.groups.reduce(0) { max($0, $1.size) }
  }

  /// A_cj and A_c[X y] of one leaf side by side, m × (ℓ + p + 1).
  func columns(_ leaf: Leaf) -> DenseMatrix {
    let m = model.groups[leaf.group].size
    let count = model.groups[leading].size + model.tail.columns
    return DenseMatrix(
      rows: m, columns: count, storage: Array(blocks[leaf.start..<leaf.start + m * count]))
  }

  func diagonal(_ leaf: Leaf) -> [Double] {
    let m = model.groups[leaf.group].size
    return Array(model.groups[leaf.group].zz[leaf.level * m * m..<(leaf.level + 1) * m * m])
  }

  /// Eliminates all leaves: from the blocks of their partners among `levels`, which are taken from
  /// the model anew, and from the lower triangle of `tail`, (p + 1) × (p + 1).
  ///
  /// - Returns: Σ log |D|; NaN where a D is not finite.
  func absorb(
    _ factors: [[Double]], into levels: LeadingLevels, from tail: UnsafeMutablePointer<Double>
  ) -> Double {
    let (ℓ, w) = (levels.size, levels.width)
    var pivots = ScalarPivotProduct()
    var L = [Double](repeating: 0, count: widest * widest)
    var P = L
    var W = [Double](repeating: 0, count: widest * (ℓ + w))
    for k in 0..<starts.count - 1 {
      let own = starts[k]..<starts[k + 1]
      let j = leaves[own.lowerBound].partner
      levels.restore(j, model.groups[leading])
      for leaf in leaves[own] {
        let m = model.groups[leaf.group].size
        model.groups[leaf.group].zz.withUnsafeBufferPointer { zz in
          factorizeLevel(
            m, zz.baseAddress! + leaf.level * m * m, factors[leaf.group], &L, &P, &pivots)
        }
        for x in 0..<ℓ + w {
          for i in 0..<m {
            var sum = 0.0
            for k in 0..<m { sum += P[k * m + i] * blocks[leaf.start + x * m + k] }
            W[x * m + i] = sum
          }
        }
        levels.subtract(j, W, rows: m)
        for x in 0..<w {
          for y in x..<w {
            for i in 0..<m { tail[x * w + y] -= W[(ℓ + x) * m + i] * W[(ℓ + y) * m + i] }
          }
        }
      }
    }
    return pivots.logarithm
  }
}

extension LeadingLevels {
  /// Takes A_jj and A_j[X y] from the model.
  fileprivate func restore(_ j: Int, _ group: RandomEffectsGroup) {
    let (ℓ, w) = (size, width)
    for x in j * ℓ * ℓ..<(j + 1) * ℓ * ℓ { zz[x] = group.zz[x] }
    let tail = A.start + (columnStarts[j + 1] - w) * ℓ
    for x in 0..<ℓ * w { tail[x] = group.zx[j * ℓ * w + x] }
  }

  /// A_jj ← A_jj − W_jᵀW_j and A_jx ← A_jx − W_jᵀW_x for W = [W_j W_x] of a leaf, `rows` × (ℓ + p + 1).
  fileprivate func subtract(_ j: Int, _ W: [Double], rows m: Int) {
    let (ℓ, w) = (size, width)
    let tail = A.start + (columnStarts[j + 1] - w) * ℓ
    for x in 0..<ℓ + w {
      for k in 0..<ℓ {
        var sum = 0.0
        for i in 0..<m { sum += W[x * m + i] * W[k * m + i] }
        if x < ℓ { zz[(j * ℓ + x) * ℓ + k] -= sum } else { tail[(x - ℓ) * ℓ + k] -= sum }
      }
    }
  }
}
