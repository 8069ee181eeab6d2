// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods
import TestSupport
import Testing

/// Shapes and modes on which everything is compared with dense LAPACK.
struct FactorCase: Sendable, CustomTestStringConvertible {
  let name: String
  let mode: SparseCholesky.Mode
  let system: SparseSystem
  var testDescription: String { "\(name), \(mode)" }

  static let all: [FactorCase] = [
    ("one unknown", SparseSystem(size: 1, density: 0, seed: 1)),
    ("diagonal", SparseSystem(size: 12, density: 0, seed: 2)),
    ("sparse", SparseSystem(size: 60, density: 0.05, seed: 3)),
    ("fuller", SparseSystem(size: 90, density: 0.2, seed: 4)),
    ("dense", SparseSystem(size: 40, density: 1, seed: 5)),
    (
      "crossed with a tail",
      SparseSystem(crossing: 80, 30, observations: 200, tail: 3, seed: 6)
    ),
  ].flatMap { name, system in
    [SparseCholesky.Mode.automatic, .simplicial, .supernodal].map {
      FactorCase(name: name, mode: $0, system: system)
    }
  }
}

@Suite struct SparseCholeskyTests {
  @Test(arguments: FactorCase.all) func `factor and solutions agree with dense ones`(
    test: FactorCase
  ) throws {
    let (system, n) = (test.system, test.system.pattern.size)
    var factor = try SparseCholesky(analyzing: system.pattern, mode: test.mode)
    try factor.factorize(system.values)
    var l = system.dense
    try DenseCholesky.factorize(&l)
    #expect(distance(factor.trailingBlock(from: 0), l) < 1e-12)
    #expect(factor.isSupernodal == (test.mode == .supernodal) || test.mode == .automatic)
    #expect(factor.factorNonzeros <= n * (n + 1) / 2 && factor.factorNonzeros >= n)

    let invariantsHold = factor.invariantsHold
    #expect(invariantsHold)

    let b = randomMatrix(n, 3, seed: 11)
    var x = b
    try factor.solve(&x)
    #expect(distance(system.dense * x, b) < 1e-11)
    x = b
    try factor.solveL(&x)
    #expect(distance(l * x, b) < 1e-11)
    x = b
    try factor.solveLᵀ(&x)
    #expect(distance(l.multipliedByTransposeOnLeft(x), b) < 1e-11)
    var single = b.column(1)
    try factor.solve(&single)
    #expect(distance(system.dense * single, b.column(1)) < 1e-11)
  }

  @Test(arguments: FactorCase.all) func `leading blocks have factors of their own`(
    test: FactorCase
  ) throws {
    let (a, n) = (test.system.dense, test.system.pattern.size)
    var factor = try SparseCholesky(analyzing: test.system.pattern, mode: test.mode)
    try factor.factorize(test.system.values)
    for k in Set([0, 1, n / 3, n - 1, n]) {
      let leading = a.submatrix(rows: Array(0..<k), columns: Array(0..<k))
      var l = leading
      try DenseCholesky.factorize(&l)
      let b = randomMatrix(k, 2, seed: 12)
      var x = b.storage
      try factor.solveLeading(k, &x, columns: 2)
      let solution = DenseMatrix(rows: k, columns: 2, storage: x)
      #expect(distance(leading * solution, b) < 1e-11)

      let logLeading = factor.logDeterminant(0..<k)
      #expect(abs(logLeading - DenseCholesky.logDeterminant(factor: l)) < 1e-10)
      let logTrailing = DenseCholesky.logDeterminant(factor: factor.trailingBlock(from: k))
      #expect(abs(factor.logDeterminant(k..<n) - logTrailing) < 1e-10)
    }
  }

  @Test(arguments: FactorCase.all) func `factorizing again allocates nothing that stays`(
    test: FactorCase
  ) throws {
    var random = SplitMix64(seed: 13)
    var factor = try SparseCholesky(analyzing: test.system.pattern, mode: test.mode)
    var b = [Double](repeating: 1, count: test.system.pattern.size)
    try factor.factorize(test.system.values)
    try factor.solve(&b)
    try factor.factorize(test.system.values)
    let before = factor.allocations
    for _ in 0..<30 {
      try factor.factorize(SparseSystem.values(test.system.pattern, &random))
      try factor.solve(&b)
    }
    #expect(factor.allocations == before)  // objects, bytes and the peak of bytes
  }

