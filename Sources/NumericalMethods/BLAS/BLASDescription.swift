// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import Synchronization

/// The BLAS that this process calls.
///
/// Found by looking symbols up, so that it also holds where another library than the one linked
/// against was put in its place.
package struct BLASDescription: Sendable {
  /// Such as `OpenBLAS 0.3.21`.
  package let name: String
  package var isReference = false
  /// 1 where there is no way to ask.
  package var threads = 1
  /// The processor whose kernels OpenBLAS uses; nil elsewhere.
  package var kernel: String?
  /// Whether the library holds kernels of several processors and chooses when it is loaded.
  package var choosesKernel = false
  /// Where the library is; nil if unknown.
  package var path: String?
}

extension BLASDescription {
  /// The BLAS of this process at this moment.
  package static var current: BLASDescription {
    if let configuration = text("openblas_get_config") { return openBLAS(configuration) }
    if loadedSymbol("mkl_get_max_threads", as: (@convention(c) () -> Int32).self) != nil {
      return BLASDescription(name: "Intel MKL", threads: onlineProcessors())
    }
    if text("bli_info_get_version_str") != nil { return BLASDescription(name: "BLIS") }
    return BLASDescription(name: "reference BLAS", isReference: true)
  }

  /// `configuration` begins with name and version, and holds `DYNAMIC_ARCH` where there is a choice.
  private static func openBLAS(_ configuration: String) -> BLASDescription {
    let words = configuration.split(separator: " ")
    let threads = loadedSymbol("openblas_get_num_threads", as: (@convention(c) () -> Int32).self)
    return BLASDescription(
      name: words.prefix(2).joined(separator: " "), threads: threads.map { Int($0()) } ?? 1,
      kernel: text("openblas_get_corename"), choosesKernel: words.contains("DYNAMIC_ARCH"),
      path: loadedLibrary(of: "openblas_get_config"))
  }
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
  // Not before: being told a number OpenBLAS starts them again.
  if threads == 1, endsIdleThreads.withLock({ $0 }) {
    _ = loadedSymbol("blas_thread_shutdown_", as: (@convention(c) () -> Int32).self)?()
  }
}

/// Has the threads that OpenBLAS starts when it is loaded, which spin before they sleep, ended when one is asked for.
///
/// For a program that has just begun: a thread that is in the BLAS then would wait for them without end.
package func stopIdleBLASThreads() { endsIdleThreads.withLock { $0 = true } }

private let endsIdleThreads = Mutex(false)

private func text(_ name: String) -> String? {
  loadedSymbol(name, as: (@convention(c) () -> UnsafePointer<CChar>?).self)?()
    .map { String(cString: $0) }
}

/// What was asked for last; 0 before.
private let lastBLASThreads = Mutex<Int32>(0)
