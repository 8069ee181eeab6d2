// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension RandomStream {
  /// ±1, of a block of a purpose's numbers.
  static func signs(_ count: Int, seed: UInt64, purpose: UInt64 = 7, block: UInt64) -> [Double] {
    var stream = RandomStream(seed: seed, purpose: purpose, block: block)
    var bits: UInt64 = 0
    return (0..<count).map { k in
      if k % 64 == 0 { bits = stream.next() }
      defer { bits >>= 1 }
      return bits & 1 == 0 ? -1 : 1
    }
  }
}
