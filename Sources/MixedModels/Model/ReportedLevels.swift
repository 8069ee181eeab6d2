// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames
import NumericalMethods

/// How R's columns are made of the levels' indicators of factors that are set apart.
///
/// With D the indicators and d the levels' effects beside Xβ, D spans what R's columns of the factors and
/// the intercept span. In the coordinates e(d) of `LevelCoding` let P be those that have no column: what levels have in
/// common, and for each column x = Dg + Xc before factors that explain it one further, the last whose column depends on
/// those before. Then e(d) = e(1)α + Σ e(g)γ + δ with δ = 0 on P, so that (α, γ) = T⁻¹e(d)_P with T the rows P of
/// all e(1), e(g), and coefficients of other columns are β − cγ.
///
/// Slopes of one factor's levels are coded by themselves, and the number is what they have in common. Of several factors
/// the levels of all but the first are differences from their base as they are. Where a number does not vary in a level,
/// effects that D makes nothing of are a direction e(g) as well, unless coordinates are single levels' with a base of
/// their own, of which the level's is then 0.
struct ReportedLevels: Sendable {
  /// A stretch of R's columns.
  enum Part: Sendable {
    case intercept
    /// Of the columns beside the factors.
    case columns(Range<Int>)
    /// The columns of a factor, or those of a term that it explains.
    case factor(Int, term: Int)
  }
  let parts: [Part]
  /// Of the factors, or of one factor and its products with numbers.
  let codings: [LevelCoding]
  /// First level, and coordinate, of every factor.
  private let starts: [Int]
  let hasIntercept: Bool
  /// P, as places among the levels of all factors, what levels have in common first.
  let reference: [Int]
  /// Columns that the factors explain, and R keeps.
  let given: [Int]
  /// (1, g), levels' effects of the intercept, where there is one, and given columns.
  let effects: DenseMatrix
  /// T⁻¹.
  let transform: DenseMatrix
  /// c: every given column's reported coefficients of the kept columns, p × given.
  let shares: DenseMatrix
  /// All columns beside the factors that these explain.
  let aliased: AliasedColumns
  /// From log |XᵀV⁻¹X| of indicators to that of R's columns.
  let logDeterminant: Double
  /// ρ = e(d)_P as combinations of the levels' effects, levels of all factors × P.
  let referenceFunctions: DenseMatrix
  /// tⱼ of the levels that have shares of ρ: a coefficient is its level's effect, or combination of effects (`coded`),
  /// less tⱼρ.
  let referenceShares: DenseMatrix

  /// Directions are dependent where no more than this is left of one.
  private static let tolerance = 1e-7
  /// A row of directions is zero where it is no larger than this beside the largest.
  private static let zero = 1e-10

  /// - Throws: `FitError` for what cannot be had of sparse columns.
  init(_ builder: DesignBuilder, _ fixed: FixedCoordinates, _ levels: FixedLevels) throws {
    let specification = builder.products.specification
    let written = specification.formula.writtenFixed!
    hasIntercept = written.hasIntercept
    for factor in levels.factors where factor.levels.count < 2 { throw FitError.oneLevelFactor(factor.name) }
    let parts = try Self.parts(written, builder)
    self.parts = parts
    let contrast = try Self.contrast(specification, builder.options)
    let codings = try levels.factors.indices.map {
      specification.absorbed[$0].grouping.count > 1
        ? try LevelCoding(cells: $0, written, builder, levels)
        : try LevelCoding($0, written, builder, levels, contrast, parts)
    }
    self.codings = codings
    let kept = Set(fixed.kept)
    let aliased = try AliasedColumns(
      fixed.names.indices.filter { !kept.contains($0) }, builder, fixed, levels)
    self.aliased = aliased
    let primary = levels.hasSlopes ? levels.factors.count : 1
    self.starts = levels.starts
    let starts = Array(levels.starts.prefix(primary + 1))
    func coordinates(_ d: [Double]) -> [Double] {
      (0..<primary).flatMap { codings[$0].coordinates(d[starts[$0]..<starts[$0 + 1]]) }
    }
    var chosen: [Int?] = []
    var (effects, directions): ([[Double]], [[Double]]) = ([], [])
    func take(_ column: Int?, _ d: [Double]) {
      chosen.append(column)
      effects.append(d)
      directions.append(coordinates(d))
    }
    let nothing = contrast == .treatment ? [] : try Self.effectsOfNothing(levels).map(coordinates)
    if hasIntercept { take(nil, (0..<levels.starts.last!).map { $0 < starts[1] ? 1 : 0 }) }
    // Of several factors R drops levels before columns that they explain.
    for a in aliased.columns.indices where primary == levels.factors.count {
      let d = aliased.directions.column(a)
      // What factors behind the column have of it must be new.
      if Self.isIndependent(
        coordinates(d), of: directions + nothing, in: Self.placesBehind(aliased.columns[a], parts, codings, starts))
      {
        take(aliased.columns[a], d)
      }
    }
    given = chosen.compactMap(\.self)
    let own = given.map { column in aliased.columns.firstIndex(of: column)! }
    shares = aliased.shares.submatrix(rows: Array(0..<fixed.kept.count), columns: own)
    self.effects = DenseMatrix(rows: levels.starts.last!, columns: chosen.count, storage: effects.flatMap(\.self))
    directions += nothing
    let all = DenseMatrix(rows: starts.last!, columns: directions.count, storage: directions.flatMap(\.self))
    let bases = (0..<primary).compactMap { k in codings[k].base.map { starts[k] + $0 } }
    let reference = Self.lastIndependentRows(ColumnOrderedQR(all, tolerance: 1e-14).q, first: bases)
    self.reference = reference
    let T = ColumnOrderedQR(
      all.submatrix(rows: reference, columns: Array(0..<all.columns)), tolerance: 1e-14)
    guard T.rank == all.columns else {
      throw FitError.numerical(
        "the columns \(given.map { fixed.names[$0] }.joined(separator: ", ")) and \(levels.factors[0].name) nearly depend on each other. Use \(Setting.sparseFixed("none")), or take one of them out"
      )
    }
    var inverse = T.q.transposed
    if T.rank > 0 { DenseCholesky.solveUpper(T.r, &inverse) }
    transform = inverse
    logDeterminant =
      (0..<T.rank).reduce(0) { $0 + 2 * log(abs(T.r[$1, $1])) } + codings.reduce(0) { $0 + $1.logDeterminant }
    var functions = DenseMatrix(rows: levels.starts.last!, columns: reference.count)
    for (c, place) in reference.enumerated() {
      let k = starts.lastIndex { $0 <= place }!
      for (level, value) in codings[k].function(place - starts[k]) { functions[starts[k] + level, c] += value }
    }
    referenceFunctions = functions
    var shares = all * inverse
    for k in 0..<primary {
      guard codings[k].isOfSingleLevels, let base = codings[k].base, let c = reference.firstIndex(of: starts[k] + base)
      else { continue }
      for level in 0..<codings[k].levelCount where level != base { shares[starts[k] + level, c] += 1 }
    }
    referenceShares = shares
  }

