// SPDX-License-Identifier: GPL-2.0-or-later
import CPanelKernels
import TestSupport
import Testing

/// Loops over rows against plain ones, to the last bit: sums are promised in the order of the rows.
@Suite struct `Sums over rows` {
  private static let columns = 14
  private static let rowCount = 700

  private struct Rows {
    let shared: Int
    let runs: Int
    var values: [Double]
    var starts: [Int32]
    let weights: [Double]
    var width: Int { shared + runs }

    init(shared: Int, runs: Int, seed: UInt64) {
      var random = SplitMix64(seed: seed)
      (self.shared, self.runs) = (shared, runs)
      func numbers(_ count: Int) -> [Double] { (0..<count).map { _ in random.uniform() * 4 - 1.7 } }
      values = numbers(rowCount * (shared + runs))
      weights = numbers(rowCount)
      starts = (0..<rowCount * runs).map { _ in Int32(shared) + Int32(random.uniform() * Double(columns - shared)) }
    }

    func entries(_ row: Int) -> [(column: Int, value: Double)] {
      (0..<width).map { k in
        (k < shared ? k : Int(starts[row * runs + k - shared]), values[row * width + k])
      }
    }
  }

  @Test(arguments: 1...8, 0...1) func `of the products of columns`(shared: Int, runs: Int) {
    let (rows, columns) = (Rows(shared: shared, runs: runs, seed: 11), Self.columns)
    var sums = [Double](repeating: 0, count: columns * columns)
    var celled = [Double](repeating: 0, count: columns * (shared + 1))
    lmm_rows_add_products(
      Int32(shared), Int32(runs), 30, 650, rows.starts, rows.values, rows.weights, columns, &sums, &celled)
    var expected = [Double](repeating: 0, count: columns * columns)
    for row in 30..<650 {
      let entries = rows.entries(row)
      for a in entries.indices {
        for b in a..<entries.count {
          expected[entries[a].column * columns + entries[b].column] +=
            rows.weights[row] * entries[a].value * entries[b].value
        }
      }
    }
    #expect(sums.map(\.bitPattern) == expected.map(\.bitPattern))
    #expect(celled.allSatisfy { $0 == 0 })
  }

  @Test(arguments: [1, 9, 13]) func `of the products of any number of shared columns`(shared: Int) {
    let (rows, columns) = (Rows(shared: shared, runs: 0, seed: 12), Self.columns)
    for last in 30...37 {
      var sums = [Double](repeating: 0, count: columns * columns)
      lmm_rows_add_wide_products(Int32(shared), 30, last, rows.values, rows.weights, columns, &sums)
      var expected = [Double](repeating: 0, count: columns * columns)
      for row in 30..<last {
        for (a, value) in rows.entries(row) {
          for (b, other) in rows.entries(row) where b >= a {
            expected[a * columns + b] += rows.weights[row] * value * other
          }
        }
      }
      #expect(sums.map(\.bitPattern) == expected.map(\.bitPattern))
    }
  }

