// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods
import TestSupport
import Testing

@Suite struct SymmetricPatternTests {
  @Test func `a permuted pattern with its values is the permuted matrix`() {
    let system = SparseSystem(size: 30, density: 0.2, seed: 9)
    var random = SplitMix64(seed: 1)
    let order = Array(0..<30).shuffled(using: &random)
    let (pattern, source) = system.pattern.permuted(by: order)
    #expect(pattern.isValid)
    let permuted = SparseSystem(pattern: pattern, values: source.map { system.values[$0] })
    #expect(permuted.dense == system.dense.submatrix(rows: order, columns: order))
  }

  @Test func `entries are found where they are`() {
    let pattern = SymmetricPattern(
      size: 3, columnStarts: [0, 2, 3, 4], rowIndices: [0, 2, 1, 2])
    #expect(pattern.isValid)
    #expect(pattern.entry(2, 0) == 1)
    #expect(pattern.entry(1, 0) == nil)
    #expect(pattern.entry(2, 2) == 3)
  }

  @Test func `what CHOLMOD would not notice is not valid`() {
    func valid(_ n: Int, _ starts: [Int], _ rows: [Int]) -> Bool {
      SymmetricPattern(size: n, columnStarts: starts, rowIndices: rows).isValid
    }
    #expect(valid(0, [0], []))
    #expect(!valid(2, [0, 1], [0]))
    #expect(!valid(2, [0, 1, 2], [0, 0]))  // above the diagonal
    #expect(!valid(2, [0, 2, 3], [1, 0, 1]))  // not sorted
    #expect(!valid(2, [0, 2, 3], [0, 2, 1]))  // beyond n
    #expect(!valid(2, [0, 1, 1], [0]))  // no diagonal
    #expect(!valid(3, [0, 3, 2, 3], [0, 1, 2]))  // starts go back
  }

  @Test func `a fill-reducing order spares an arrow its fill`() throws {
    // All rows meet the first: eliminated first, it would fill the whole matrix.
    let n = 200
    let pattern = SymmetricPattern(
      size: n, columnStarts: [0] + Array(n..<2 * n), rowIndices: Array(0..<n) + Array(1..<n))
    for method in [OrderingMethod.automatic, .minimumDegree] {
      let order = try fillReducingOrder(pattern, method: method)
      #expect(order.sorted() == Array(0..<n))
      let factor = try SparseCholesky(analyzing: pattern.permuted(by: order).pattern)
      #expect(factor.factorNonzeros == 2 * n - 1)
    }
    let asGiven = try SparseCholesky(analyzing: pattern)
    #expect(asGiven.factorNonzeros == n * (n + 1) / 2)
  }

  @Test func `tiny patterns have an order`() throws {
    #expect(
      try fillReducingOrder(SymmetricPattern(size: 0, columnStarts: [0], rowIndices: [])) == [])
    #expect(
      try fillReducingOrder(SymmetricPattern(size: 1, columnStarts: [0, 1], rowIndices: [0]))
        == [0])
  }
}
