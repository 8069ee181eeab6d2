// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// One A_k of several, [Z X y]ᵀW[Z X y] over some of the rows, in the raw columns of the whole.
///
/// Directories and levels are those of the whole, so that blocks stand at the same places; a level or a
/// column without rows here is zero. Pairs of levels are there where they occur in these rows.
package struct ProductSums: Sendable {
  /// Rows.
  package internal(set) var observations = 0
  package internal(set) var fixed: FixedProducts
  package internal(set) var groups: [GroupProducts]
  package internal(set) var pairs: [PairProducts]
}

/// A chunk's rows as sparse rows of [y X] and of every group's Z.
struct ChunkPanels {
  let rows: RowBlock
  /// Cells of every cell set.
  let counts: [Int]
  let x: SparsePanel
  let z: [SparsePanel]

  init(_ rows: RowBlock, counts: [Int], x: SparsePanel, z: [SparsePanel]) {
    (self.rows, self.counts, self.x, self.z) = (rows, counts, x, z)
  }

  /// Of every group the levels of some rows.
  func levels(_ basis: RawBasis, _ some: [Int]) -> [[Int32]] {
    basis.groups.map { picking(some, of: rows.cells[$0.cellSet]) }
  }

  /// The rows of every cell of a cell set.
  func rowsOfStrata(_ set: Int) -> [[Int]] {
    var strata = [[Int]](repeating: [], count: counts[set])
    for stratum in strata.indices { strata[stratum].reserveCapacity(rows.count / counts[set]) }
    for (row, code) in rows.cells[set].enumerated() { strata[Int(code)].append(row) }
    return strata
  }
}

extension ProductSums {
  /// Of some rows of a chunk.
  init(_ basis: RawBasis, pairs groupPairs: [(Int, Int)], _ chunk: ChunkPanels, rows: [Int]) {
    self.init(
      basis, pairs: groupPairs, counts: chunk.counts, x: chunk.x.selecting(rows),
      z: chunk.z.map { $0.selecting(rows) }, levels: chunk.levels(basis, rows),
      weights: picking(rows, of: chunk.rows.weights))
  }

  /// Of rows of [y X] and of every group's Z with their levels.
  ///
  /// - Parameters:
  ///   - counts: Cells of every cell set.
  ///   - z: Empty where rows of Z are added later.
  ///   - levels: Of every group the level of each row.
  init(
    _ basis: RawBasis, pairs groupPairs: [(Int, Int)], counts: [Int], x: SparsePanel, z: [SparsePanel],
    levels: [[Int32]], weights: [Double]
  ) {
    observations = weights.count
    fixed = FixedProducts(basis.fixed)
    fixed.addCells(basis.fixed, counts: counts)
    let width = fixed.directory.count
    if basis.wantsExtendedSums {
      let (products, errors) = x.extendedProducts(columns: width, weights: weights)
      fixed.add(products, errors: errors)
    } else {
      fixed.add(x.weightedProducts(columns: width, weights: weights))
    }
    groups = basis.groups.indices.map { g in
      let group = basis.groups[g]
      var products = GroupProducts(group.blocks)
      products.allocate(
        group.blocks, counts: counts, levels: counts[group.cellSet], xCount: width)
      if !z.isEmpty { products.accumulate(level: levels[g], z: z[g], x: x, w: weights) }
      return products
    }
    pairs = []
    for (g, h) in groupPairs {
      var products = PairProducts(
        rowCapacity: groups[g].zCapacity, columnCapacity: groups[h].zCapacity)
      if g < h, !z.isEmpty {
        products.accumulate(
          rowLevel: levels[g], row: z[g], columnLevel: levels[h], column: z[h], w: weights)
      }
      pairs.append(products)
    }
  }

  /// Without rows, with room for the columns of `whole`.
  init(emptyOf basis: RawBasis, like whole: [GroupProducts], pairs groupPairs: [(Int, Int)]) {
    fixed = FixedProducts(basis.fixed)
    groups = basis.groups.map { GroupProducts($0.blocks) }
    pairs = groupPairs.map { g, h in
      PairProducts(rowCapacity: whole[g].zCapacity, columnCapacity: whole[h].zCapacity)
    }
  }

  /// Makes room for all columns and levels of the whole, `groups` and `fixed` being its directories. The whole
  /// itself would hold these sums a second time, which would then be copied.
  mutating func adopt(
    fixed wholeFixed: ColumnDirectory, groups wholeGroups: [(ColumnDirectory, levels: Int)],
    pairs groupPairs: [(Int, Int)]
  ) {
    fixed.adopt(wholeFixed)
    for (g, (directory, levels)) in wholeGroups.enumerated() {
      groups[g].adopt(directory, levels: levels, xCount: wholeFixed.count)
    }
    for (pair, (g, h)) in groupPairs.enumerated() {
      pairs[pair].adopt(rowCapacity: groups[g].zCapacity, columnCapacity: groups[h].zCapacity)
    }
  }

  /// Sorts what merging left unsorted.
  mutating func finish() {
    for pair in pairs.indices { pairs[pair].compact() }
  }
}
