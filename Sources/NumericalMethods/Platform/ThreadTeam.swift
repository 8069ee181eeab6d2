// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import Synchronization

/// Threads that wait for work, for loops too short to start threads for each.
///
/// `@unchecked Sendable`: `lock` guards all mutable state but the atomics; the loop's body and
/// number of tasks do not change while anybody works. One loop at a time.
package final class ThreadTeam: @unchecked Sendable {
  /// Threads that work on a loop, the caller included.
  package let count: Int

  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let started = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let finished = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var threads: [pthread_t] = []
  private let loop = Atomic<Int>(0)
  private let next = Atomic<Int>(0)
  private let busy = Atomic<Int>(0)
  private var isOpen = false
  private var isEnding = false
  private var tasks = 0
  private var body: ((_ worker: Int, _ task: Int) -> Void)?

  /// Looks at what another thread is to change before sleeping: about 20 µs.
  private static let spinCount = 20_000

  /// Starts `count` − 1 threads, or as many as the system gives.
  package init(count: Int) {
    let count = threadCount(max(count, 1))
    self.count = count
    pthread_mutex_init(lock, nil)
    pthread_cond_init(started, nil)
    pthread_cond_init(finished, nil)
    for worker in 1..<count {
      let start = Unmanaged.passRetained(
        Start(team: Unmanaged.passUnretained(self), worker: worker))
      var thread = pthread_t()
      if pthread_create(&thread, nil, { runWorker($0!) }, start.toOpaque()) == 0 {
        threads.append(thread)
      } else {
        start.release()
        break
      }
    }
  }

  deinit {
    pthread_mutex_lock(lock)
    isEnding = true
    loop.add(1, ordering: .releasing)
    pthread_cond_broadcast(started)
    pthread_mutex_unlock(lock)
    for thread in threads { pthread_join(thread, nil) }
    pthread_cond_destroy(started)
    pthread_cond_destroy(finished)
    pthread_mutex_destroy(lock)
    for condition in [started, finished] { condition.deallocate() }
    lock.deallocate()
  }

  /// Calls `body` for every task in `0..<tasks`, by whichever thread is free, and waits for all.
  ///
  /// `worker`, below `count`, tells threads apart. Tasks must not touch the same data. A loop
  /// of less than about 20 µs is done sooner if it is not worth while (`pays` false): on this
  /// thread.
  package func forEach(
    _ tasks: Int, pays: Bool = true, _ body: (_ worker: Int, _ task: Int) -> Void
  ) {
    guard pays, !threads.isEmpty, tasks > 1 else {
      for task in 0..<tasks { body(0, task) }
      return
    }
    withoutActuallyEscaping(body) { body in
      pthread_mutex_lock(lock)
      self.body = body
      self.tasks = tasks
      next.store(0, ordering: .relaxed)
      isOpen = true
      loop.add(1, ordering: .releasing)
      pthread_cond_broadcast(started)
      pthread_mutex_unlock(lock)

      work(worker: 0)

      for _ in 0..<Self.spinCount where busy.load(ordering: .acquiring) == 0 { break }
      pthread_mutex_lock(lock)
      isOpen = false  // who wakes up only now stays out
      while busy.load(ordering: .acquiring) > 0 { pthread_cond_wait(finished, lock) }
      self.body = nil
      pthread_mutex_unlock(lock)
    }
  }

  // Not inlined, so that no thread holds on to `body` after it has said that it is done.
  @inline(never)
  private func work(worker: Int) {
    guard let body else { return }
    while true {
      let task = next.add(1, ordering: .relaxed).oldValue
      if task >= tasks { return }
      body(worker, task)
    }
  }

  fileprivate func serve(worker: Int) {
    var seen = 0
    while true {
      for _ in 0..<Self.spinCount where loop.load(ordering: .acquiring) != seen { break }
      pthread_mutex_lock(lock)
      while loop.load(ordering: .acquiring) == seen { pthread_cond_wait(started, lock) }
      seen = loop.load(ordering: .acquiring)
      if isEnding {
        pthread_mutex_unlock(lock)
        return
      }
      guard isOpen else {
        pthread_mutex_unlock(lock)
        continue
      }
      busy.add(1, ordering: .acquiringAndReleasing)
      pthread_mutex_unlock(lock)
      work(worker: worker)
      pthread_mutex_lock(lock)
      busy.subtract(1, ordering: .acquiringAndReleasing)
      pthread_cond_signal(finished)
      pthread_mutex_unlock(lock)
    }
  }
}

/// What a new thread is told. It does not keep the team alive: the team waits for its threads.
private final class Start {
  let team: Unmanaged<ThreadTeam>
  let worker: Int
  init(team: Unmanaged<ThreadTeam>, worker: Int) { (self.team, self.worker) = (team, worker) }
}

private func runWorker(_ start: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
  let start = Unmanaged<Start>.fromOpaque(start).takeRetainedValue()
  start.team._withUnsafeGuaranteedRef { $0.serve(worker: start.worker) }
  return nil
}
