// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Least squares of y on C = [D X], the levels' indicators of all factors and further columns: its answers for
/// any right-hand side, and the rows' leverages.
///
/// With M = (DᵀD)⁻, redundant levels held at 0, G = MDᵀX and Φ = (XᵀX − XᵀDG)⁻¹, what solves CᵀC b = (r, s) is
/// δ = Φ(s − Gᵀr) and Mr − Gδ.
final class LeaveOutEquations {
  let rows: LeaveOutRows
  /// First level of every factor, and their number at the end.
  let starts: [Int]
  /// Of every pair of factors, the first named before the second.
  let pairs: [(a: Int, b: Int, levels: LevelPairs)]
  /// Rows of every level, factor after factor.
  let sizes: [Double]
  private let system: any FixedLevelsSystem
  let G: DenseMatrix
  let Φ: DenseMatrix
  /// cᵀ(CᵀC)⁻c of every row.
  private(set) var leverages = Leverages(exact: [])

  var width: Int { rows.width }
  var levelCount: Int { starts.last! }

  /// Levels of the factor with the second most, up to which leverages are exact.
  static let mostExactLevels = LeveragesOfLevels.mostLevels
  /// Random vectors for the leverages of more.
  private static let vectors = 200

  /// - Parameters:
  ///   - seed: Of random vectors.
  ///   - mostExactLevels: As the constant.
  /// - Throws: `CholmodError`, `FitError` where memory ends or columns depend on the factors.
  init(
    _ rows: LeaveOutRows, names: [String], seed: UInt64, threads: Int, mostExactLevels: Int
  ) throws {
    self.rows = rows
    let counts = rows.levelCounts
    let starts = counts.reduce(into: [0]) { $0.append($0.last! + $1) }
    var pairs: [(a: Int, b: Int, levels: LevelPairs)] = []
    for a in counts.indices {
      for b in counts.indices where b > a { pairs.append((a, b, rows.pairs(a, b))) }
    }
    let squares = counts.indices.map { k in
      rows.levels[k].reduce(into: [Double](repeating: 0, count: counts[k])) { $0[Int($1)] += 1 }
    }
    let products = FixedLevelsProducts(
      squares: squares,
      pairs.map {
        CoOccurrence(
          rowGroup: $0.a, columnGroup: $0.b, rowLevels: $0.levels.first, columnLevels: $0.levels.second,
          blocks: $0.levels.counts.map(Double.init))
      }, names: names)
    let exact: FixedLevelsFactor?
    if counts.sorted().dropLast().last ?? 0 > mostExactLevels,
      let iteration = try FixedLevelsIteration(products, threads: threads)
    {
      (system, exact) = (iteration, nil)
    } else {
      let factor = try FixedLevelsFactor(products, holdsRedundant: true)
      (system, exact) = (factor, factor)
    }
    (self.starts, self.pairs, sizes) = (starts, pairs, squares.flatMap(\.self))
    let p = rows.width
    var (G, XX) = (DenseMatrix(rows: starts.last!, columns: p), DenseMatrix(rows: p, columns: p))
    for row in 0..<rows.count {
      for j in 0..<p {
        let value = rows.x[row * p + j]
        for k in counts.indices { G[starts[k] + Int(rows.levels[k][row]), j] += value }
        for i in 0..<p { XX[i, j] += rows.x[row * p + i] * value }
      }
    }
    let DX = G
    try system.solve(&G)
    let explained = system.explained(DX, G)
    var rest = XX
    for j in 0..<p { for i in 0..<p { rest[i, j] -= (explained[i, j] + explained[j, i]) / 2 } }
    for j in 0..<p where rest[j, j] <= 1e-10 * XX[j, j] {
      throw FitError.numerical(
        "in the connected set a covariate is constant within the levels of \(names.joined(separator: ", ")). Take it out of the formula"
      )
    }
    try DenseCholesky.factorize(&rest)
    (self.G, Φ) = (G, p > 0 ? DenseCholesky.inverse(factor: rest) : rest)
    leverages =
      try exact.map { Leverages(exact: try exactLeverages($0)) }
      ?? Leverages(self, seed: seed, vectors: Self.vectors)
  }

  private func exactLeverages(_ factor: FixedLevelsFactor) throws -> [Double] {
    let (own, joint) = try factor.inverseEntries(
      pairs.map { (starts[$0.a], starts[$0.b], $0.levels.first, $0.levels.second) })
    return (0..<rows.count).map { row in
      var h = rows.levels.indices.reduce(0.0) { $0 + own[starts[$1] + Int(rows.levels[$1][row])] }
      for (k, pair) in pairs.enumerated() { h += 2 * joint[k][Int(pair.levels.ofRow[row])] }
      guard width > 0 else { return h }
      let x = rest(row)
      for j in 0..<width { for i in 0..<width { h += x[i] * Φ[i, j] * x[j] } }
      return h
    }
  }

  /// x − Gᵀd of a row.
  func rest(_ row: Int) -> [Double] {
    (0..<width).map { j in
      rows.levels.indices.reduce(rows.x[row * width + j]) {
        $0 - G[starts[$1] + Int(rows.levels[$1][row]), j]
      }
    }
  }

  /// M r for the levels alone.
  ///
  /// - Throws: `CholmodError`.
  func levelAnswers(_ r: DenseMatrix) throws -> DenseMatrix {
    var answer = r
    try system.solve(&answer)
    return answer
  }

  /// What solves CᵀC b = (r, s): levels × columns and p × columns.
  ///
  /// - Throws: `CholmodError`.
  func solve(_ r: DenseMatrix, _ s: DenseMatrix) throws -> (levels: DenseMatrix, columns: DenseMatrix) {
    var answer = r
    try system.solve(&answer)
    guard width > 0 else { return (answer, s) }
    let δ = Φ * (s - G.multipliedByTransposeOnLeft(r))
    return (answer - G * δ, δ)
  }

  /// Cᵀv for columns v over the rows.
  func transposedTimes(_ v: [[Double]]) -> (levels: DenseMatrix, columns: DenseMatrix) {
    var r = DenseMatrix(rows: levelCount, columns: v.count)
    var s = DenseMatrix(rows: width, columns: v.count)
    for (c, v) in v.enumerated() {
      for k in rows.levels.indices {
        let first = c * levelCount + starts[k]
        for (row, level) in rows.levels[k].enumerated() { r.storage[first + Int(level)] += v[row] }
      }
      for row in 0..<rows.count where width > 0 {
        for j in 0..<width { s[j, c] += rows.x[row * width + j] * v[row] }
      }
    }
    return (r, s)
  }

  /// C b for one column of an answer.
  func fitted(_ b: (levels: DenseMatrix, columns: DenseMatrix), _ column: Int) -> [Double] {
    var v = [Double](repeating: 0, count: rows.count)
    for k in rows.levels.indices {
      let first = column * levelCount + starts[k]
      for (row, level) in rows.levels[k].enumerated() { v[row] += b.levels.storage[first + Int(level)] }
    }
    for row in 0..<rows.count where width > 0 {
      for j in 0..<width { v[row] += rows.x[row * width + j] * b.columns[j, column] }
    }
    return v
  }
}
