// SPDX-License-Identifier: GPL-2.0-or-later

/// On which lines the chunks of a text start: counted as they are parsed, in any order.
///
/// `@unchecked Sendable`: the counts are touched under the lock only. It is a lock of the system's, since
/// a sanitizer of threads does not see through Swift's own.
final class ChunkLines: @unchecked Sendable {
  private let first: Int
  private let lock = Monitor()
  private var lineFeeds: [Int] = []

  /// - Parameter first: the line of the first record.
  init(first: Int) { self.first = first }

  func set(_ count: Int, ofChunk index: Int) {
    lock.whileLocked {
      while lineFeeds.count <= index { lineFeeds.append(0) }
      lineFeeds[index] = count
    }
  }

  /// Known once all chunks before were parsed.
  func line(ofChunk index: Int) -> Int {
    lock.whileLocked { first + lineFeeds.prefix(index).reduce(0, +) }
  }
}
