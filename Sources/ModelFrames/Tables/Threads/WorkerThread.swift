// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A thread of the system that runs one body; `join` must be called once.
package struct WorkerThread {
  private let thread: pthread_t

  /// Nil if the system refuses another thread.
  package init?(_ body: @escaping @Sendable () -> Void) {
    let box = Unmanaged.passRetained(Body(body))
    #if canImport(Darwin)
      var created: pthread_t?
      let status = pthread_create(&created, nil, { runBody($0) }, box.toOpaque())
    #else
      var created = pthread_t()
      let status = pthread_create(&created, nil, { runBody($0!) }, box.toOpaque())
    #endif
    guard status == 0 else {
      box.release()
      return nil
    }
    #if canImport(Darwin)
      thread = created!
    #else
      thread = created
    #endif
  }

  package func join() { pthread_join(thread, nil) }
}

private final class Body: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func runBody(_ box: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
  Unmanaged<Body>.fromOpaque(box).takeRetainedValue().run()
  return nil
}
