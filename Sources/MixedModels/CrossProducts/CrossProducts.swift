// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames

/// All that a Gaussian mixed model needs of its rows: [Z X y]ᵀW[Z X y], n, Σ log w and the levels'
/// labels.
///
/// A sum over rows: a chunk of a file, a file and a machine's share are the same type, and `merge`
/// adds them.
public struct CrossProducts: Sendable {
  package internal(set) var specification: ModelSpecification
  /// Rows used.
  public internal(set) var observations = 0
  /// Rows left out because a used column was missing.
  public internal(set) var omittedObservations = 0
  package internal(set) var sumOfLogWeights = 0.0
  package internal(set) var sumOfWeights = 0.0
  package internal(set) var cellSets: [CellSet]
  package internal(set) var fixed: FixedProducts
  package internal(set) var groups: [GroupProducts]
  /// Row-major upper triangle of group pairs: (0, 1), (0, 2), …, (1, 2), …
  package internal(set) var pairs: [PairProducts]
  /// The sums of each stratum's rows, in the order of the strata's cells, where there are strata: their sum
  /// is `fixed`, `groups` and `pairs`. Where rows are correlated in time, those of steps behind them, see `gaps`.
  package internal(set) var parts: [ProductSums] = []
  /// Steps from one row of a subject to the next, where rows are correlated in time.
  package internal(set) var gaps = SerialGaps()
  /// The sums by the visits that subjects were seen at, where residuals are correlated between visits.
  var patterns: [VisitPattern] = []
  /// [y X]ᵀW[y X] of every cluster; nil without clusters.
  package internal(set) var clusters: GroupProducts?
  /// Of the atoms that ask for them, parallel to `basis.atoms`.
  package internal(set) var moments: [AtomMoments]
  /// Of the columns that numbers are made of; none in files of earlier versions.
  package internal(set) var columnSums = ColumnSums()
  /// What was read: file names, `-` for standard input.
  public internal(set) var data: [String] = []
  /// What the user should know of how the rows were read and added up; not kept in files.
  package internal(set) var notes: [String] = []
  /// Columns without a value in any row; not kept in files.
  package internal(set) var emptyColumns: [String] = []

  package var basis: RawBasis { specification.basis }

  /// No rows yet.
  init(_ specification: ModelSpecification) {
    let basis = specification.basis
    self.specification = specification
    cellSets = basis.cellSets.map {
      if case .factor = $0 { .factor(LevelDictionary()) } else { .product(PairDictionary()) }
    }
    fixed = FixedProducts(basis.fixed)
    groups = basis.groups.map { GroupProducts($0.blocks) }
    clusters = basis.clusters.map { _ in GroupProducts(ofTail: basis.fixed) }
    pairs = []
    moments = basis.atoms.map { AtomMoments(degree: $0.needsMoments ? $0.degree : 0) }
    pairs = groupPairs.map { g, h in
      PairProducts(rowCapacity: groups[g].zCapacity, columnCapacity: groups[h].zCapacity)
    }
  }

  /// The cross-products of a block of rows, which are of use to `add` only.
  init(_ specification: ModelSpecification, rows: RowBlock) {
    let basis = specification.basis
    self.init(specification)
    observations = rows.count
    omittedObservations = rows.omittedCount
    sumOfWeights = basis.weights == nil ? Double(rows.count) : rows.weights.reduce(0, +)
    sumOfLogWeights =
      basis.weights == nil ? 0 : rows.weights.reduce(0) { $0 + log($1) }
    cellSets = rows.cellSets
    moments = rows.moments
    columnSums = rows.columnSums
    let counts = cellSets.map(\.count)

    fixed.addCells(basis.fixed, counts: counts)
    let x = rows.panel(basis.fixed, fixed.directory, response: rows.response)
    let width = fixed.directory.count
    if basis.wantsExtendedSums {
      let (products, errors) = x.extendedProducts(columns: width, weights: rows.weights)
      fixed.add(products, errors: errors)
    } else {
      fixed.add(x.weightedProducts(columns: width, weights: rows.weights))
    }

    var panels: [SparsePanel] = []
    for g in groups.indices {
      let (group, width) = (basis.groups[g], fixed.directory.count)
      let levels = counts[group.cellSet]
      groups[g].addColumns(group.blocks, counts: counts)
      let z = rows.panel(group.blocks, groups[g].directory)
      panels.append(z)
      let (level, weights) = (rows.cells[group.cellSet], rows.weights)
      if basis.strata == nil, basis.serial == nil,
        groups[g].keep(group.blocks, level: level, levels: levels, z: z, x: x, w: weights, xCount: width)
      {
        continue
      }
      groups[g].allocate(levels: levels, xCount: width)
      // Strata's levels are summed one by one, and add up to these.
      if basis.strata == nil { groups[g].accumulate(level: level, z: z, x: x, w: weights) }
    }
    if let cellSet = basis.clusters?.cellSet {
      clusters?.allocate(basis.fixed, counts: counts, levels: counts[cellSet], xCount: 0)
      clusters?.accumulate(level: rows.cells[cellSet], z: x, w: rows.weights)
    }
    for (pair, (g, h)) in groupPairs.enumerated() {
      pairs[pair] = PairProducts(
        rowCapacity: groups[g].zCapacity, columnCapacity: groups[h].zCapacity)
      guard g < h else { continue }  // a row has one level of a group
      pairs[pair].accumulate(
        rowLevel: rows.cells[basis.groups[g].cellSet], row: panels[g],
        columnLevel: rows.cells[basis.groups[h].cellSet], column: panels[h], w: rows.weights)
    }
    if let strata = basis.strata {
      let chunk = ChunkPanels(rows, counts: counts, x: x, z: panels)
      parts = chunk.rowsOfStrata(strata).map { ProductSums(basis, pairs: groupPairs, chunk, rows: $0) }
      for g in groups.indices { for part in parts { groups[g].add(alike: part.groups[g]) } }
    }
    if let serial = basis.serial {
      sumSteps(serial, ChunkPanels(rows, counts: counts, x: x, z: panels))
    }
  }

