// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods
import TestSupport
import Testing

/// Elimination of some columns of a sparse matrix, against dense matrices.
@Suite struct `Partial elimination` {
  /// A sparse positive definite matrix in full, and its lower triangle by columns; nodes have one scalar.
  private struct System {
    var A: DenseMatrix
    let edges: [(Int, Int)]

    init(size: Int, edges count: Int, seed: UInt64) {
      var random = SplitMix64(seed: seed)
      A = DenseMatrix(rows: size, columns: size)
      for i in 0..<size { A[i, i] = 0.5 + random.uniform() }
      var edges: [(Int, Int)] = []
      while edges.count < count {
        let (i, j) = (Int(random.uniform() * Double(size)), Int(random.uniform() * Double(size)))
        guard i != j, A[i, j] == 0 else { continue }
        let value = random.normal()
        (A[i, j], A[j, i]) = (value, value)
        A[i, i] += abs(value)
        A[j, j] += abs(value)
        edges.append((i, j))
      }
      self.edges = edges
    }

    func ordered(_ order: [Int]) -> (pattern: SymmetricPattern, values: [Double], A: DenseMatrix) {
      let n = order.count
      let P = A.submatrix(rows: order, columns: order)
      var (starts, rows, values): ([Int], [Int], [Double]) = ([0], [], [])
      for j in 0..<n {
        for i in j..<n where P[i, j] != 0 {
          rows.append(i)
          values.append(P[i, j])
        }
        starts.append(rows.count)
      }
      return (SymmetricPattern(size: n, columnStarts: starts, rowIndices: rows), values, P)
    }
  }

  @Test(arguments: [(40, 60, 4), (40, 60, 0), (60, 70, 60), (30, 200, 8), (1, 0, 3)])
  func `is that of dense matrices`(size: Int, edges: Int, limit: Int) throws {
    let system = System(size: size, edges: edges, seed: UInt64(size + edges))
    let elimination = BoundedElimination(
      sizes: Array(repeating: 1, count: size), edges: system.edges, limit: limit)
    #expect(elimination.order.sorted() == Array(0..<size))
    let k = elimination.eliminatedCount
    let (pattern, values, A) = system.ordered(elimination.order)
    let factor = try PartialCholesky(pattern, size: size, leading: k)
    try factor.factorize(values)
    #expect(Double(factor.factorEntries) == elimination.factorEntries)
    #expect(Double(factor.remainder.entryCount) == elimination.remainingEntries)
    // No column of an eliminated scalar is longer than the limit, and what is left has no shorter one.
    let left = factor.remainder
    var degrees = [Int](repeating: 0, count: size - k)
    for j in 0..<left.size {
      for e in left.columnStarts[j] + 1..<max(left.columnStarts[j + 1], left.columnStarts[j] + 1) {
        degrees[j] += 1
        degrees[left.rowIndices[e]] += 1
      }
    }
    #expect(degrees.allSatisfy { $0 > limit })

    let (first, last) = (Array(0..<k), Array(k..<size))
    var L = A.submatrix(rows: first, columns: first)
    try DenseCholesky.factorize(&L)
    #expect(abs(factor.logDeterminant - DenseCholesky.logDeterminant(factor: L)) < 1e-11)
    var W = A.submatrix(rows: first, columns: last)
    DenseCholesky.solve(factor: L, &W)
    let below = A.submatrix(rows: last, columns: first)
    let S = A.submatrix(rows: last, columns: last) - below * W
    expectEntries(factor.remainderValues, S, left)

    var b = (0..<3 * size).map { Double($0 % 7) - 2.5 }
    var expected = DenseMatrix(rows: size, columns: 3)
    for i in 0..<size { for c in 0..<3 { expected[i, c] = b[3 * i + c] } }
    var whole = A
    try DenseCholesky.factorize(&whole)
    DenseCholesky.solve(factor: whole, &expected)
    factor.eliminate(&b, columns: 3)
    var rest = DenseMatrix(rows: size - k, columns: 3)
    for i in 0..<size - k { for c in 0..<3 { rest[i, c] = b[3 * (k + i) + c] } }
    var SL = S
    try DenseCholesky.factorize(&SL)
    DenseCholesky.solve(factor: SL, &rest)
    for i in 0..<size - k { for c in 0..<3 { b[3 * (k + i) + c] = rest[i, c] } }
    factor.substitute(&b, columns: 3)
    for i in 0..<size { for c in 0..<3 { #expect(abs(b[3 * i + c] - expected[i, c]) < 1e-10) } }

    // With S⁻¹ the inverse of all.
    let inverse = DenseCholesky.inverse(factor: whole)
    let trailing = DenseCholesky.inverse(factor: SL)
    expectEntries(factor.inverse(entries(trailing, left))[...], inverse, pattern)
    // With any other matrix on S's pattern its congruent one beside A₁₁⁻¹.
    var any = DenseMatrix(rows: size - k, columns: size - k)
    for j in 0..<left.size {
      for e in left.columnStarts[j]..<left.columnStarts[j + 1] {
        let i = left.rowIndices[e]
        (any[i, j], any[j, i]) = (Double((7 * i + 3 * j) % 5), Double((7 * i + 3 * j) % 5))
      }
    }
    let WS = W * any
    let upper = DenseCholesky.inverse(factor: L) + WS.multipliedByTransposeOnRight(W)
    var congruent = DenseMatrix(rows: size, columns: size)
    for i in 0..<size {
      for j in 0..<size {
        congruent[i, j] =
          i < k && j < k ? upper[i, j] : i < k ? -WS[i, j - k] : j < k ? -WS[j, i - k] : any[i - k, j - k]
      }
    }
    expectEntries(factor.inverse(entries(any, left))[...], congruent, pattern)
  }

  private func entries(_ A: DenseMatrix, _ pattern: SymmetricPattern) -> [Double] {
    (0..<pattern.size).flatMap { j in
      (pattern.columnStarts[j]..<pattern.columnStarts[j + 1]).map { A[pattern.rowIndices[$0], j] }
    }
  }

  private func expectEntries(
    _ values: ArraySlice<Double>, _ A: DenseMatrix, _ pattern: SymmetricPattern,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let expected = entries(A, pattern)
    #expect(values.count == expected.count, sourceLocation: sourceLocation)
    let error = zip(values, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(error < 1e-10, sourceLocation: sourceLocation)
  }

  @Test func `nodes of several scalars are eliminated together`() {
    // A star: the middle has 3 scalars, the others 2.
    let elimination = BoundedElimination(
      sizes: [3, 2, 2, 2], edges: [(0, 1), (2, 0), (0, 3)], limit: 3)
    #expect(elimination.eliminatedCount == 4)
    // Columns of 5 and 4 entries three times, or of the last leaf and the middle in another order.
    #expect(elimination.factorEntries == 3 * (5 + 4) + 3 + 2 + 1)
    let none = BoundedElimination(sizes: [3, 2, 2, 2], edges: [(0, 1), (2, 0), (0, 3)], limit: 2)
    #expect(none.eliminatedCount == 0)
    #expect(none.remainingEntries == 6 + 3 * 3 + 3 * 6)
  }

  @Test func `what is not positive definite is named`() throws {
    let pattern = SymmetricPattern(size: 3, columnStarts: [0, 2, 4, 5], rowIndices: [0, 1, 1, 2, 2])
    let factor = try PartialCholesky(pattern, size: 3, leading: 2)
    #expect(throws: CholmodError.notPositiveDefinite(column: 1)) { try factor.factorize([1, 2, 3, 0, 1]) }
    try factor.factorize([1, 1, 3, 0, 1])
  }
}
