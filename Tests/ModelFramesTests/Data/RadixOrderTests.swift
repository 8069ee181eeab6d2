// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import TestSupport
import Testing

@Suite struct RadixOrders {
  /// The same by comparing.
  private func expected(_ keys: [UInt64]) -> [UInt32] {
    keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }.map { UInt32($0) }
  }

  @Test(
    arguments: [0, 1, 2, 128, 129, 1000, 5000], [1, 7, 300, 1 << 12, 1 << 23, 1 << 40, UInt64.max])
  func `keys of all sizes are sorted, equal ones in their order`(count: Int, bound: UInt64) {
    var random = SplitMix64(seed: UInt64(count) ^ bound)
    let keys = (0..<count).map { _ in random.next() % bound }
    #expect(radixOrder(keys) == expected(keys))
  }

  @Test func `digits far apart`() {
    var random = SplitMix64(seed: 5)
    let keys = (0..<3000).map { _ in (random.next() % 50) << 58 | random.next() % 3 << 31 | 5 }
    #expect(radixOrder(keys) == expected(keys))
  }

  @Test func `sorted and equal keys`() {
    #expect(radixOrder(Array(0..<500)) == Array(0..<500))
    #expect(radixOrder(Array(repeating: 9, count: 500)) == Array(0..<500))
    #expect(radixOrder((0..<500).reversed()) == (0..<500).reversed())
  }
}
