// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// What maps raw columns and levels to a model's.
struct WorkingCoordinates {
  let fixed: FixedAssembly
  /// Absorbed factors, and what they have of all rows; nil where there are none.
  let absorption: (assembly: FixedLevelsAssembly, whole: FixedLevels)?
  /// Of every group.
  let levels: [GroupLevels]
  let B: [DenseMatrix]
  /// Places of the model's pairs of groups among the raw ones, which are these.
  let pairs: [Int]
  let rawPairs: [(Int, Int)]
  let threads: Int
}

extension LinearMixedModel {
  /// Maps the strata's sums to working coordinates and gives the raw blocks back.
  ///
  /// - Parameter whole: This model's groups and pairs, whose patterns the parts get.
  /// - Throws: `FitError.strata` where no variances can be told apart.
  static func strata(
    releasing products: inout CrossProducts, _ coordinates: WorkingCoordinates,
    options: FitOptions, whole: (groups: [RandomEffectsGroup], pairs: [CoOccurrence]),
    related: ([RandomEffectsGroup]) throws -> [RandomEffectsGroup]
  ) throws -> (structure: VarianceStrata, parts: ModelParts)? {
    guard let bound = products.specification.strata else { return nil }
    let levels = try GroupLevels(
      bound.grouping, cellSet: bound.cellSet,
      builder: DesignBuilder(products: products, options: options))
    let count = products.strataPartCount
    var rows = levels.labels.map { _ in 0 }
    for (code, part) in products.parts.prefix(count).enumerated() { rows[levels.rank[code]] += part.observations }
    let structure = VarianceStrata(
      name: bound.name, labels: levels.labels, rows: rows, cellSet: bound.cellSet,
      cells: levels.rank)
    try structure.check()
    var parts: [ModelPart?] = rows.map { _ in nil }
    for code in 0..<count {
      let part = try ModelPart(releasing: &products.parts[code], coordinates, whole, related)
      let place = levels.rank[code]
      parts[place] = parts[place]?.adding(part) ?? part
    }
    return (
      structure,
      ModelParts(all: parts.compactMap(\.self), sumOfLogWeights: products.sumOfLogWeights)
    )
  }
}

extension LinearMixedModel {
  /// Maps the sums of steps to working coordinates and gives the raw blocks back.
  ///
  /// - Parameters:
  ///   - whole: This model's groups and pairs, whose patterns the parts get.
  ///   - tail: Its [X y]ᵀW[X y].
  ///   - strata: Those of the residual variance with their sums; nil where there is one variance.
  /// - Throws: `FitError.serial` where there are none.
  static func steps(
    releasing products: inout CrossProducts, _ coordinates: WorkingCoordinates,
    options: FitOptions, whole: (groups: [RandomEffectsGroup], pairs: [CoOccurrence]),
    tail: DenseMatrix, strata: (structure: VarianceStrata, parts: ModelParts)?,
    related: ([RandomEffectsGroup]) throws -> [RandomEffectsGroup]
  ) throws -> (structure: any ResidualStructure, parts: ModelParts)? {
    guard let serial = products.specification.serial else { return nil }
    try DesignBuilder(products: products, options: options).levels(of: serial.subject)
      .checkDistinct(serial.subject)
    let gaps = products.gaps
    let lengths = Set(gaps.kinds.map(\.length)).sorted()
    let steps = lengths.map { length in
      zip(gaps.kinds, gaps.steps).reduce(0) { $0 + ($1.0.length == length ? $1.1 : 0) }
    }
    let structure = try SerialCorrelation(
      serial, lengths: lengths, steps: steps, subjects: products.cellSets[serial.cellSet].count)
    var sums = StepSums(structure, strata?.structure)
    let first = products.strataPartCount
    for (k, place) in gaps.parts.enumerated() {
      sums.add(
        try ModelPart(releasing: &products.parts[first + k], coordinates, whole, related),
        gaps.kinds[place.kind], place.sums)
    }
    let all = strata?.parts.all ?? [ModelPart(groups: whole.groups, pairs: whole.pairs, tail: tail)]
    let ordered = sums.inOrder
    return (
      strata.map {
        StratifiedCorrelation(ofStrata: $0.structure, inTime: structure, parts: ordered.kinds)
      } ?? structure,
      ModelParts(all: all + ordered.sums, sumOfLogWeights: products.sumOfLogWeights)
    )
  }
}

/// Sums of steps by what they are of, in the places of strata: cells that are one stratum are added up.
private struct StepSums {
  private let serial: SerialCorrelation
  /// Cell → stratum; nil where there are none.
  private let strata: [Int]?
  private var kinds: [StratifiedCorrelation.Part] = []
  private var sums: [ModelPart] = []

  init(_ serial: SerialCorrelation, _ strata: VarianceStrata?) {
    (self.serial, self.strata) = (serial, strata?.cells)
  }

