// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods
import TestSupport
import Testing

@Suite struct InverseSubsetTests {
  @Test(arguments: FactorCase.all) func `entries agree with the dense inverse`(
    test: FactorCase
  ) throws {
    let (system, n) = (test.system, test.system.pattern.size)
    var factor = try SparseCholesky(analyzing: system.pattern, mode: test.mode)
    try factor.factorize(system.values)
    for k in Set([0, 1, n / 3, n / 2, n - 1, n]) {
      var l = system.dense.submatrix(rows: Array(0..<k), columns: Array(0..<k))
      try DenseCholesky.factorize(&l)
      let inverse = DenseCholesky.inverse(factor: l)
      let subset = try factor.inverseSubset(leading: k)
      #expect(distance(subset.diagonal, inverse.diagonal) < 1e-12)

      let entries = subset.entries(on: system.pattern)
      for j in 0..<n {
        for e in system.pattern.columnStarts[j]..<system.pattern.columnStarts[j + 1] {
          let i = system.pattern.rowIndices[e]
          let expected = i < k ? inverse[i, j] : 0
          #expect(abs(entries[e] - expected) < 1e-12)
          if i < k { #expect(subset.lookup(j, i) == entries[e]) }
        }
      }
      // Fill has its entries too.
      for j in 0..<k {
        factor.forEachEntry(ofColumn: j) { i, _ in
          guard i < k else { return }
          #expect(abs((subset.lookup(i, j) ?? .nan) - inverse[i, j]) < 1e-12)
        }
      }
    }
  }

  @Test func `entries outside the pattern of the factor are not there`() throws {
    let system = SparseSystem(size: 4, density: 0, seed: 20)
    var factor = try SparseCholesky(analyzing: system.pattern, mode: .simplicial)
    try factor.factorize(system.values)
    let subset = try factor.inverseSubset(leading: 4)
    #expect(subset.lookup(2, 0) == nil)
    #expect(abs((subset.lookup(2, 2) ?? .nan) * system.values[2] - 1) < 1e-15)
  }

  @Test(arguments: [SparseCholesky.Mode.simplicial, .supernodal])
  func `it belongs to the latest factor and leaves that as it is`(
    mode: SparseCholesky.Mode
  ) throws {
    let system = try SparseSystem(
      crossing: 300, 100, observations: 2500, tail: 5, seed: 21
    ).ordered()
    var random = SplitMix64(seed: 22)
    var factor = try SparseCholesky(analyzing: system.pattern, mode: mode)
    for _ in 0..<3 {
      let values = SparseSystem.values(system.pattern, &random)
      try factor.factorize(values)
      let logDeterminant = factor.logDeterminant(0..<factor.size)
      // Σ A(i, j) A⁻¹(i, j) over all i and j is the trace of the identity.
      let entries = try factor.inverseSubset(leading: factor.size)
        .entries(on: system.pattern)
      var trace = 0.0
      for j in 0..<factor.size {
        let (first, end) = (system.pattern.columnStarts[j], system.pattern.columnStarts[j + 1])
        trace += values[first] * entries[first]
        for e in first + 1..<end { trace += 2 * values[e] * entries[e] }
      }
      #expect(abs(trace - Double(factor.size)) < 1e-9)
      #expect(factor.logDeterminant(0..<factor.size) == logDeterminant)
    }
  }
}
