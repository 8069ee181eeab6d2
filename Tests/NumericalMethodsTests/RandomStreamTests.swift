// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import NumericalMethods
import Testing

struct RandomStreamTests {
  @Test func `streams are repeatable and apart`() {
    func first(_ seed: UInt64, _ purpose: UInt64, _ block: UInt64) -> [UInt64] {
      var stream = RandomStream(seed: seed, purpose: purpose, block: block)
      return (0..<4).map { _ in stream.next() }
    }
    #expect(first(1, 2, 3) == first(1, 2, 3))
    let all: [(UInt64, UInt64, UInt64)] = [
      (1, 2, 3), (1, 3, 2), (2, 1, 3), (0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0),
    ]
    #expect(Set(all.map { first($0.0, $0.1, $0.2) }).count == all.count)
  }

  @Test func `normal numbers have the normal distribution`() {
    var stream = RandomStream(seed: 4)
    var values = [Double](repeating: 0, count: 100_001)
    stream.fillNormal(&values)
    // Kolmogorov's statistic: below 1.95 with probability 0.999.
    let probabilities = values.map { Normal.cumulative($0) }.sorted()
    #expect(distance(probabilities) < 1.95)
    // Neighbours come from one pair of the polar method.
    let products = zip(values, values.dropFirst()).reduce(0.0) { $0 + $1.0 * $1.1 }
    #expect(abs(products) < 4 * Double(values.count).squareRoot())
  }

  @Test func `uniform numbers are uniform inside their range`() {
    var stream = RandomStream(seed: 5)
    var values = [Double](repeating: 0, count: 100_000)
    stream.fillUniform(&values, -1...1)
    #expect(values.allSatisfy { $0 > -1 && $0 < 1 })
    #expect(distance(values.map { ($0 + 1) / 2 }.sorted()) < 1.95)
  }

  @Test(arguments: [1, 2, 7, 1000])
  func `integers below a bound are equally frequent`(bound: Int) {
    var stream = RandomStream(seed: 6)
    var values = [Int32](repeating: 0, count: 100_000)
    stream.fillBelow(bound, &values)
    expect(values, proportionalTo: [Double](repeating: 1, count: bound))
  }

  @Test(arguments: [[1.0], [1, 3], [0.1, 5, 0.2, 2, 2, 0.7], (1...300).map { 1 / Double($0) }])
  func `an alias table draws with its probabilities`(weights: [Double]) {
    var stream = RandomStream(seed: 7)
    var values = [Int32](repeating: -1, count: 200_000)
    AliasTable(weights: weights).fill(&values, from: &stream)
    expect(values, proportionalTo: weights)
  }

  @Test func `a composition splits the whole, its parts vary as they should`() {
    var stream = RandomStream(seed: 8)
    for (total, parts, shape) in [(0, 1, 1), (5, 1, 2), (0, 9, 2), (10, 1000, 2), (1, 1, 1)] {
      let starts = randomComposition(of: total, parts: parts, shape: shape, from: &stream)
      #expect(starts.count == parts + 1 && starts.first == 0 && starts.last == total)
      #expect(zip(starts, starts.dropFirst()).allSatisfy(<=))
    }
    // Two stars in two parts of shape 1: (0, 2), (1, 1) and (2, 0) equally often.
    var counts = [0.0, 0, 0]
    for _ in 0..<30_000 {
      counts[randomComposition(of: 2, parts: 2, shape: 1, from: &stream)[1]] += 1
    }
    #expect(counts.allSatisfy { abs($0 - 10_000) < 4 * 82 })
  }

  /// Pearson's statistic is within five standard deviations of its mean.
  private func expect(_ values: [Int32], proportionalTo weights: [Double]) {
    var counts = [Double](repeating: 0, count: weights.count)
    for value in values { counts[Int(value)] += 1 }
    let scale = Double(values.count) / weights.reduce(0, +)
    let statistic = zip(counts, weights).reduce(0.0) { sum, pair in
      let expected = pair.1 * scale
      return sum + (pair.0 - expected) * (pair.0 - expected) / expected
    }
    let df = Double(weights.count - 1)
    #expect(statistic <= df + 5 * (2 * df).squareRoot())
  }

  /// √n times the largest distance of sorted probabilities from uniform ones.
  private func distance(_ sorted: [Double]) -> Double {
    let n = Double(sorted.count)
    let largest =
      sorted.enumerated().map { i, p in
        max(abs(p - Double(i) / n), abs(p - Double(i + 1) / n))
      }.max() ?? 0
    return largest * n.squareRoot()
  }
}
