// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods
import TestSupport
import Testing

/// Tables with more levels and pairs than one page, one sort or one batch of work holds.
@Suite struct LargeTables {
  /// y, x, f and two crossed factors in random order; the last column is nested in g.
  static let csv: [UInt8] = {
    var random = SplitMix64(seed: 17)
    var text = "y,x,f,g,h,k\n"
    for _ in 0..<150_000 {
      let (g, h) = (Int(random.uniform() * 20_000), Int(random.uniform() * 3_000))
      let y = Double(g % 7) + Double(h % 5) + random.uniform()
      text +=
        "\(Int(1000 * y)),\(Int(100 * random.uniform())),\("abc".randomElement(using: &random)!),"
      text += "\(g),h\(h),\(Int(random.uniform() * 3))\n"
    }
    return Array(text.utf8)
  }()

  static let formulas = [
    "y ~ x + f + (1 + x | g)", "y ~ x + (1 | g) + (1 | h)", "y ~ f + (x | h) + (0 + f | g:k)",
  ]

  func products(_ formula: String, threads: Int) throws -> CrossProducts {
    var options = FitOptions()
    options.threads = threads
    options.reading.chunkBytes = 1 << 16
    return try CrossProducts(
      Formula(formula), data: [.bytes(Self.csv, name: "large.csv")], options: options)
  }

  @Test(arguments: formulas)
  func `sums are the same for any number of threads`(formula: String) throws {
    let one = try products(formula, threads: 1)
    let three = try products(formula, threads: 3)
    #expect(one.observations == 150_000)
    #expect(one.fixed.matrix.storage == three.fixed.matrix.storage)
    for (a, b) in zip(one.groups, three.groups) { #expect(a.levelSums == b.levelSums) }
    for (a, b) in zip(one.pairs, three.pairs) {
      #expect(a.keys == b.keys)
      #expect(a.blocks == b.blocks)
    }
  }

  /// The constant's products count rows: of every level, and of every pair of levels.
  @Test func `pairs are all different, sorted and count all rows`() throws {
    let products = try products("y ~ x + (1 | g) + (1 | h)", threads: 2)
    let pairs = products.pairs[0]
    #expect(zip(pairs.keys, pairs.keys.dropFirst()).allSatisfy { $0 < $1 })
    #expect(pairs.blocks.reduce(0, +) == 150_000)
    #expect(pairs.blocks.count == pairs.keys.count)
    var byLevel = [Double](repeating: 0, count: products.groups[0].levelCount)
    for (key, count) in zip(pairs.keys, pairs.blocks) {
      byLevel[PairProducts.rowLevel(key)] += count
    }
    #expect(byLevel == products.groups[0].levelSums.map { $0[0] })
  }

  /// Fitting gives raw blocks back to the system, but never those that the caller still holds.
  @Test func `cross-products can be fitted twice`() throws {
    var options = FitOptions()
    options.maximumEvaluations = 3
    let products = try products("y ~ x + (1 | h) + (1 | k)", threads: 2)
    let before = products.groups.map(\.levelSums)
    let first = try Fit(products, options: options)
    let second = try Fit(products, options: options)
    #expect(products.groups.map(\.levelSums) == before)
    #expect(first.criterion == second.criterion)
  }
}

extension GroupProducts {
  /// Every level's block.
  fileprivate var levelSums: [[Double]] {
    (0..<pageCount).flatMap { page in
      var sums: [[Double]] = []
      forEachLevel(ofPage: page) { _, block in sums.append((0..<stride).map { block[$0] }) }
      return sums
    }
  }
}
