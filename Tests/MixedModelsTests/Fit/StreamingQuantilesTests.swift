// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import NumericalMethods
import Testing

@Suite struct `Quantiles of a stream` {
  /// R: quantile(c(3, 1, 4, 1, 5, 9, 2, 6), c(0, .25, .5, .75, 1, .1))
  @Test func `they are R's of type 7`() {
    var quantiles = StreamingQuantiles()
    for x in [3.0, 1, 4, 1, 5, 9, 2, 6] { quantiles.add(x) }
    let found = quantiles.quantiles([0, 0.25, 0.5, 0.75, 1, 0.1])
    for (a, b) in zip(found, [1, 1.75, 3.5, 5.25, 9, 1]) { #expect(abs(a - b) < 1e-14) }
  }

  @Test func `none have none, and what is no number is not hidden`() {
    var quantiles = StreamingQuantiles()
    #expect(quantiles.quantiles([0.5])[0].isNaN)
    quantiles.add(1)
    #expect(quantiles.quantiles([0, 0.3, 1]) == [1, 1, 1])
    quantiles.add(.nan)
    #expect(quantiles.quantiles([0.5])[0].isNaN)
  }

  /// Beyond a million values they are read off a histogram, to 1/32768.
  @Test func `many values take a histogram`() {
    var (quantiles, random) = (StreamingQuantiles(), RandomStream(seed: 5))
    let values = (0..<1_100_000).map { _ in 30 * random.uniform() - 15 }
    for x in values { quantiles.add(x) }
    let sorted = values.sorted()
    let found = quantiles.quantiles([0, 0.25, 0.5, 0.75, 1])
    #expect(found[0] == sorted[0] && found[4] == sorted.last)
    for (k, p) in [(1, 0.25), (2, 0.5), (3, 0.75)] {
      #expect(abs(found[k] - sorted[Int(p * 1_099_999)]) < 1.0 / 16384)
    }
  }
}
