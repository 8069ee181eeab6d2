// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// Absorbed factors of cross-products: DᵀWD is factored once, and taken out of [y X] and, for the tail,
/// out of Zᵀ W[y X].
final class FixedLevelsAssembly {
  /// Of [y X] in raw columns, y first.
  let products: DenseMatrix
  /// What D leaves of them; zero for columns that D explains.
  let projected: DenseMatrix
  private let names: [String]
  private let areReported: Bool
  private let firstGroup: Int
  private let levels: [GroupLevels]
  private let squares: [[Double]]
  /// Of every factor the column that its levels have effects of, in raw ones.
  private let columns: [DenseMatrix]
  /// The same but for constants, which are taken off numbers.
  private let shifted: [DenseMatrix]
  private let within: ColumnsWithinLevels?
  private let areSlopes: [Bool]
  private let unit: Double
  private let regression: DenseMatrix
  private let fixedPairs: [CoOccurrence]
  private let system: any FixedLevelsSystem
  private let basis: RawBasis

  /// What is left of a column's square where the rest is rounding.
  private static let resolution = 1e-13
  /// What is left of Zv for random v where the levels of Z are wholly explained.
  private static let leastShare = 1e-10

  /// Gives the raw blocks of the absorbed factors back.
  ///
  /// - Parameter levels: Of all groups.
  /// - Throws: `FitError`, `CholmodError`.
  init(
    releasing raw: inout CrossProducts, _ absorbed: [BoundAbsorbedFactor], _ levels: [GroupLevels],
    _ options: FitOptions
  ) throws {
    basis = raw.basis
    names = absorbed.map(\.name)
    let first = absorbed[0].group
    firstGroup = first
    self.levels = Array(levels[first...])
    products = raw.fixed.matrix
    let width = products.rows
    let counts = self.levels.map(\.labels.count)
    let starts = counts.reduce(into: [0]) { $0.append($0.last! + $1) }
    try Self.checkMemory(levels: starts.last!, columns: width, names)
    let columns = try Self.columns(absorbed, DesignBuilder(products: raw, options: options))
    (self.columns, areSlopes) = (columns, absorbed.map(\.isSlope))
    // The constant is the first raw column of all.
    let shifts = zip(absorbed, columns).map { $0.isSlope ? $1[0, 0] : 0 }
    let shifted = zip(absorbed, columns).map { factor, column in
      guard factor.isSlope else { return column }
      var rest = column
      rest[0, 0] = 0
      return rest
    }
    self.shifted = shifted
    var (sums, b) = Self.sums(
      releasing: &raw.groups, from: first, self.levels, shifted, width: width)
    let hasSlopes = areSlopes.contains(true)
    // DᵀWD is at least 1, so that nothing is lost where equations add 1 and it is taken off again.
    func leastSquare(_ sums: [[Double]], _ isRedundant: [Bool]) throws(FitError) -> Double {
      let least = zip(sums.joined(), isRedundant).reduce(.infinity) { $1.1 ? $0 : min($0, $1.0) }
      let unit = 1 / least.squareRoot()
      guard unit.isFinite, unit > 0 else {
        throw .outOfRange("the weight of a level", size: least, changes: nil)
      }
      return least
    }
    let none = [Bool](repeating: false, count: starts.last!)
    // Sums of slopes are turned first.
    var least = hasSlopes ? 1 : try leastSquare(sums, none)
    let ofPairs = 1 / least.squareRoot()
    let groups = raw.groups.indices.map { g in
      g < first
        ? Self.group(levels[g], .identity(1), hasLevels: false)
        : Self.group(levels[g], ofPairs * shifted[g - first], hasLevels: true)
    }
    var pairs: [CoOccurrence] = []
    for (pair, (g, h)) in raw.groupPairs.enumerated() where g >= first {
      let own = CoOccurrence(
        releasing: &raw.pairs[pair], rowGroup: g, columnGroup: h, groups: groups)
      pairs.append(own.numbered(from: -first))
    }
    within = hasSlopes ? ColumnsWithinLevels(&sums, &pairs, &b, shifts: shifts) : nil
    let redundant = within?.isRedundant ?? none
    if hasSlopes { least = try leastSquare(sums, redundant) }
    let unit = 1 / least.squareRoot()
    self.unit = unit
    squares = sums.enumerated().map { k, own in
      own.enumerated().map { redundant[starts[k] + $0] ? 1 : $1 / least }
    }
    for k in b.storage.indices { b.storage[k] *= unit }
    fixedPairs = pairs
    areReported = absorbed[0].isReported
    let levelProducts = FixedLevelsProducts(
      squares: squares, pairs, names: names, dropsLast: areReported, within: within?.isRedundant)
    (regression, system) = try levelProducts.solved(
      b, solver: options.solver, threads: threadCount(options.threads))
    let explained = system.explained(b, regression)
    var rest = products
    for j in 0..<width {
      for i in 0..<width { rest[i, j] -= (explained[i, j] + explained[j, i]) / 2 }
    }
    for j in 1..<max(width, 1) where rest[j, j] <= Self.resolution * products[j, j] {
      for i in 0..<width { (rest[i, j], rest[j, i]) = (0, 0) }
    }
    projected = rest
  }