  /// A coefficient but for its share of ρ, as a combination of its factor's effects.
  func ownFunction(_ factor: Int, _ coordinate: Int) -> [(level: Int, value: Double)] {
    let coding = codings[factor]
    return coding.isOfSingleLevels ? [(coordinate, 1)] : coding.function(coordinate)
  }

  /// The same of effects d, for all coordinates, factor after factor.
  func coded(_ d: [Double]) -> [Double] {
    codings.enumerated().flatMap { k, coding in
      let own = d[starts[k]..<starts[k + 1]]
      return coding.isOfSingleLevels ? Array(own) : coding.coordinates(own)
    }
  }

  /// The contrasts of the one factor; treatment contrasts of several.
  ///
  /// - Throws: `FitError.sparseFixed` for other contrasts.
  private static func contrast(
    _ specification: ModelSpecification, _ options: FitOptions
  ) throws(FitError) -> Contrast {
    let contrasts = specification.absorbed.map { factor in
      factor.grouping[0].column.flatMap { options.contrasts[$0] } ?? .treatment
    }
    let written = specification.formula.writtenFixed!
    if contrasts.allSatisfy({ $0 == contrasts[0] }), written.hasIntercept,
      Set(specification.absorbed.map(\.grouping[0].name)).count == 1
    {
      return contrasts[0]
    }
    for (factor, contrast) in zip(specification.absorbed, contrasts) where contrast != .treatment {
      throw .sparseFixed(factor.name, "has \(contrast.word) contrasts")
    }
    return .treatment
  }

  /// Levels in which a number does not vary, beyond which looking for the columns that R drops takes long.
  private static let mostWithoutVariation = 300

  /// Effects d with Dd = 0, one for every redundant slope: the slope, and the level's effect that makes up for it.
  ///
  /// - Throws: `FitError.sparseFixed` for too many.
  private static func effectsOfNothing(_ levels: FixedLevels) throws(FitError) -> [[Double]] {
    guard let within = levels.within else { return [] }
    let places = within.isRedundant.indices.filter { within.isRedundant[$0] }
    guard places.count <= mostWithoutVariation else {
      throw .sparseFixed(
        levels.factors[0].name,
        "has no treatment contrasts, and \(places.count) slopes that no rows tell of, since a number does not vary in a level")
    }
    return places.map { place in
      var w = DenseMatrix(rows: within.isRedundant.count, columns: 1)
      w[place, 0] = 1
      return within.effects(w).storage
    }
  }

