// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// Pairs of levels with their blocks: sorted ones, and behind them others that arrived later.
struct PairRun: Sendable {
  /// Row level in the upper half, column level in the lower.
  var keys: [UInt64] = []
  /// Pair after pair.
  var blocks: [Double] = []
  /// Pairs from here on are unsorted and may repeat earlier ones.
  private var sortedCount = 0

  init(keys: [UInt64] = [], blocks: [Double] = []) { (self.keys, self.blocks) = (keys, blocks) }

  init(sorted keys: [UInt64], blocks: [Double]) {
    self.init(keys: keys, blocks: blocks)
    sortedCount = keys.count
  }

  var isDueForCompacting: Bool { keys.count - sortedCount > max(1 << 12, sortedCount / 2) }

  /// Sorts the pairs and adds up those that are equal, in the order of arrival.
  mutating func compact(blockSize size: Int) {
    guard sortedCount < keys.count else { return }
    let tail = Array(keys[sortedCount...])
    let order = radixOrder(tail)  // equal keys in order of arrival
    let tailKeys = order.map { tail[Int($0)] }
    let (count, sortedCount) = (keys.count, sortedCount)
    var merged: [UInt64] = []
    // Room for all is asked for, but only what is different is touched.
    let sums = [Double](unsafeUninitializedCapacity: count * size) { sums, sumCount in
      merged = [UInt64](unsafeUninitializedCapacity: count) { merged, mergedCount in
        keys.withUnsafeBufferPointer { keys in
          blocks.withUnsafeBufferPointer { blocks in
            mergedCount = mergeRuns(
              keys[..<sortedCount], blocks, tailKeys, order, size: size, merged.baseAddress!, sums)
          }
        }
        sumCount = mergedCount * size
      }
    }
    (keys, blocks) = (merged, sums)
    self.sortedCount = keys.count
  }
}

/// Merges the sorted pairs with the ones behind them, taken in `order`; returns how many different
/// ones there are.
private func mergeRuns(
  _ keys: Slice<UnsafeBufferPointer<UInt64>>, _ blocks: UnsafeBufferPointer<Double>,
  _ tailKeys: [UInt64], _ order: [UInt32], size: Int,
  _ merged: UnsafeMutablePointer<UInt64>, _ sums: UnsafeMutableBufferPointer<Double>
) -> Int {
  let head = UnsafeBufferPointer(rebasing: keys)
  let tail = head.count * size  // where the unsorted blocks begin
  // Gathered first: nothing waits for one access to far memory before the next.
  let single = size == 1 ? order.map { blocks[tail + Int($0)] } : []
  var distinct = 0
  func take(_ key: UInt64, _ block: UnsafePointer<Double>) {
    if distinct > 0, merged[distinct - 1] == key {
      for k in 0..<size { sums[(distinct - 1) * size + k] += block[k] }
    } else {
      for k in 0..<size { sums.initializeElement(at: distinct * size + k, to: block[k]) }
      merged[distinct] = key
      distinct += 1
    }
  }
  let base = blocks.baseAddress!
  single.withUnsafeBufferPointer { single in
    var next = 0
    for position in order.indices {
      let key = tailKeys[position]
      while next < head.count, head[next] <= key {
        take(head[next], base + next * size)
        next += 1
      }
      let block =
        size == 1 ? single.baseAddress! + position : base + tail + Int(order[position]) * size
      take(key, block)
    }
    while next < head.count {
      take(head[next], base + next * size)
      next += 1
    }
  }
  return distinct
}