  /// Of every factor's levels DᵀWD, and DᵀW[y X] in raw columns.
  private static func sums(
    releasing groups: inout [GroupProducts], from first: Int, _ levels: [GroupLevels], _ columns: [DenseMatrix],
    width: Int
  ) -> (squares: [[Double]], products: DenseMatrix) {
    var squares = levels.map { [Double](repeating: 0, count: $0.labels.count) }
    var products = DenseMatrix(rows: levels.reduce(0) { $0 + $1.labels.count }, columns: width)
    var start = 0
    for k in levels.indices {
      let rank = levels[k].rank
      let own = SumsOfColumn(columns[k].storage, groups[first + k], width: width)
      for page in 0..<groups[first + k].pageCount {
        groups[first + k].forEachLevel(ofPage: page) { cell, block in
          own.add(block, to: &squares[k][rank[cell]], &products, row: start + rank[cell])
        }
        groups[first + k].release(page: page)
      }
      start += levels[k].labels.count
    }
    return (squares, products)
  }

  private static func checkMemory(
    levels: Int, columns: Int, _ names: [String]
  ) throws(FitError) {
    do throws(MemoryShortage) {
      try requireMemory(
        8 * 4 * Double(levels) * Double(columns),
        for: "the products of \(levels) levels of \(names.joined(separator: ", ")) with \(columns - 1) fixed-effects columns",
        remedy: "Take out columns, or absorb factors with fewer levels.")
    } catch { throw .memoryShortage(error.description) }
  }

  private static func group(
    _ levels: GroupLevels, _ B: DenseMatrix, hasLevels: Bool
  ) -> RandomEffectsGroup {
    RandomEffectsGroup(
      size: 1, levels: hasLevels ? levels.labels : [], zz: [], zx: [], rank: levels.rank, B: B, precision: .identity)
  }

  /// Of every factor raw × 1.
  private static func columns(
    _ absorbed: [BoundAbsorbedFactor], _ builder: DesignBuilder
  ) throws -> [DenseMatrix] {
    try absorbed.map { factor in
      let directory = builder.products.groups[factor.group].directory
      let columns = try builder.columns(
        factor.terms, blocks: builder.products.basis.groups[factor.group].blocks, directory: directory
      ).matrix(rawCount: directory.count)
      guard columns.columns == 1 else {
        throw FitError.sparseFixed(factor.name, "has several columns for a level")
      }
      return columns
    }
  }

  /// All groups, the absorbed factors' behind the random ones, as far as pairs of levels ask for.
  private func all(_ random: [RandomEffectsGroup]) -> [RandomEffectsGroup] {
    random + zip(levels, shifted).map { Self.group($0, unit * $1, hasLevels: true) }
  }

