// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// The levels of absorbed factors: effects without penalty, Q = 0 and Λ = 1, which nothing but y, X and Z
/// tell of.
///
/// With D their indicators, y and X stand in the model as what D leaves of them (Frisch & Waugh 1933;
/// Lovell 1963), so that DᵀW[X y] = 0 and XᵀWX = I; Z is as it is. What was taken off comes back in
/// `effects`.
struct FixedLevels: Sendable {
  struct Factor: Sendable {
    /// Of the term.
    let name: String
    /// In R's order.
    let levels: [String]
    /// The cell (raw level) → level.
    let rank: [Int]
    /// The column that levels have effects of in raw ones, raw × 1: the constant, or the number of a slope.
    let B: DenseMatrix
    /// Whether the effects are slopes: of a term `f:x` beside the factor f.
    let isSlope: Bool
    /// Working columns are indicators times the column times `unit`: their squares DᵀWD, at least 1.
    let squares: [Double]
    /// Levels whose columns are combinations of the others': their effects are 0.
    let isRedundant: [Bool]

    var estimatedCount: Int { isRedundant.reduce(0) { $0 + ($1 ? 0 : 1) } }
  }

  let factors: [Factor]
  /// Where rows have other weights than those that D was taken out with, as residual variances of strata make them, what
  /// equations have of D instead: DᵀW[X y] is not zero then.
  var weighted: FixedLevelsPart?
  /// DᵀWD between factors, and ZᵀWD: groups are numbered as random ones first.
  var pairs: [CoOccurrence]
  /// What working columns are multiples of indicators by.
  let unit: Double
  /// How working columns were turned from constants and numbers, where levels have slopes; nil where none has.
  let within: ColumnsWithinLevels?
  /// (DᵀWD)⁻DᵀW[y X], working levels × raw columns, y first.
  let regression: DenseMatrix
  /// What D leaves of [y X]ᵀW[y X] in raw columns, y first.
  let projected: DenseMatrix
  /// Raw coefficients that were taken off the response while reading.
  let predictor: [Double]
  /// Units of the response per unit of the scaled one.
  let responseScale: Double
  /// log |DᵀWD| of the indicators that are not redundant; NaN where it takes too long.
  var logDeterminant: Double
  /// How R's columns are made of these, where the factors are terms of the fixed part; nil for absorbed ones.
  var reported: ReportedLevels?
  /// yᵀWy about the mean, and of what D leaves of it, in units of the response.
  let squares: (total: Double, within: Double)

  /// Columns of D that are linearly independent.
  var rank: Int { factors.reduce(0) { $0 + $1.estimatedCount } }

  /// Whether rows connect all levels, so that sums of all factors' effects depend on each other by constants alone.
  var isConnected: Bool {
    rank == starts.last! - (hasSlopes ? 0 : factors.count - 1)
  }

  /// Whether levels of one factor have slopes beside their constants; there is no other factor then.
  var hasSlopes: Bool { within != nil }

  /// Whether levels are the cells of two factors of the fixed part; there is no other factor then.
  var areCells: Bool {
    guard case .cells = reported?.codings[0].kind else { return false }
    return true
  }

  /// Whether some of R's coefficients combine levels.
  var hasCombinations: Bool { reported?.codings.contains { !$0.isOfSingleLevels } == true }

  /// Of the equations' blocks beside `width` columns [X y].
  func entries(width: Int) -> Int {
    starts.last! * (1 + width) + pairs.reduce(0) { $0 + $1.blocks.count }
  }

  /// First working level of every factor, and their number at the end.
  var starts: [Int] { factors.reduce(into: [0]) { $0.append($0.last! + $1.levels.count) } }

  /// For every factor the effects of its levels beside Xβ with X as it is, in units of the response.
  ///
  /// - Parameters:
  ///   - X: Xβ as coefficients of the raw columns.
  ///   - u: Of the working levels in the equations, in units of the scaled response; none where these
  ///     have no part, since there are no random effects.
  func effects(besides X: [Double], _ u: ArraySlice<Double>) -> [[Double]] {
    let (N, s) = (regression.rows, responseScale)
    var all = (0..<N).map { s * regression[$0, 0] }
    for k in X.indices {
      let left = predictor[k] - X[k]
      if left != 0 { for level in 0..<N { all[level] += left * regression[level, k + 1] } }
    }
    if !u.isEmpty { for (level, value) in zip(0..<N, u) { all[level] += s * value } }
    for (level, isRedundant) in factors.flatMap(\.isRedundant).enumerated() {
      all[level] = isRedundant ? 0 : unit * all[level]
    }
    all = ofIndicators(all)
    return zip(factors, starts).map { factor, start in Array(all[start..<start + factor.levels.count]) }
  }

  /// Effects of working columns as effects of constants and slopes.
  private func ofIndicators(_ w: [Double]) -> [Double] {
    within?.effects(DenseMatrix(rows: w.count, columns: 1, storage: w)).storage ?? w
  }
}

extension FixedLevels {
  /// (DᵀWD)⁻DᵀWX for columns of X that are combinations `B` of raw ones, working levels × p.
  func regressionOfColumns(_ B: DenseMatrix) -> DenseMatrix {
    let own = regression.submatrix(
      rows: Array(0..<regression.rows), columns: Array(1..<regression.columns))
    return own * B
  }

  /// Columns of X that are combinations `B` of raw ones, less their constants, which the levels explain: what these
  /// leave of them is the same, and the levels' effects change by `constant` times what is taken off.
  ///
  /// Numbers in raw columns are about their means, so that with these columns it does not matter how far from zero
  /// they are.
  static func withoutConstant(_ B: DenseMatrix) -> DenseMatrix {
    var result = B
    for j in 0..<B.columns { result[0, j] = 0 }
    return result
  }

