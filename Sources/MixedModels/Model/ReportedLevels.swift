// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames
import NumericalMethods

/// How R's columns are made of the levels' indicators of factors that are set apart.
///
/// With D the indicators and d the levels' effects beside Xβ, D spans what R's columns of the factors and
/// the intercept span. Let P be the levels that have no column: the base, and for each column x = Dg + Xc
/// before the factor that lies in the span of D one further level, the last whose column depends on those
/// before. Then Dd = D(1α + Σgγ + δ) with δ = 0 on P, so that (α, γ) = T⁻¹d_P with T the rows P of (1, g),
/// and coefficients of other columns are β − cγ. With sum contrasts α is the mean of d.
struct ReportedLevels: Sendable {
  /// A stretch of R's columns.
  enum Part: Sendable {
    case intercept
    /// Of the columns beside the factors.
    case columns(Range<Int>)
    /// The columns of a factor.
    case factor(Int)
  }
  let parts: [Part]
  /// Of the factors' variables, as coefficients' names begin.
  let names: [String]
  let hasIntercept: Bool
  /// Whether the first factor has sum contrasts.
  let isSummed: Bool
  /// P, levels of the first factor, the base first; empty with sum contrasts and without an intercept.
  let reference: [Int]
  /// Columns that the factor explains, and R keeps.
  let given: [Int]
  /// (1, g), levels of the first factor × (1 + given columns).
  let directions: DenseMatrix
  /// T⁻¹.
  let transform: DenseMatrix
  /// c: every given column's reported coefficients of the kept columns, p × given.
  let shares: DenseMatrix
  /// All columns beside the factors that these explain.
  let aliased: AliasedColumns
  /// From log |XᵀV⁻¹X| of indicators to that of R's columns.
  let logDeterminant: Double

  /// Directions are dependent where no more than this is left of one.
  private static let tolerance = 1e-7

  /// - Throws: `FitError` for what cannot be had of sparse columns.
  init(_ builder: DesignBuilder, _ fixed: FixedCoordinates, _ levels: FixedLevels) throws {
    let specification = builder.products.specification
    let written = specification.formula.writtenFixed!
    names = specification.absorbed.map(\.name)
    hasIntercept = written.hasIntercept
    let contrasts = specification.absorbed.map { factor in
      factor.grouping[0].column.flatMap { builder.options.contrasts[$0] } ?? .treatment
    }
    isSummed = contrasts == [.sum] && hasIntercept
    for (factor, contrast) in zip(names, contrasts) where contrast != .treatment && !isSummed {
      throw FitError.sparseFixed(factor, "has \(contrast.word) contrasts")
    }
    for (factor, levels) in zip(names, levels.factors) where levels.levels.count < 2 {
      throw FitError.oneLevelFactor(factor)
    }
    parts = try Self.parts(written, names, builder)
    let kept = Set(fixed.kept)
    let aliased = try AliasedColumns(
      fixed.names.indices.filter { !kept.contains($0) }, builder, fixed, levels)
    self.aliased = aliased
    let first = levels.factors[0].levels.count
    guard hasIntercept else {
      (reference, given) = ([], [])
      directions = DenseMatrix(rows: first, columns: 0)
      transform = DenseMatrix(rows: 0, columns: 0)
      shares = DenseMatrix(rows: fixed.kept.count, columns: 0)
      logDeterminant = 0
      return
    }
    let before = Set(Self.columnsBefore(parts))
    let wanted =
      isSummed || names.count > 1
      ? [] : aliased.columns.indices.filter { before.contains(aliased.columns[$0]) }
    let ones = [Double](repeating: 1, count: first)
    let all = DenseMatrix(
      rows: first, columns: 1 + wanted.count,
      storage: ones + wanted.flatMap { aliased.directions.column($0) })
    let qr = ColumnOrderedQR(all, tolerance: Self.tolerance)
    let own = qr.kept.filter { $0 > 0 }.map { wanted[$0 - 1] }
    given = own.map { aliased.columns[$0] }
    shares = aliased.shares.submatrix(rows: Array(0..<fixed.kept.count), columns: own)
    directions = all.submatrix(rows: Array(0..<first), columns: qr.kept)
    if isSummed {
      reference = []
      transform = .identity(1)
      logDeterminant = 2 * log(Double(first))
      return
    }
    let reference = Self.lastIndependentRows(qr.q)
    self.reference = reference
    let T = directions.submatrix(rows: reference, columns: Array(0..<directions.columns))
    let factor = ColumnOrderedQR(T, tolerance: 1e-14)
    guard factor.rank == T.columns else {
      throw FitError.numerical(
        "the columns \(given.map { fixed.names[$0] }.joined(separator: ", ")) and \(names[0]) nearly depend on each other. Use \(Setting.sparseFixed("none")), or take one of them out"
      )
    }
    var inverse = factor.q.transposed
    DenseCholesky.solveUpper(factor.r, &inverse)
    transform = inverse
    logDeterminant = (0..<factor.rank).reduce(0) { $0 + 2 * log(abs(factor.r[$1, $1])) }
  }

  /// The stretches of columns in R's order.
  private static func parts(
    _ written: ModelTerms, _ names: [String], _ builder: DesignBuilder
  ) throws -> [Part] {
    let bound = builder.products.specification.fixed.terms
    var parts: [Part] = written.hasIntercept ? [.intercept] : []
    var (next, column) = (0, 0)
    for term in written.terms {
      let label = written.label(of: term)
      if term.count == 1, let factor = names.firstIndex(where: { $0.hasBytes(of: label) }) {
        parts.append(.factor(factor))
        continue
      }
      let count = try builder.variableColumns(bound[next]).reduce(1) { $0 * $1.names.count }
      parts.append(.columns(column..<column + count))
      (next, column) = (next + 1, column + count)
    }
    return parts
  }

  /// Columns that stand before the first factor.
  private static func columnsBefore(_ parts: [Part]) -> [Int] {
    var columns: [Int] = []
    for part in parts {
      switch part {
      case .intercept: continue
      case .columns(let range): columns += range
      case .factor: return columns
      }
    }
    return columns
  }

  /// The first row, and of the others, from the last on, those that do not depend on rows taken before;
  /// as many as there are columns.
  private static func lastIndependentRows(_ q: DenseMatrix) -> [Int] {
    var (rows, basis): ([Int], [[Double]]) = ([], [])
    for row in [0] + (1..<q.rows).reversed() where rows.count < q.columns {
      let whole = (0..<q.columns).map { q[row, $0] }
      var rest = whole
      for _ in 0..<2 {
        for direction in basis {
          let share = dot(direction, rest)
          for k in rest.indices { rest[k] -= share * direction[k] }
        }
      }
      let norm = euclideanNorm(rest)
      guard norm > tolerance * euclideanNorm(whole) else { continue }
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
    (directions, shares) = (g, c)
  }
}