  /// The stretches of columns in R's order.
  private static func parts(
    _ written: ModelTerms, _ builder: DesignBuilder
  ) throws -> [Part] {
    let specification = builder.products.specification
    let bound = specification.fixed.terms
    let labels = specification.absorbed.map { factor in
      // Cells explain the terms of their factors, too.
      [factor.name] + (factor.grouping.count > 1 ? factor.grouping.map(\.name) : [])
    }
    var parts: [Part] = written.hasIntercept ? [.intercept] : []
    var (next, column) = (0, 0)
    for (t, term) in written.terms.enumerated() {
      let label = written.label(of: term)
      if let factor = labels.firstIndex(where: { $0.contains { $0.hasBytes(of: label) } }) {
        parts.append(.factor(factor, term: t))
        continue
      }
      let count = try builder.variableColumns(bound[next]).reduce(1) { $0 * $1.names.count }
      parts.append(.columns(column..<column + count))
      (next, column) = (next + 1, column + count)
    }
    return parts
  }

  /// The places of factors that stand behind a column.
  private static func placesBehind(
    _ column: Int, _ parts: [Part], _ codings: [LevelCoding], _ starts: [Int]
  ) -> [Int] {
    var (places, isBehind) = ([Int](), false)
    for part in parts {
      switch part {
      case .intercept: continue
      case .columns(let range): isBehind = isBehind || range.contains(column)
      case .factor(let k, let term): if isBehind { places += codings[k].coordinates(ofTerm: term).map { starts[k] + $0 } }
      }
    }
    return places
  }

  private static func isIndependent(_ e: [Double], of others: [[Double]], in places: [Int]) -> Bool {
    guard !places.isEmpty else { return false }
    let all = others + [e]
    let own = DenseMatrix(
      rows: places.count, columns: all.count, storage: all.flatMap { e in places.map { e[$0] } })
    return ColumnOrderedQR(
      own, tolerance: tolerance, referenceNorms: all.map { max(euclideanNorm($0), .leastNormalMagnitude) }
    ).kept.contains(others.count)
  }

  /// Of the first rows those that do not depend on rows taken before, and of the others, from the last on, as many
  /// as are missing to the number of columns.
  private static func lastIndependentRows(_ q: DenseMatrix, first: [Int]) -> [Int] {
    var (rows, basis): ([Int], [[Double]]) = ([], [])
    let isFirst = Set(first)
    let largest = (0..<q.rows).reduce(0.0) { largest, row in
      max(largest, euclideanNorm((0..<q.columns).map { q[row, $0] }))
    }
    for row in first + (0..<q.rows).reversed().filter({ !isFirst.contains($0) }) where rows.count < q.columns {
      let whole = (0..<q.columns).map { q[row, $0] }
      var rest = whole
      for _ in 0..<2 {
        for direction in basis {
          let share = dot(direction, rest)
          for k in rest.indices { rest[k] -= share * direction[k] }
        }
      }
      let norm = euclideanNorm(rest)
      // A row of zeros is one but for rounding.
      guard norm > max(tolerance * euclideanNorm(whole), zero * largest) else { continue }
      rows.append(row)
      basis.append(rest.map { $0 / norm })
    }
    return rows
  }
}

/// Columns x = Dg + Xc that fixed levels and kept columns explain.
struct AliasedColumns: Sendable {
  /// Among the columns beside the factors.
  let columns: [Int]
  /// g, levels of all factors × columns.
  let directions: DenseMatrix
  /// c for the reported coefficients, p × columns.
  let shares: DenseMatrix

  init(
    _ columns: [Int], _ builder: DesignBuilder, _ fixed: FixedCoordinates, _ levels: FixedLevels
  ) throws {
    let (count, p) = (levels.starts.last!, fixed.kept.count)
    self.columns = columns
    guard !columns.isEmpty else {
      directions = DenseMatrix(rows: count, columns: 0)
      shares = DenseMatrix(rows: p, columns: 0)
      return
    }
    let products = builder.products
    let design = try builder.columns(
      products.specification.fixed, blocks: products.basis.fixed,
      directory: products.fixed.directory)
    // Raw columns of the directory start behind y.
    let raw = levels.regression.columns - 1
    func column(_ j: Int) -> [Double] {
      var c = [Double](repeating: 0, count: raw)
      for (k, value) in design.combinations[j] { c[k - 1] += value }
      return c
    }
    var g = DenseMatrix(rows: count, columns: columns.count)
    var c = DenseMatrix(rows: p, columns: columns.count)
    for (place, j) in columns.enumerated() {
      var v = column(j)
      let image = (0..<raw).map { i in (0..<raw).reduce(0.0) { $0 + levels.projected[i + 1, $1 + 1] * v[$1] } }
      let working = fixed.B.multipliedByTransposeOnLeft(image)
      let own = fixed.solveR(DenseMatrix(rows: p, columns: 1, storage: working)).storage
      let size = products.fixed.norm(design.combinations[j])
      for (k, keptColumn) in fixed.kept.enumerated()
      where keptColumn < j && abs(own[k]) * euclideanNorm(fixed.R.column(k)) > 1e-10 * size {
        c[k, place] = own[k]
        let other = column(keptColumn)
        for i in v.indices { v[i] -= own[k] * other[i] }
      }
      for level in 0..<count {
        g[level, place] =
          levels.unit * v.indices.reduce(0.0) { $0 + levels.regression[level, $1 + 1] * v[$1] }
      }
    }
    (directions, shares) = (levels.within?.effects(g) ?? g, c)
  }
}
