// SPDX-License-Identifier: GPL-2.0-or-later
import CAddressSpace
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The file that an interrupt removes.
///
/// Written by the main thread only; the signal handler reads
/// one pointer, to memory that is never freed.
private nonisolated(unsafe) var temporaryFile: UnsafeMutablePointer<CChar>?

/// Where a search stands: text for an interrupt to print, in one of two buffers that are never
/// freed.
private nonisolated(unsafe) var restingPlace: UnsafeMutablePointer<CChar>?
private nonisolated(unsafe) let restingPlaces = (
  UnsafeMutablePointer<CChar>.allocate(capacity: 4096),
  UnsafeMutablePointer<CChar>.allocate(capacity: 4096)
)

/// Sets what an interrupt prints; called by the main thread only.
func tellOnInterrupt(_ text: String) {
  let bytes = Array(text.utf8.prefix(4095))
  let free = restingPlace == restingPlaces.0 ? restingPlaces.1 : restingPlaces.0
  for (k, byte) in bytes.enumerated() { free[k] = CChar(bitPattern: byte) }
  free[bytes.count] = 0
  restingPlace = free
}

/// Names the half-written file that an interrupt removes; nil if there is none any more.
func removeOnInterrupt(_ path: String?) {
  temporaryFile = path.flatMap { strdup($0) }
}

/// Makes an interrupt end the program with status 128 + signal and no half-written file left.
///
/// The status is 130 for an interrupt from the keyboard. Signals that were ignored from the start
/// (nohup) stay ignored; those that a parent
/// left blocked, as programs with thread pools do by accident, are unblocked.
func installInterruptHandler() {
  call_before_memory_end { if let temporaryFile { unlink(temporaryFile) } }
  var signals = sigset_t()
  sigemptyset(&signals)
  for number in [SIGINT, SIGTERM, SIGHUP] {
    sigaddset(&signals, number)
    let previous = signal(number) { number in
      if let temporaryFile { unlink(temporaryFile) }
      if isatty(STDERR_FILENO) == 1 { write(STDERR_FILENO, "\n", 1) }
      if let restingPlace { write(STDERR_FILENO, restingPlace, strlen(restingPlace)) }
      _exit(128 + number)
    }
    if isIgnore(previous) { signal(number, SIG_IGN) }
  }
  pthread_sigmask(SIG_UNBLOCK, &signals, nil)
}

private func isIgnore(_ handler: sighandler_t?) -> Bool {
  unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
}
