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
    basis.groups.map { group in some.map { rows.cells[group.cellSet][$0] } }
  }

  /// The rows of every cell of a cell set.
  func rowsOfStrata(_ set: Int) -> [[Int]] {
    var strata = [[Int]](repeating: [], count: counts[set])
    for (row, code) in rows.cells[set].enumerated() { strata[Int(code)].append(row) }
    return strata
  }
}

extension ProductSums {
  /// Of some rows of a chunk.
  init(_ basis: RawBasis, like whole: CrossProducts, _ chunk: ChunkPanels, rows: [Int]) {
    self.init(
      basis, like: whole, counts: chunk.counts, x: chunk.x.selecting(rows),
      z: chunk.z.map { $0.selecting(rows) }, levels: chunk.levels(basis, rows),
      weights: rows.map { chunk.rows.weights[$0] })
  }

  /// Of rows of [y X] and of every group's Z with their levels.
  ///
  /// - Parameters:
  ///   - counts: Cells of every cell set.
  ///   - z: Empty where rows of Z are added later.
  ///   - levels: Of every group the level of each row.
  init(
    _ basis: RawBasis, like whole: CrossProducts, counts: [Int], x: SparsePanel, z: [SparsePanel],
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
    for (g, h) in whole.groupPairs {
      var products = PairProducts(
        rowCapacity: groups[g].zCapacity, columnCapacity: groups[h].zCapacity)
      if g < h, !z.isEmpty {
        products.accumulate(
          rowLevel: levels[g], row: z[g], columnLevel: levels[h], column: z[h], w: weights)
      }
      pairs.append(products)
    }
  }

  /// Without rows.
  init(emptyOf whole: CrossProducts) {
    fixed = FixedProducts(whole.basis.fixed)
    groups = whole.basis.groups.map { GroupProducts($0.blocks) }
    pairs = whole.groupPairs.map { g, h in
      PairProducts(
        rowCapacity: whole.groups[g].zCapacity, columnCapacity: whole.groups[h].zCapacity)
    }
  }

  /// Makes room for all columns and levels of the whole, `groups` and `fixed` being its directories. The whole
  /// itself would hold these sums a second time, which would then be copied.
  fileprivate mutating func adopt(
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

extension CrossProducts {
  /// Adds the parts of `other`, of which everything else was added.
  ///
  /// - Parameters:
  ///   - maps: For every cell set the code here of every code there.
  ///   - places: The part here of every part there.
  ///   - count: How many parts there are then.
  mutating func addParts(
    of other: CrossProducts, _ maps: [[Int32]], places: [Int], count: Int
  ) {
    for _ in parts.count..<count { parts.append(ProductSums(emptyOf: self)) }
    let (basis, pairsOfGroups) = (basis, groupPairs)
    let directories = groups.map { ($0.directory, levels: $0.levelCount) }
    let fixedDirectory = fixed.directory
    for k in parts.indices {
      parts[k].adopt(fixed: fixedDirectory, groups: directories, pairs: pairsOfGroups)
    }
    for (k, theirs) in zip(places, other.parts) {
      parts[k].observations += theirs.observations
      let xColumns = parts[k].fixed.merge(theirs.fixed, blocks: basis.fixed, maps: maps)
      let zColumns = basis.groups.indices.map { g in
        parts[k].groups[g].merge(
          theirs.groups[g], columns: basis.groups[g].blocks, levels: maps[basis.groups[g].cellSet],
          levelCount: directories[g].levels, maps: maps, xColumns: xColumns,
          xCount: fixedDirectory.count)
      }
      for (pair, (g, h)) in pairsOfGroups.enumerated() {
        parts[k].pairs[pair].merge(
          theirs.pairs[pair], rowLevelMap: maps[basis.groups[g].cellSet],
          columnLevelMap: maps[basis.groups[h].cellSet], rowColumns: zColumns[g],
          columnColumns: zColumns[h], rowCapacity: parts[k].groups[g].zCapacity,
          columnCapacity: parts[k].groups[h].zCapacity)
      }
    }
  }

  /// - Throws: `FitError.strata` where there are more than anybody can mean.
  func checkStrata(_ set: Int) throws(FitError) {
    try Self.checkStrata(specification, count: cellSets[set].count)
  }

  static func checkStrata(_ specification: ModelSpecification, count: Int) throws(FitError) {
    guard count > BoundStrata.most else { return }
    throw .strata(
      specification.strata?.name ?? "",
      "has more than \(BoundStrata.most) levels, each of which would have a residual variance of its own. Name a factor with fewer. \(StrataFormula.powers)"
    )
  }
}