  /// - Parameters:
  ///   - random: The random groups, whose products with [X y] become those with what D leaves of X and y.
  ///   - x: The columns of X and y as they stand in the model.
  /// - Throws: `FitError` where a term is wholly explained by D.
  func fixedLevels(
    releasing raw: inout CrossProducts, _ random: inout [RandomEffectsGroup], _ x: FixedAssembly,
    _ terms: [RandomTermAssembly], _ builder: DesignBuilder
  ) throws -> FixedLevels {
    var pairs: [CoOccurrence] = []
    let all = all(random)
    for (pair, (g, h)) in raw.groupPairs.enumerated() where g < firstGroup && h >= firstGroup {
      pairs.append(
        CoOccurrence(releasing: &raw.pairs[pair], rowGroup: g, columnGroup: h, groups: all))
    }
    if let within {
      pairs = random.indices.flatMap { g in within.turned(pairs.filter { $0.rowGroup == g }) }
    }
    let starts = levels.reduce(into: [0]) { $0.append($0.last! + $1.labels.count) }
    try refuseExplained(random, pairs, starts, terms)
    let tail = regression * x.workingTail
    for g in random.indices {
      random[g] = random[g].without(
        pairs.filter { $0.rowGroup == g }, tail) { starts[$0 - self.firstGroup] }
    }
    let s = basis.responseScale
    let response = [s] + (0..<products.rows - 1).map {
      $0 < basis.predictor.count ? basis.predictor[$0] : 0
    }
    let redundant = system.isRedundant
    var result = FixedLevels(
      factors: levels.indices.map { k in
        FixedLevels.Factor(
          name: names[k], levels: levels[k].labels, rank: levels[k].rank, B: columns[k], isSlope: areSlopes[k],
          squares: squares[k],
          isRedundant: Array(redundant[starts[k]..<starts[k + 1]]))
      },
      pairs: pairs + fixedPairs.map { $0.numbered(from: firstGroup) }, unit: unit, within: within,
      regression: regression, projected: projected, predictor: Array(response.dropFirst()), responseScale: s,
      logDeterminant: 0,
      squares: (
        basis.squaresOfResponse(products, aboutMean: true), max(dot(response, projected * response), 0)
      ))
    if areReported {
      result.reported = try ReportedLevels(builder, x.coordinates, result)
    }
    result.logDeterminant =
      (system.logDeterminant ?? .nan) - result.logDeterminantOfRedundant + result.logDeterminantShift
    return result
  }

  /// The factors' part in one A_k, in the coordinates of the whole: [X y] less what D explains of it by the weights of
  /// all rows, G = (DᵀWD)⁻DᵀW[X y].
  ///
  /// - Parameters:
  ///   - part: With the random groups' products with [X y] as they are read, of which DᵀW_k… is taken off here.
  ///   - groupPairs: Of `raw`.
  func take(
    releasing raw: inout ProductSums, from part: inout ModelPart, _ whole: FixedLevels, _ x: FixedAssembly,
    groupPairs: [(Int, Int)]
  ) {
    let first = firstGroup
    let (sums, b) = Self.sums(
      releasing: &raw.groups, from: first, levels, shifted, width: products.rows)
    let squares = sums.map { $0.map { unit * unit * $0 } }
    let all = all(part.groups)
    let pairs = whole.pairs.map { pair in
      let k = groupPairs.firstIndex { $0 == (pair.rowGroup, pair.columnGroup) }!
      return CoOccurrence(
        releasing: &raw.pairs[k], rowGroup: pair.rowGroup, columnGroup: pair.columnGroup, groups: all
      ).spread(over: pair)
    }
    let G = regression * x.workingTail
    let own = unit * (b * x.workingTail)
    let between = pairs.filter { $0.rowGroup >= first }.map { $0.numbered(from: -first) }
    let explained = FixedLevelsProducts(squares: squares, between, names: names).applied(to: G)
    let shared = G.transposed * own
    part.tail = part.tail - (shared + shared.transposed) + G.transposed * explained
    let starts = levels.reduce(into: [0]) { $0.append($0.last! + $1.labels.count) }
    for g in part.groups.indices {
      part.groups[g] = part.groups[g].without(pairs.filter { $0.rowGroup == g }, G) { starts[$0 - first] }
    }
    let rest = (own - explained).transposed
    part.fixedLevels = FixedLevelsPart(
      groups: levels.indices.map { k in
        all[first + k].with(
          zz: squares[k], zx: Array(rest.storage[starts[k] * rest.rows..<starts[k + 1] * rest.rows]))
      }, pairs: pairs)
  }

