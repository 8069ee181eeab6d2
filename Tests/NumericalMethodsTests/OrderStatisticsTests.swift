// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods
import Testing

@Suite struct `Order statistics` {
  @Test(arguments: [1, 2, 7, 100, 5000])
  func `order statistics are the values of a sort`(count: Int) {
    var random = RandomStream(seed: UInt64(count))
    // With ties.
    let values = (0..<count).map { _ in (20 * random.uniform()).rounded() / 4 }
    let sorted = values.sorted()
    let few = [count - 1, 0, count / 2, count / 2, count / 3]
    for places in [few, Array(0..<count), []] {
      let statistics = OrderStatistics(values, places: places)
      for (k, place) in places.enumerated() { #expect(statistics[k] == sorted[place]) }
    }
  }
}
