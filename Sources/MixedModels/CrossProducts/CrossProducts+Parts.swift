// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

extension CrossProducts {
  /// Parts that are of strata; those of steps are behind them.
  package var strataPartCount: Int { basis.strata.map { cellSets[$0].count } ?? 0 }

  /// A part without rows.
  var emptyPart: ProductSums { ProductSums(emptyOf: basis, like: groups, pairs: groupPairs) }

  /// Makes room for the strata of `other`.
  ///
  /// - Parameters:
  ///   - maps: For every cell set the code here of every code there.
  ///   - known: How many strata there were.
  /// - Returns: the part here of every such part there.
  mutating func placesOfStrata(
    _ maps: [[Int32]], known: Int
  ) throws(FitError) -> [(here: Int, there: Int)] {
    guard let strata = basis.strata else { return [] }
    try checkStrata(strata)
    for _ in known..<strataPartCount { parts.insert(emptyPart, at: known) }
    return maps[strata].enumerated().map { (Int($1), $0) }
  }

  /// Adds parts of `other`, of which everything else was added.
  ///
  /// - Parameters:
  ///   - maps: For every cell set the code here of every code there.
  ///   - places: The part here of parts there.
  mutating func addParts(
    of other: CrossProducts, _ maps: [[Int32]], _ places: [(here: Int, there: Int)]
  ) {
    let (basis, pairsOfGroups) = (basis, groupPairs)
    let directories = groups.map { ($0.directory, levels: $0.levelCount) }
    let fixedDirectory = fixed.directory
    for k in parts.indices {
      parts[k].adopt(fixed: fixedDirectory, groups: directories, pairs: pairsOfGroups)
    }
    for (k, there) in places {
      let theirs = other.parts[there]
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
