// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Workers that take chunks in order, and a consumer that gets the outcomes in the same order.
///
/// A worker takes a chunk only while fewer than `window` are taken and not consumed.
final class AssemblyLine<T: Sendable>: @unchecked Sendable {
  // `lock` guards all mutable state but the feed, which belongs to the holder of `feedLock`.
  private let window: Int
  private let lock = Monitor()
  private let feedLock = Monitor()
  private var outcomes: [Int: RowsOutcome<T>] = [:]
  private var taken = 0
  private var consumed = 0
  private var isDry = false  // no more chunks
  private var isStopped = false  // the consumer wants no more

  init(window: Int) { self.window = window }

  /// Runs until the feed is dry or `deliver` throws; `deliver` is called on this thread.
  func run(
    _ threads: Int, _ feed: RowsFeed,
    _ process: @escaping @Sendable (RowsTaken) -> RowsOutcome<T>,
    _ deliver: (RowsOutcome<T>) throws -> Void
  ) throws {
    let feed = UncheckedFeed(feed: feed)
    let workers = (0..<threads).compactMap { _ in
      WorkerThread { self.work(feed, process) }
    }
    defer {
      lock.whileLocked {
        isStopped = true
        lock.signalAll()
      }
      for worker in workers { worker.join() }
    }
    if workers.isEmpty {  // the system gives no threads: do it here
      while let work = feed.feed.next() { try deliver(process(work)) }
      return
    }
    while let outcome = nextOutcome() { try deliver(outcome) }
  }

  private func nextOutcome() -> RowsOutcome<T>? {
    lock.whileLocked {
      while outcomes[consumed] == nil, !(isDry && consumed == taken) { lock.wait() }
      guard let outcome = outcomes.removeValue(forKey: consumed) else { return nil }
      consumed += 1
      lock.signalAll()
      return outcome
    }
  }

  private func work(
    _ feed: UncheckedFeed, _ process: @Sendable (RowsTaken) -> RowsOutcome<T>
  ) {
    while let (work, index) = take(feed) {
      let outcome = process(work)
      lock.whileLocked {
        outcomes[index] = outcome
        lock.signalAll()
      }
    }
  }

  private func take(_ feed: UncheckedFeed) -> (RowsTaken, Int)? {
    feedLock.whileLocked {
      let mayTake = lock.whileLocked {
        while taken - consumed >= window, !isStopped { lock.wait() }
        return !isStopped && !isDry
      }
      guard mayTake else { return nil }
      let work = feed.feed.next()
      return lock.whileLocked {
        guard let work else {
          isDry = true
          lock.signalAll()
          return nil
        }
        taken += 1
        return (work, taken - 1)
      }
    }
  }
}

/// Carries the feed to the workers, who use it under one lock.
private struct UncheckedFeed: @unchecked Sendable {
  let feed: RowsFeed
}
