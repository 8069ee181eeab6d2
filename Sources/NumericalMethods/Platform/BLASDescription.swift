// SPDX-License-Identifier: GPL-2.0-or-later
import Synchronization

/// The BLAS that this process calls.
///
/// Found by looking symbols up, so that it also holds where another library than the one linked
/// against was put in its place. `threads` is 1 where there is no way to ask.
package func blasDescription() -> (name: String, isReference: Bool, threads: Int) {
  if let version = text("openblas_get_config") {
    let core = text("openblas_get_corename").map { " (\($0))" } ?? ""
    let name = version.split(separator: " ").prefix(2).joined(separator: " ") + core
    let threads = loadedSymbol("openblas_get_num_threads", as: (@convention(c) () -> Int32).self)
    return (name, false, threads.map { Int($0()) } ?? 1)
  }
  if loadedSymbol("mkl_get_max_threads", as: (@convention(c) () -> Int32).self) != nil {
    return ("Intel MKL", false, onlineProcessors())
  }
  if text("bli_info_get_version_str") != nil { return ("BLIS", false, 1) }
  return ("reference BLAS", true, 1)
}

/// Sets the number of threads of the BLAS, for the whole process; no effect where it has none.
package func setBLASThreads(_ count: Int) {
  let threads = Int32(clamping: max(count, 1))
  // Only a change is passed on: others may be in the BLAS, and its pool must not be touched then.
  let isNew = lastBLASThreads.withLock { last in
    defer { last = threads }
    return last != threads
  }
  guard isNew else { return }
  loadedSymbol("openblas_set_num_threads", as: (@convention(c) (Int32) -> Void).self)?(threads)
  // OpenBLAS starts its pool when it is loaded, and idle threads spin before they sleep. It makes a new pool should
  // more than one thread be asked for again.
  if threads == 1 {
    _ = loadedSymbol("blas_thread_shutdown_", as: (@convention(c) () -> Int32).self)?()
  }
}

private func text(_ name: String) -> String? {
  loadedSymbol(name, as: (@convention(c) () -> UnsafePointer<CChar>?).self)?()
    .map { String(cString: $0) }
}

/// What was asked for last; 0 before.
private let lastBLASThreads = Mutex<Int32>(0)
