// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  @preconcurrency import Musl
#else
  @preconcurrency import Glibc
#endif

/// What a program writes to its standard output, as it writes it; the program ends with this object.
final class ProgramOutput: ByteStream {
  struct Failure: Error {
    /// What it said last, or the system.
    let words: String
    /// Whether there is no such program.
    var isMissing = false
  }

  private let child: pid_t
  private let output: Int32
  /// A file without a name.
  private let messages: Int32
  private let explain: (Failure) -> DataError
  private var hasEnded = false
  private(set) var position = 0

  /// Starts a program along PATH.
  ///
  /// - Parameter explain: Makes an error of how the program ended.
  /// - Throws: `Failure`
  init(
    _ program: String, _ arguments: [String], explain: @escaping (Failure) -> DataError
  ) throws(Failure) {
    self.explain = explain
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw Self.systemFailure(errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    output = ends[0]
    defer { close(ends[1]) }
    var path = Array(((getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp") + "/lmm-sparse-XXXXXX").utf8CString)
    messages = mkstemp(&path)
    guard messages >= 0 else {
      close(ends[0])
      throw Self.systemFailure(errno)
    }
    unlink(path)
    _ = fcntl(messages, F_SETFD, FD_CLOEXEC)
    do throws(Failure) {
      child = try Self.start(program, arguments, output: ends[1], messages: messages)
    } catch {
      close(ends[0])
      close(messages)
      throw error
    }
  }

  deinit {
    close(output)
    if !hasEnded {
      kill(child, SIGTERM)
      var status: Int32 = 0
      while waitpid(child, &status, 0) < 0, errno == EINTR {}
    }
    close(messages)
  }

  private static func start(
    _ program: String, _ arguments: [String], output: Int32, messages: Int32
  ) throws(Failure) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, messages, 2)
    let words = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var child: pid_t = 0
    let code = posix_spawnp(&child, program, &actions, nil, words, environ)
    guard code == 0 else { throw systemFailure(code) }
    return child
  }

  private static func systemFailure(_ code: Int32) -> Failure {
    Failure(words: String(cString: strerror(code)), isMissing: code == ENOENT)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int {
    while !hasEnded {
      #if canImport(Darwin)
        let count = Darwin.read(output, buffer.baseAddress, buffer.count)
      #elseif canImport(Musl)
        let count = Musl.read(output, buffer.baseAddress, buffer.count)
      #else
        let count = Glibc.read(output, buffer.baseAddress, buffer.count)
      #endif
      if count > 0 {
        position += count
        return count
      }
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw explain(Self.systemFailure(errno)) }
      try finish()
    }
    return 0
  }

  /// - Throws: the error of a program that did not end well.
  private func finish() throws(DataError) {
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 {
      guard errno == EINTR else { break }
    }
    hasEnded = true
    guard status != 0 else { return }
    let signal = status & 0x7F
    let words = lastWords
    throw explain(
      Failure(words: signal == 0 ? words : words + " (ended by signal \(signal))"))
  }

  /// The first line of what it said that says something.
  private var lastWords: String {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = max(pread(messages, &bytes, bytes.count, 0), 0)
    let text = String(decoding: bytes[..<count], as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.contains { $0 != " " } } ?? "no reason given"
    return String(line)
  }
}
