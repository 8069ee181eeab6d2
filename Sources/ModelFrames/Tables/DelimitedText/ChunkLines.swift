// SPDX-License-Identifier: GPL-2.0-or-later
import Synchronization

/// On which lines the chunks of a text start: counted as they are parsed, in any order.
final class ChunkLines: Sendable {
  private let first: Int
  private let lineFeeds = Mutex<[Int]>([])

  /// - Parameter first: the line of the first record.
  init(first: Int) { self.first = first }

  func set(_ count: Int, ofChunk index: Int) {
    lineFeeds.withLock { counts in
      while counts.count <= index { counts.append(0) }
      counts[index] = count
    }
  }

  /// Known once all chunks before were parsed.
  func line(ofChunk index: Int) -> Int {
    first + lineFeeds.withLock { $0.prefix(index).reduce(0, +) }
  }
}
