// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Looks, as levels turn up, whether there is memory for more of them.
///
/// The system grants memory that it does not have and ends who uses it; this ends in a message.
package struct MemoryWatch {
  /// Levels are looked at again after so many bytes more.
  private let step: Int
  private let available: () -> Int
  /// Bytes of the levels at the last look.
  private var seen = 0

  /// To be left for all that does not grow with the levels.
  private static let reserve = 64 << 20
  /// What a pair of levels takes while pairs are sorted and mapped, but for its block.
  private static let pairBytes = 48

  package init(step: Int = 8 << 20, available: (() -> Int)? = nil) {
    (self.step, self.available) = (step, available ?? { availableMemory() })
  }

  /// - Throws: `FitError.levelsOutOfMemory` if less is left than a quarter of what the levels take,
  ///   which growing tables of labels need, and a little.
  package mutating func check(_ products: CrossProducts) throws(FitError) {
    let held = products.levelBytes
    guard held >= seen + step else { return }
    seen = held
    try require(held / 4 + Self.reserve, for: products)
  }

  /// Whether the levels, all seen by now, can be put in order.
  ///
  /// - Throws: `FitError.levelsOutOfMemory`
  package func checkAssembly(_ products: CrossProducts) throws(FitError) {
    let pairs = products.pairs.reduce(0) { $0 + $1.count }
    guard products.levelBytes >= step else { return }
    try require(pairs * Self.pairBytes + products.pairBytes + Self.reserve, for: products)
  }

  private func require(_ bytes: Int, for products: CrossProducts) throws(FitError) {
    let left = available()
    guard left < bytes else { return }
    throw .levelsOutOfMemory(
      held: products.levelBytes, needed: bytes, available: left, levels: products.levelCounts)
  }
}