  /// (g, h) of every entry of `pairs`: two groups, or one, of which steps in time pair levels.
  package var groupPairs: [(Int, Int)] {
    let hasSteps = basis.serial != nil
    return groups.indices.flatMap { g in
      groups.indices.filter { $0 > g || hasSteps && $0 == g }.map { (g, $0) }
    }
  }

  /// Takes over all that no shift or scale changes.
  mutating func copyCounts(from other: CrossProducts) {
    observations = other.observations
    omittedObservations = other.omittedObservations
    sumOfWeights = other.sumOfWeights
    sumOfLogWeights = other.sumOfLogWeights
    cellSets = other.cellSets
    columnSums = other.columnSums
    gaps = other.gaps
    data = other.data
    (notes, emptyColumns) = (other.notes, other.emptyColumns)
  }

  /// Adds the rows of `other`: a chunk, a file, a machine's share.
  ///
  /// - Throws: `FitError.differentModels` if it was made for another formula or other types of
  ///   columns.
  public mutating func merge(_ other: CrossProducts) throws(FitError) {
    try merge(other, names: ("the first", "the second"))
  }

  /// What both were read from; standard input, which says nothing, once.
  func sourceNames(with other: CrossProducts) -> [String] {
    let input = DataSource.standardInput.name
    return data + other.data.filter { $0 != input || !data.contains(input) }
  }

  /// Where the cells and the columns of added products stand among these.
  struct Places: Sendable {
    /// Of every cell set: its code here for every code there.
    var cells: [[Int32]] = []
    /// For every column of [y X] there the column here.
    var fixed: [Int] = []
  }

  /// Adds the rows of `other`, which are in the same basis.
  ///
  /// - Throws: `FitError.memoryShortage`; this is of no use then.
  @discardableResult
  mutating func add(_ other: CrossProducts) throws(FitError) -> Places {
    let basis = basis
    if observations == 0 {
      columnSums = other.columnSums
    } else if other.observations > 0 {
      columnSums.merge(other.columnSums)
    }
    observations += other.observations
    omittedObservations += other.omittedObservations
    sumOfWeights += other.sumOfWeights
    sumOfLogWeights += other.sumOfLogWeights
    data = sourceNames(with: other)
    for atom in moments.indices { moments[atom].merge(other.moments[atom]) }
    guard other.observations > 0 else { return Places() }

    let strataCount = strataPartCount
    var maps: [[Int32]] = []
    for set in cellSets.indices {
      maps.append(
        cellSets[set].merge(other.cellSets[set], source: basis.cellSets[set], maps: maps))
    }
    try checkGrowth()
    let xColumns = fixed.merge(other.fixed, blocks: basis.fixed, maps: maps)
    var zColumns: [[Int]] = []
    for g in groups.indices {
      let cellSet = basis.groups[g].cellSet
      zColumns.append(
        groups[g].merge(
          other.groups[g], columns: basis.groups[g].blocks, levels: maps[cellSet],
          levelCount: cellSets[cellSet].count, maps: maps, xColumns: xColumns,
          xCount: fixed.directory.count))
    }
    if let cellSet = basis.clusters?.cellSet, let theirs = other.clusters {
      _ = clusters?.merge(
        theirs, columns: basis.fixed, levels: maps[cellSet], levelCount: cellSets[cellSet].count,
        maps: maps, xColumns: [], xCount: 0)
    }
    for (pair, (g, h)) in groupPairs.enumerated() {
      pairs[pair].merge(
        other.pairs[pair], rowLevelMap: maps[basis.groups[g].cellSet],
        columnLevelMap: maps[basis.groups[h].cellSet], rowColumns: zColumns[g],
        columnColumns: zColumns[h], rowCapacity: groups[g].zCapacity,
        columnCapacity: groups[h].zCapacity)
    }
    addPatterns(of: other, maps, xColumns)
    if basis.strata != nil || basis.serial != nil {
      var places = try placesOfStrata(maps, known: strataCount)
      if basis.serial != nil { places += placesOfSteps(of: other, maps) }
      addParts(of: other, maps, places)
    }
    return Places(cells: maps, fixed: xColumns)
  }

  /// Sorts what merging left unsorted; call it when all rows are in.
  package mutating func finish() {
    for pair in pairs.indices { pairs[pair].compact() }
    for k in parts.indices { parts[k].finish() }
  }
}