  /// The constant as effects of the levels, factor after factor.
  var constant: [Double] {
    let working = zip(factors.flatMap(\.isRedundant), 0...).map { $0 ? 0 : unit * regression[$1, 1] }
    return ofIndicators(working)
  }

  /// Σ w (η − η̄)² of η = D(d + (DᵀWD)⁻DᵀW Xr), what D explains of Xr and the levels' effects d.
  ///
  /// - Parameters:
  ///   - r: Of raw columns.
  ///   - effects: For every factor.
  func squareOfExplained(_ r: [Double], _ effects: [[Double]]) -> Double {
    let all = DenseMatrix(rows: starts.last!, columns: 1, storage: Array(effects.joined()))
    var e = (within?.working(all) ?? all).storage.map { $0 / unit }
    for k in r.indices where r[k] != 0 {
      for level in e.indices { e[level] += r[k] * regression[level, k + 1] }
    }
    // The constant is 1/unit times the sum of the first factor's working columns.
    let (count, products) = (factors[0].levels.count, products)
    func image() -> [Double] {
      products.applied(to: DenseMatrix(rows: e.count, columns: 1, storage: e)).storage
    }
    let mean = image().prefix(count).reduce(0, +) / (factors[0].squares.reduce(0, +) / unit)
    for level in 0..<count { e[level] -= mean / unit }
    return dot(e, image())
  }

  /// DᵀWD in working levels.
  var products: FixedLevelsProducts {
    let first = (pairs.map(\.columnGroup).max() ?? 0) - factors.count + 1
    return FixedLevelsProducts(
      squares: factors.map(\.squares),
      pairs.filter { $0.rowGroup >= first }.map { $0.numbered(from: -first) }, names: factors.map(\.name),
      dropsLast: reported != nil, within: within?.isRedundant)
  }

  /// Of (DᵀWD)⁻, working levels, factor after factor.
  ///
  /// - Throws: `CholmodError`, `FitError`.
  func inverseDiagonal() throws -> [Double] {
    try FixedLevelsFactor(products, holdsRedundant: true).inverseDiagonal()
  }

  /// As further groups of a model with `width` columns [X y], numbered from `first`.
  ///
  /// Equations add I to everything they are given with Λ = 1; that I is taken off here, so that they
  /// solve DᵀWD as it is, and a redundant level's square is there twice, which makes its effect 0 and its
  /// pivot its own square. Where columns were turned within levels a redundant one is 0, and stands there once.
  ///
  /// - Parameter redundant: The multiple of its square that a redundant level has.
  func groups(width: Int, redundant: Double) -> [RandomEffectsGroup] {
    let multiple = hasSlopes ? redundant - 1 : redundant
    if let weighted { return groups(of: weighted, redundant: redundant) }
    return factors.map { factor in
      RandomEffectsGroup(
        size: 1, levels: factor.levels,
        zz: zip(factor.squares, factor.isRedundant).map { $1 ? multiple * $0 - 1 : $0 - 1 },
        zx: Array(repeating: 0, count: width * factor.levels.count), rank: factor.rank,
        B: unit * factor.B, precision: .identity)
    }
  }

  /// The same of other rows or weights; a redundant level gets as much more as above.
  func groups(of part: FixedLevelsPart, redundant: Double) -> [RandomEffectsGroup] {
    zip(part.groups, factors).map { group, factor in
      group.with(
        zz: group.zz.indices.map { l in
          group.zz[l] - 1 + (factor.isRedundant[l] ? (redundant - 1) * factor.squares[l] : 0)
        }, zx: group.zx)
    }
  }

  /// Pairs as equations have them.
  var currentPairs: [CoOccurrence] { weighted?.pairs ?? pairs }

  /// Σ log of the pivots that redundant levels have in these equations.
  var logDeterminantOfRedundant: Double {
    factors.reduce(0) { sum, factor in
      zip(factor.squares, factor.isRedundant).reduce(sum) { $1.1 ? $0 + log($1.0) : $0 }
    }
  }

  /// From the logarithm of |DᵀWD| of working columns to that of indicators, or of R's columns.
  var logDeterminantShift: Double {
    -2 * Double(rank) * log(unit) + (reported?.logDeterminant ?? 0)
  }

  /// The same beside other random groups and columns: `maps` has the working columns of every group as
  /// combinations of the old ones, and `index` the new number of each that stays.
  func mapped(by maps: [DenseMatrix], index: [Int: Int], groupCount old: Int) -> FixedLevels {
    var result = self
    result.pairs = pairs.mappedBesideFixed(by: maps, index: index, groupCount: old)
    result.weighted = weighted?.mapped(by: maps, index: index, groupCount: old)
    return result
  }
}

extension FixedLevelsPart {
  /// See `FixedLevels.mapped`.
  func mapped(by maps: [DenseMatrix], index: [Int: Int], groupCount: Int) -> FixedLevelsPart {
    FixedLevelsPart(
      groups: groups, pairs: pairs.mappedBesideFixed(by: maps, index: index, groupCount: groupCount))
  }
}

extension [CoOccurrence] {
  fileprivate func mappedBesideFixed(
    by maps: [DenseMatrix], index: [Int: Int], groupCount old: Int
  ) -> [CoOccurrence] {
    let identity = DenseMatrix.identity(1)
    func number(_ g: Int) -> Int? { g < old ? index[g] : index.count + g - old }
    return compactMap { pair in
      guard let row = number(pair.rowGroup), let column = number(pair.columnGroup) else { return nil }
      return pair.mapped(
        by: pair.rowGroup < old ? maps[pair.rowGroup] : identity,
        pair.columnGroup < old ? maps[pair.columnGroup] : identity, groups: (row, column))
    }
  }
}
