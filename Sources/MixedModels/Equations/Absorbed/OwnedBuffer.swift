// SPDX-License-Identifier: GPL-2.0-or-later

/// Memory for trivial values that several threads write to, each its own part.
///
/// `@unchecked Sendable`: who cuts it into parts answers for their being disjoint.
struct OwnedBuffer<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  let start: UnsafeMutablePointer<Element>
  let count: Int

  init(repeating value: Element, count: Int) {
    start = .allocate(capacity: max(count, 1))
    start.initialize(repeating: value, count: count)
    self.count = count
  }

  deinit { start.deallocate() }
}

/// The rows of the triangle of a symmetric matrix packed by columns: entry (i, j), i ≥ j.
@inline(__always)
func packedIndex(_ i: Int, _ j: Int, size: Int) -> Int { j * (2 * size - j - 1) / 2 + i }
