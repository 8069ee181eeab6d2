// SPDX-License-Identifier: GPL-2.0-or-later

import ModelFrames

/// Computes `make(0)`, …, `make(count − 1)` on several threads and consumes them in this order on
/// the calling one.
///
/// At most 2 × threads results wait to be consumed.
func inOrder<Result: Sendable>(
  _ count: Int, threads: Int, _ make: @escaping @Sendable (Int) -> Result,
  _ consume: (Result) throws -> Void
) throws {
  let queue = ResultQueue<Result>(count: count, window: 2 * threads)
  let workers = (0..<threads).compactMap { _ in
    WorkerThread {
      while let index = queue.take() { queue.put(make(index), at: index) }
    }
  }
  defer {
    queue.stop()
    for worker in workers { worker.join() }
  }
  if workers.isEmpty {  // the system gives no threads: do it here
    for index in 0..<count { try consume(make(index)) }
    return
  }
  while let result = queue.next() { try consume(result) }
}

/// `lock` guards all mutable state.
private final class ResultQueue<Result: Sendable>: @unchecked Sendable {
  private let lock = Monitor()
  private let window: Int
  private var count: Int
  private var taken = 0
  private var consumed = 0
  private var waiting: [Int: Result] = [:]

  init(count: Int, window: Int) {
    self.count = count
    self.window = window
  }

  /// The next index to compute; nil when there is none.
  func take() -> Int? {
    lock.whileLocked {
      while taken < count, taken - consumed >= window { lock.wait() }
      guard taken < count else { return nil }
      taken += 1
      return taken - 1
    }
  }

  func put(_ result: Result, at index: Int) {
    lock.whileLocked {
      waiting[index] = result
      lock.signalAll()
    }
  }

  /// The next result in order; nil after the last.
  func next() -> Result? {
    lock.whileLocked {
      while consumed < count, waiting[consumed] == nil { lock.wait() }
      guard consumed < count else { return nil }
      let result = waiting.removeValue(forKey: consumed)
      consumed += 1
      lock.signalAll()
      return result
    }
  }

  /// Nothing more is wanted.
  func stop() {
    lock.whileLocked {
      count = 0
      lock.signalAll()
    }
  }
}
