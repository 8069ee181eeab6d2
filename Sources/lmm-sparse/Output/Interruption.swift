// SPDX-License-Identifier: GPL-2.0-or-later
import CAddressSpace
import MixedModels
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The half-written files that the end of the program by a signal removes.
///
/// Written by the main thread only; a signal handler reads pointers to memory that is never freed.
private nonisolated(unsafe) let temporaryFiles = {
  let files = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: mostTemporaries)
  files.initialize(repeating: nil, count: mostTemporaries)
  return files
}()
private let mostTemporaries = 8

/// Where the work stands: text for an interrupt to print, in one of two buffers that are never
/// freed.
private struct RestingPlace {
  var text: UnsafeMutablePointer<UInt8>
  var capacity: Int
  var count = 0

  init(capacity: Int) {
    text = .allocate(capacity: capacity)
    self.capacity = capacity
  }
}
private nonisolated(unsafe) let restingPlaces = {
  let places = UnsafeMutablePointer<RestingPlace>.allocate(capacity: 2)
  for k in 0..<2 { (places + k).initialize(to: RestingPlace(capacity: 4096)) }
  return places
}()
/// The one of the two that is whole; -1 if there is nothing to tell.
private let currentPlace = Atomic<Int>(-1)
/// Set by the first signal: what a handler reads is not touched any more.
private let isEnding = Atomic<Bool>(false)
/// Whether a file is being made just now, and by which thread.
private let isMaking = Atomic<Bool>(false)
private nonisolated(unsafe) var maker = pthread_self()

/// Sets what an interrupt prints; called by one thread at a time.
func tellOnInterrupt(_ words: String) {
  let bytes = Array(words.utf8)
  let free = currentPlace.load(ordering: .relaxed) == 0 ? 1 : 0
  guard !isEnding.load(ordering: .acquiring) else { return }
  // Twice the size: all buffers that are given up are together no larger than the last.
  if bytes.count > restingPlaces[free].capacity {
    restingPlaces[free] = RestingPlace(capacity: 2 * bytes.count)
  }
  restingPlaces[free].text.update(from: bytes, count: bytes.count)
  restingPlaces[free].count = bytes.count
  currentPlace.store(free, ordering: .releasing)
}

/// Names a half-written file that an interrupt removes, or one that is there no more.
///
/// A handler in another thread waits while a file is being made, and after it none is made.
func removeOnInterrupt(_ path: String, _ moment: FileReplacement.Moment) {
  switch moment {
  case .toBeMade:
    if let k = (0..<mostTemporaries).first(where: { temporaryFiles[$0] == nil }) {
      temporaryFiles[k] = strdup(path)
    }
    maker = pthread_self()
    isMaking.store(true, ordering: .sequentiallyConsistent)
    guard isEnding.load(ordering: .sequentiallyConsistent) else { return }
    isMaking.store(false, ordering: .sequentiallyConsistent)
    while true { pause() }
  case .made: isMaking.store(false, ordering: .sequentiallyConsistent)
  case .gone:
    let k = (0..<mostTemporaries).first { k in
      temporaryFiles[k].map { String(cString: $0) } == path
    }
    if let k { temporaryFiles[k] = nil }
  }
}

/// Makes every signal that ends the program leave no half-written file.
///
/// An interrupt (from the keyboard, by kill, or when the terminal goes) ends it with status 128 +
/// signal, and says where the work stood; other signals end it as they would anyway. Signals that
/// were ignored from the start (nohup) stay ignored; those that a parent left blocked, as programs
/// with thread pools do by accident, are unblocked.
func installSignalHandlers() {
  _ = (temporaryFiles, restingPlaces, previousActions)  // made now: a handler may not allocate
  call_before_memory_end { removeTemporaryFiles() }
  var handled = sigset_t()
  sigemptyset(&handled)
  for number in [SIGINT, SIGTERM, SIGHUP] {
    sigaddset(&handled, number)
    handle(number) { number in
      removeTemporaryFiles()
      tellRestingPlace()
      _exit(128 + number)
    }
  }
  for number in otherFatalSignals {
    sigaddset(&handled, number)
    handle(number) { number in
      removeTemporaryFiles()
      sigaction(number, &previousActions[Int(number)], nil)
      raise(number)  // blocked until the handler is left
    }
  }
  pthread_sigmask(SIG_UNBLOCK, &handled, nil)
}

/// Those that end a program which does nothing about them, other than SIGKILL.
private let otherFatalSignals: [Int32] = {
  var all = [
    SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGVTALRM, SIGPROF, SIGABRT, SIGSEGV, SIGBUS,
    SIGILL, SIGFPE, SIGTRAP, SIGSYS,
  ]
  #if os(Linux)
    all += [SIGIO, SIGPWR, SIGSTKFLT]
  #endif
  return all
}()

/// What was done about a signal before: the system's end of the program, or Swift's backtrace.
private nonisolated(unsafe) let previousActions = {
  let actions = UnsafeMutablePointer<sigaction>.allocate(capacity: 65)
  actions.initialize(repeating: sigaction(), count: 65)
  return actions
}()

/// Installs a handler, but for a signal that is ignored.
private func handle(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
  sigaction(number, nil, &previousActions[Int(number)])
  let previous = signal(number, handler)
  guard unsafeBitCast(previous, to: Int.self) != unsafeBitCast(SIG_IGN, to: Int.self) else {
    signal(number, SIG_IGN)
    return
  }
  // A stack that has run over has no room for a handler.
  var action = sigaction()
  sigaction(number, nil, &action)
  action.sa_flags |= SA_ONSTACK
  sigaction(number, &action, nil)
}

// What follows runs inside signal handlers: nothing here may allocate or lock.

private func removeTemporaryFiles() {
  isEnding.store(true, ordering: .sequentiallyConsistent)
  var milliseconds = 1000
  while isMaking.load(ordering: .sequentiallyConsistent), milliseconds > 0,
    pthread_equal(maker, pthread_self()) == 0
  {
    usleep(1000)
    milliseconds -= 1
  }
  for k in 0..<mostTemporaries {
    if let file = temporaryFiles[k] { unlink(file) }
  }
}

private func tellRestingPlace() {
  if isatty(STDERR_FILENO) == 1 { write(STDERR_FILENO, "\n", 1) }
  let k = currentPlace.load(ordering: .acquiring)
  guard k >= 0 else { return }
  let place = restingPlaces[k]
  _ = writeAll(UnsafeRawBufferPointer(start: place.text, count: place.count), to: STDERR_FILENO)
}
