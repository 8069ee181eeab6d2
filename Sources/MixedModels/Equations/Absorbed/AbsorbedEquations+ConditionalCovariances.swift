// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension AbsorbedEquations {
  /// Blocks of M⁻¹: those of the core's inverse G (X and y left out), and what follows from G for
  /// the leading levels.
  package func conditionalCovariances() throws -> [[Double]] {
    let inverse = try invertCore(leading: layout.size)
    var blocks = model.groups.enumerated().map { g, group in
      [Double](
        repeating: 0, count: g == layout.leading ? 0 : group.levelCount * group.size * group.size)
    }
    forEachLeaf(inverse, fixed: 0) { leaves, leaf, partner in
      let block = leaves.inverseBlock(leaf, factors, partner).storage
      let start = leaf.level * block.count
      blocks[leaf.group].replaceSubrange(start..<start + block.count, with: block)
    }
    for (place, node) in layout.order.enumerated() {
      let g = Int(layout.incidence.groupOfNode[node])
      let (m, first) = (model.groups[g].size, layout.scalarStart[place])
      let base = layout.incidence.level(of: node) * m * m
      blocks[g].replaceSubrange(base..<base + m * m, with: inverse.block(first, m))
    }
    let T = factors[layout.leading]
    blocks[layout.leading] =
      switch leadingLevels {
      case .packs(let packs):
        packs.conditionalCovariances(T, levels: model.groups[layout.leading].levelCount, team)
      case .levels(let levels):
        levels.conditionalCovariances(
          T, inverse, factors: factors, groupOfScalar: groupOfScalar, team)
      }
    return blocks
  }

  /// Calls `body` with every leaf and the inverse at its partner; `fixed` is the number of X's
  /// columns that G has.
  func forEachLeaf(
    _ inverse: CoreInverse, fixed: Int,
    _ body: (LeafLevels, LeafLevels.Leaf, LeafLevels.PartnerInverse) -> Void
  ) {
    guard let leaves, case .levels(let levels) = leadingLevels else { return }
    var partner: (level: Int, inverse: LeafLevels.PartnerInverse)?
    for leaf in leaves.leaves {
      if partner?.level != leaf.partner {
        let own = levels.inverse(
          leaf.partner, factors[layout.leading], inverse, factors: factors,
          groupOfScalar: groupOfScalar, fixed: fixed)
        partner = (leaf.partner, own)
      }
      body(leaves, leaf, partner!.inverse)
    }
  }

  /// G, the inverse of the core's leading k × k block. A dense core is inverted in place: until the
  /// next update there are no other answers.
  func invertCore(leading k: Int) throws -> CoreInverse {
    switch core {
    case .dense(let dense):
      precondition(isFactored, "the core was inverted: update first")
      isFactored = false
      TiledCholesky.invert(dense.matrix.start, size: k, stride: dense.size, team)
      return .dense(dense.matrix.start, stride: dense.size)
    case .sparse(let sparse): return .sparse(try sparse.factor.inverseSubset(leading: k))
    }
  }
}
