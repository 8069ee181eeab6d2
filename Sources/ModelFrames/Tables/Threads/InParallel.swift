// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Calls `body` for 0, 1, … `parts` − 1 on up to `threads` threads (0: all cores), this one among
/// them.
///
/// Thread t takes parts t, t + threads, …; all parts are done on return.
package func inParallel(
  _ parts: Int, threads: Int, _ body: @Sendable (Int) -> Void
) {
  let count = min(parts, threadCount(threads))
  guard count > 1 else { return (0..<parts).forEach(body) }
  withoutActuallyEscaping(body) { body in
    let run = { @Sendable (first: Int) in
      for part in stride(from: first, to: parts, by: count) { body(part) }
    }
    let workers = (1..<count).map { first in WorkerThread { run(first) } }
    run(0)
    for (worker, first) in zip(workers, 1..<count) {
      if let worker { worker.join() } else { run(first) }  // the system may refuse a thread
    }
  }
}