  mutating func add(_ part: ModelPart, _ kind: StepKind, _ what: StepKind.Sums) {
    let own = kind.strata.map { strata?[Int($0)] ?? 0 }
    // Two cells of one stratum: what is at the ends of both is one sum.
    let isOne = own[0] == own[1]
    let order = what == .endsInSecond ? [own[1], own[0]] : what == .endsInFirst ? own : own.sorted()
    let place = StratifiedCorrelation.Part(
      kind: what == .differences ? .differences : isOne ? .ends : .endsInFirst,
      length: serial.lengths.firstIndex(of: kind.length)!, strata: (order[0], order[1]))
    if let known = kinds.firstIndex(where: { $0.isAlike(place) }) {
      sums[known] = sums[known].adding(part)
    } else {
      kinds.append(place)
      sums.append(part)
    }
  }

  /// By lengths, of every length the ends before the differences.
  var inOrder: (kinds: [StratifiedCorrelation.Part], sums: [ModelPart]) {
    let order = kinds.indices.sorted { kinds[$0].key.lexicographicallyPrecedes(kinds[$1].key) }
    return (order.map { kinds[$0] }, order.map { sums[$0] })
  }
}

extension StratifiedCorrelation.Part {
  fileprivate var key: [Int] {
    [length, min(strata.first, strata.second), max(strata.first, strata.second)]
      + [kind == .differences ? 1 : 0, strata.first]
  }

  fileprivate func isAlike(_ other: Self) -> Bool { key == other.key }
}

extension VarianceStrata {
  /// - Throws: `FitError.strata`
  fileprivate func check() throws(FitError) {
    guard labels.count > 1 else {
      throw .strata(
        name, "has one level only, “\(labels.first ?? "")”: there is one residual variance. Leave it out"
      )
    }
    guard let k = rows.firstIndex(where: { $0 < 2 }) else { return }
    throw .strata(
      name,
      "has the level “\(labels[k])” in one row only, which cannot tell a residual variance. Merge levels, or leave the row out"
    )
  }
}

extension ModelPart {
  fileprivate init(
    releasing raw: inout ProductSums, _ coordinates: WorkingCoordinates,
    _ whole: (groups: [RandomEffectsGroup], pairs: [CoOccurrence]),
    _ related: ([RandomEffectsGroup]) throws -> [RandomEffectsGroup]
  ) throws {
    let fixed = coordinates.fixed
    tail = fixed.mapped(raw.fixed)
    let independent = whole.groups.indices.map { g in
      RandomEffectsGroup(
        releasing: &raw.groups[g], levels: coordinates.levels[g], B: coordinates.B[g],
        fixed: fixed, threads: coordinates.threads)
    }
    let groups = try related(independent)
    self.groups = groups
    pairs = whole.pairs.indices.map { k in
      let pair = whole.pairs[k]
      return CoOccurrence(
        releasing: &raw.pairs[coordinates.pairs[k]], rowGroup: pair.rowGroup, columnGroup: pair.columnGroup,
        groups: groups
      ).spread(over: pair)
    }
    if let (assembly, levels) = coordinates.absorption {
      assembly.take(
        releasing: &raw, from: &self, levels, fixed, groupPairs: coordinates.rawPairs)
    }
  }

  /// The sum of two.
  fileprivate func adding(_ other: ModelPart) -> ModelPart {
    func sum(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 + $1 } }
    return ModelPart(
      groups: zip(groups, other.groups).map {
        $0.with(zz: sum($0.zz, $1.zz), zx: sum($0.zx, $1.zx))
      },
      pairs: zip(pairs, other.pairs).map { $0.with(sum($0.blocks, $1.blocks)) },
      tail: tail + other.tail,
      fixedLevels: fixedLevels.map { FixedLevelsPart([$0, other.fixedLevels!], [1, 1]) })
  }
}

extension CoOccurrence {
  /// The same blocks where the pairs of `whole` stand, of which these are some; zero elsewhere.
  func spread(over whole: CoOccurrence) -> CoOccurrence {
    let size = whole.rowLevels.isEmpty ? 0 : whole.blocks.count / whole.rowLevels.count
    var spread = [Double](repeating: 0, count: whole.blocks.count)
    var place = 0
    for k in rowLevels.indices {
      while whole.rowLevels[place] != rowLevels[k] || whole.columnLevels[place] != columnLevels[k] {
        place += 1
      }
      for x in 0..<size { spread[place * size + x] = blocks[k * size + x] }
    }
    return whole.with(spread)
  }
}

extension FixedAssembly {
  /// [X y]ᵀW[X y] in working coordinates from sums over some of the rows, in raw ones.
  func mapped(_ raw: FixedProducts) -> DenseMatrix {
    let B = coordinates.B
    let p = B.columns
    var C = DenseMatrix(rows: 1 + removed.count, columns: p + 1)
    C[0, p] = 1
    for k in removed.indices {
      for j in 0..<p { C[1 + k, j] = B[k, j] }
      C[1 + k, p] = -removed[k]
    }
    let product = raw.extended?.projected(C, C).high ?? C.transposed * (raw.matrix * C)
    return 0.5 * (product + product.transposed)
  }
}