  /// A random term whose levels are combinations of absorbed ones has a variance that no data tell of.
  ///
  /// Of a column's levels with random effects v, D leaves vᵀZᵀWZv − |…|², which is zero for almost no v
  /// unless it is for all.
  private func refuseExplained(
    _ random: [RandomEffectsGroup], _ pairs: [CoOccurrence], _ starts: [Int],
    _ terms: [RandomTermAssembly]
  ) throws {
    for (g, group) in random.enumerated() {
      let own = pairs.filter { $0.rowGroup == g }
      var offset = 0
      for term in terms where term.bound.group == g {
        for k in 0..<term.B.columns {
          let share = try shareLeft(group, column: offset + k, own, starts)
          guard share < Self.leastShare else { continue }
          let column = term.pieces.flatMap(\.columns)[k]
          throw areReported
            ? FitError.explainedByFixed(group: term.bound.groupName, factors: names, column: column)
            : .explainedByAbsorbed(group: term.bound.groupName, factors: names, column: column)
        }
        offset += term.B.columns
      }
    }
  }

  private func shareLeft(
    _ group: RandomEffectsGroup, column k: Int, _ pairs: [CoOccurrence], _ starts: [Int]
  ) throws -> Double {
    let ℓ = group.size
    var stream = RandomStream(seed: 1)
    var v = group.levels.map { _ in 0.0 }
    stream.fillNormal(&v)
    let whole = v.indices.reduce(0.0) {
      $0 + v[$1] * v[$1] * group.zz[$1 * ℓ * ℓ + k * ℓ + k]
    }
    guard whole > 0 else { return 1 }
    var d = DenseMatrix(rows: starts.last!, columns: 1)
    for pair in pairs {
      let start = starts[pair.columnGroup - firstGroup]
      for (place, (j, l)) in zip(pair.rowLevels, pair.columnLevels).enumerated() {
        d[start + Int(l), 0] += pair.blocks[place * ℓ + k] * v[Int(j)]
      }
    }
    var x = d
    try system.solve(&x)
    return (whole - dot(d.storage, x.storage)) / whole
  }
}

/// Of a level's block of sums those with one column v of the raw ones.
private struct SumsOfColumn {
  private let v: [Double]
  private let line: Int
  private let first: Int
  private let width: Int

  init(_ v: [Double], _ products: GroupProducts, width: Int) {
    (self.v, line, first, self.width) = (v, products.zCapacity + products.xCapacity, products.zCapacity, width)
  }

  /// - Parameters:
  ///   - row: Of `b`, to which vᵀZᵀW[y X] is added.
  func add(
    _ block: UnsafePointer<Double>, to square: inout Double, _ b: inout DenseMatrix, row: Int
  ) {
    for i in v.indices where v[i] != 0 {
      for j in v.indices { square += v[i] * v[j] * block[i * line + j] }
      for j in 0..<width { b[row, j] += v[i] * block[i * line + first + j] }
    }
  }
}

extension RandomEffectsGroup {
  /// ZᵀW[X y] less ZᵀWD times `tail`, what D explains of [X y], levels of D × (p + 1).
  ///
  /// - Parameters:
  ///   - pairs: Of this group's levels and those of absorbed factors.
  ///   - start: The first row of `tail` for a group.
  fileprivate func without(
    _ pairs: [CoOccurrence], _ tail: DenseMatrix, _ start: (Int) -> Int
  ) -> RandomEffectsGroup {
    var zx = zx
    let (ℓ, width, rows) = (size, tail.columns, tail.rows)
    for pair in pairs {
      let first = start(pair.columnGroup)
      for (place, (j, l)) in zip(pair.rowLevels, pair.columnLevels).enumerated() {
        let target = Int(j) * ℓ * width
        for c in 0..<width {
          let factor = tail.storage[c * rows + first + Int(l)]
          for i in 0..<ℓ { zx[target + c * ℓ + i] -= factor * pair.blocks[place * ℓ + i] }
        }
      }
    }
    return RandomEffectsGroup(
      size: ℓ, levels: levels, zz: zz, zx: zx, rank: rank, B: B, precision: precision)
  }
}
