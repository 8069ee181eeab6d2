// SPDX-License-Identifier: GPL-2.0-or-later

/// Draws from 0..<count with given probabilities, each in constant time: Walker's alias method,
/// built as Vose (1991) does.
package struct AliasTable: Sendable {
  /// 2⁶⁴ × probability to keep the slot's own index.
  private let thresholds: [UInt64]
  /// The index drawn otherwise.
  private let aliases: [Int32]

  /// - Parameter weights: positive, proportional to the probabilities; at least one, at most 2³¹ −
  /// 1.
  package init(weights: [Double]) {
    let count = weights.count
    let scale = Double(count) / weights.reduce(0, +)
    var rest = weights.map { $0 * scale }  // mean 1
    var thresholds = [UInt64](repeating: .max, count: count)
    var aliases = (0..<count).map { Int32($0) }
    var small = rest.indices.filter { rest[$0] < 1 }
    var large = rest.indices.filter { rest[$0] >= 1 }
    while let i = small.popLast(), let j = large.last {
      thresholds[i] = UInt64(rest[i] * 0x1p63) << 1
      aliases[i] = Int32(j)
      rest[j] -= 1 - rest[i]
      if rest[j] < 1 { small.append(large.removeLast()) }
    }
    self.thresholds = thresholds
    self.aliases = aliases
  }

  /// Fills with independent draws.
  package func fill(_ values: inout [Int32], from stream: inout RandomStream) {
    let count = UInt64(thresholds.count)
    for i in values.indices {
      // The high word picks the slot; the low word is uniform within it.
      let (slot, place) = stream.next().multipliedFullWidth(by: count)
      values[i] = place <= thresholds[Int(slot)] ? Int32(slot) : aliases[Int(slot)]
    }
  }
}