  /// Codes that are levels elsewhere, in pages, and runs whose columns are others there.
  @Test(arguments: 1...4, [1, 3, 7]) func `by levels in pages`(z zCount: Int, shared: Int) {
    let (z, x) = (Rows(shared: zCount, runs: 0, seed: 3), Rows(shared: shared, runs: 2, seed: 4))
    let (wide, shift) = (Self.columns + 3, 4)
    let (line, codes) = (zCount + wide, (0..<Self.rowCount).map { Int32($0 * $0 % 41) })
    let targets = (0..<41).map { Int32(($0 * 17 + 5) % 60) }
    let columns = (0..<Self.columns).map { Int32($0 < shared ? $0 : Self.columns + shared - $0) }
    let stride = zCount * line
    let memory = UnsafeMutablePointer<Double>.allocate(capacity: 64 * stride)
    defer { memory.deallocate() }
    memory.initialize(repeating: 0.5, count: 64 * stride)
    let pages: [UnsafeMutablePointer<Double>?] = [3, 1, 0, 2].map { memory + $0 << shift * stride }
    lmm_rows_add_to_paged_levels(
      Int32(zCount), Int32(shared), 2, codes.count, codes, targets, z.values, x.starts, columns, x.values,
      x.weights, zCount, wide, pages, Int32(shift))
    var expected = [Double](repeating: 0.5, count: 64 * stride)
    for row in codes.indices {
      let target = Int(targets[Int(codes[row])])
      let block = ([3, 1, 0, 2][target >> shift] << shift + target & 15) * stride
      for (i, value) in z.entries(row) {
        let (start, wz) = (block + i * line, x.weights[row] * value)
        for (j, other) in z.entries(row) { expected[start + j] += wz * other }
        for (j, other) in x.entries(row) { expected[start + zCount + Int(columns[j])] += wz * other }
      }
    }
    #expect((0..<64 * stride).map { memory[$0].bitPattern } == expected.map(\.bitPattern))
  }

  @Test(arguments: 1...5, 1...8) func `by levels`(z zCount: Int, shared: Int) {
    for runs in 0...2 {
      let (z, x) = (Rows(shared: zCount, runs: 0, seed: 3), Rows(shared: shared, runs: runs, seed: 4))
      let (line, levels) = (zCount + Self.columns, (0..<Self.rowCount).map { Int32($0 * $0 % 41) })
      var blocks = [Double](repeating: 0, count: 41 * zCount * line)
      lmm_rows_add_to_levels(
        Int32(zCount), Int32(shared), Int32(runs), levels.count, levels, z.values, x.starts, x.values, x.weights,
        zCount, Self.columns, &blocks)
      var expected = [Double](repeating: 0, count: blocks.count)
      for row in levels.indices {
        for (i, value) in z.entries(row) {
          let start = (Int(levels[row]) * zCount + i) * line
          let wz = x.weights[row] * value
          for (j, other) in z.entries(row) { expected[start + j] += wz * other }
          for (j, other) in x.entries(row) { expected[start + zCount + j] += wz * other }
        }
      }
      #expect(blocks.map(\.bitPattern) == expected.map(\.bitPattern))
    }
  }

  @Test(arguments: [false, true]) func `of levels in pages`(isElsewhere: Bool) {
    let (stride, fromStride, shift, known) = (5, isElsewhere ? 4 : 5, 3, 20)
    let (sources, places): ([Int32], [Int32]) = isElsewhere ? ([0, 2, 3], [4, 0, 1]) : ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4])
    var random = SplitMix64(seed: 9)
    let from = (0..<30 * fromStride).map { _ in random.uniform() - 0.5 }
    let targets = (0..<30).map { Int32($0 * 7 % 31) }
    let old = (0..<4 * 8 * stride).map { _ in random.uniform() }
    let memory = UnsafeMutablePointer<Double>.allocate(capacity: old.count)
    defer { memory.deallocate() }
    memory.initialize(from: old, count: old.count)
    let order = [2, 0, 3, 1]
    let pages: [UnsafeMutablePointer<Double>?] = order.map { memory + $0 * 8 * stride }
    if isElsewhere {
      lmm_levels_add_elsewhere(
        targets.count, targets, known, from, fromStride, sources.count, sources, places, stride, pages, Int32(shift))
    } else {
      lmm_levels_add(targets.count, targets, known, from, stride, pages, Int32(shift))
    }
    for (k, target) in targets.enumerated() {
      let place = (order[Int(target) >> shift] * 8 + (Int(target) & 7)) * stride
      var expected = (0..<stride).map { Int(target) >= known ? 0 : old[place + $0] }
      for (source, to) in zip(sources, places) { expected[Int(to)] += from[k * fromStride + Int(source)] }
      #expect((0..<stride).map { memory[place + $0] } == expected)
    }
  }
}
