// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// Memory for trivial values that several threads write to, each its own part.
///
/// Large buffers begin at a page of 2 MiB and ask for such pages: what is looked up here and there then
/// needs no look at the page table each time.
///
/// `@unchecked Sendable`: who cuts it into parts answers for their being disjoint.
struct OwnedBuffer<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  let start: UnsafeMutablePointer<Element>
  let count: Int
  private let memory: UnsafeMutableRawPointer

  private static var largePage: Int { 1 << 21 }

  init(repeating value: Element, count: Int) {
    let bytes = max(count, 1) * MemoryLayout<Element>.stride
    let isLarge = bytes >= 2 * Self.largePage
    memory = .allocate(
      byteCount: bytes, alignment: isLarge ? Self.largePage : MemoryLayout<Element>.alignment)
    #if os(Linux)
      // No more than advice: it may fail.
      if isLarge { madvise(memory, bytes, MADV_HUGEPAGE) }
    #endif
    start = memory.bindMemory(to: Element.self, capacity: max(count, 1))
    start.initialize(repeating: value, count: count)
    self.count = count
  }

  deinit { memory.deallocate() }
}

/// The rows of the triangle of a symmetric matrix packed by columns: entry (i, j), i ≥ j.
@inline(__always)
func packedIndex(_ i: Int, _ j: Int, size: Int) -> Int { j * (2 * size - j - 1) / 2 + i }
