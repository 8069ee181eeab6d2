// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension WholeSystem {
  /// tr G_ij and uᵢᵀuⱼ of a group's levels and of the pairs where its Q has entries, from G = K⁻¹ (M⁻¹ for
  /// ML) on the pattern of the equations.
  func precisionSlopes(_ x: Inputs, _ g: Int) -> PrecisionSlopes {
    let (group, entries) = (model.groups[g], model.groups[g].precision.edges)
    let ℓ = group.size
    func product(_ a: Int, _ b: Int) -> Double {
      (0..<ℓ).reduce(0) { $0 + x.ζ[a + $1] * x.ζ[b + $1] }
    }
    var inverse = PrecisionSlopes.Entries(levels: [], edges: [])
    var squares = inverse
    inverse.levels.reserveCapacity(group.levelCount)
    squares.levels.reserveCapacity(group.levelCount)
    for level in 0..<group.levelCount {
      let first = start(g, level)
      inverse.levels.append((0..<ℓ).reduce(0) { $0 + x.G[layout.pattern.columnStarts[first + $1]] })
      squares.levels.append(product(first, first))
    }
    let firstEdge = firstPrecisionEdge(g)
    inverse.edges.reserveCapacity(entries.count)
    squares.edges.reserveCapacity(entries.count)
    for (k, entry) in entries.enumerated() {
      let (row, column) = (start(g, Int(entry.row)), start(g, Int(entry.column)))
      let place = layout.pairPlacement[firstEdge + k]
      let first = place.rowIsColumn ? row : column
      inverse.edges.append(
        (0..<ℓ).reduce(0) { sum, c in
          sum + x.G[layout.pattern.columnStarts[first + c] + (ℓ - c) + place.offset + c]
        })
      squares.edges.append(product(row, column))
    }
    return PrecisionSlopes(inverse: inverse, squares: squares)
  }

  /// Where the entries of a group's Q begin among all pairs of levels.
  private func firstPrecisionEdge(_ g: Int) -> Int {
    model.pairs.reduce(0) { $0 + $1.rowLevels.count }
      + model.groups[..<g].reduce(0) { $0 + $1.precision.edges.count }
  }
}