  @Test(arguments: FactorCase.all) func `the matrix is not copied`(test: FactorCase) throws {
    var factor = try SparseCholesky(analyzing: test.system.pattern, mode: test.mode)
    try factor.factorize(test.system.values)
    let (_, bytes, peak) = factor.allocations
    // The update buffer has a header; a copy of the matrix would be as large as the pattern.
    let update = factor.isSupernodal ? factor.updateBytes + 128 : 0
    #expect(peak <= bytes + update)
  }

  @Test(arguments: [SparseCholesky.Mode.simplicial, .supernodal])
  func `after a failure the next matrix is factorized as ever`(
    mode: SparseCholesky.Mode
  ) throws {
    let system = SparseSystem(crossing: 50, 20, observations: 120, tail: 2, seed: 14)
    var factor = try SparseCholesky(analyzing: system.pattern, mode: mode)
    try factor.factorize(system.values)
    let expected = factor.logDeterminant(0..<factor.size)
    for bad in [0, -1, -1e6, Double.nan, .infinity, -.infinity] {
      for column in [0, 25, 60, 71] {
        var values = system.values
        values[system.pattern.columnStarts[column]] = bad
        // Infinity in a pivot spoils the next ones at the earliest; the others are seen at once.
        #expect(throws: CholmodError.self) { try factor.factorize(values) }
        if bad.isFinite {
          #expect(throws: CholmodError.notPositiveDefinite(column: column)) {
            try factor.factorize(values)
          }
        }
        let isFactorized = factor.isFactorized
        #expect(!isFactorized)
        var b = [Double](repeating: 1, count: factor.size)
        #expect(throws: CholmodError.notFactorized) { try factor.solve(&b) }
        try factor.factorize(system.values)
        #expect(factor.logDeterminant(0..<factor.size) == expected)
      }
    }
  }

  @Test(arguments: [SparseCholesky.Mode.automatic, .simplicial, .supernodal])
  func `the empty matrix has an empty factor`(mode: SparseCholesky.Mode) throws {
    let empty = SymmetricPattern(size: 0, columnStarts: [0], rowIndices: [])
    var factor = try SparseCholesky(analyzing: empty, mode: mode)
    try factor.factorize([])
    var b: [Double] = []
    try factor.solve(&b)
    #expect(factor.logDeterminant(0..<0) == 0)
    #expect(factor.trailingBlock(from: 0).storage.isEmpty)
    #expect(try factor.inverseSubset(leading: 0).diagonal == [])
  }

  @Test func `nothing can be solved before factorizing`() throws {
    let system = SparseSystem(size: 3, density: 1, seed: 15)
    var factor = try SparseCholesky(analyzing: system.pattern)
    var b = [1.0, 2, 3]
    #expect(throws: CholmodError.notFactorized) { try factor.solve(&b) }
    #expect(throws: CholmodError.notFactorized) { try factor.inverseSubset(leading: 1) }
    #expect(b == [1, 2, 3])
  }

  @Test func `a large well-filled system is supernodal by itself`() throws {
    let system = try SparseSystem(
      crossing: 400, 300, observations: 6000, tail: 4, seed: 16
    ).ordered()
    let factor = try SparseCholesky(analyzing: system.pattern)
    let isSupernodal = factor.isSupernodal
    #expect(isSupernodal)
    #expect(factor.flops > 40 * Double(factor.factorNonzeros))
    #expect(factor.factorBytes >= 8 * factor.factorNonzeros)
  }

  @Test func `factors in many tasks do not disturb each other`() async throws {
    let system = try SparseSystem(
      crossing: 120, 60, observations: 700, tail: 3, seed: 17
    ).ordered()
    var reference = try SparseCholesky(analyzing: system.pattern, mode: .supernodal)
    try reference.factorize(system.values)
    let expected = reference.logDeterminant(0..<reference.size)
    try await withThrowingTaskGroup(of: Double.self) { group in
      for task in 0..<16 {
        group.addTask {
          var factor = try SparseCholesky(
            analyzing: system.pattern, mode: task % 2 == 0 ? .simplicial : .supernodal)
          for _ in 0..<10 { try factor.factorize(system.values) }
          return factor.logDeterminant(0..<factor.size)
        }
      }
      for try await value in group { #expect(abs(value - expected) < 1e-9) }
    }
  }
}
