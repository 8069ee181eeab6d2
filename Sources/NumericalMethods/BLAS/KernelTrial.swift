// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// A child process that tests another kernel of the BLAS: whatever happens, happens there.
package struct KernelTrial {
  /// The program that is started, with its path as the only argument; it writes the `line` of a verdict.
  private let program: String
  /// Variables by which the program knows what to do, beside the one that names the kernel.
  private let settings: [(String, String)]
  /// Seconds of sleep, or of its processor, after which the child hangs; it takes some hundredths.
  private let patience: Double
  /// Seconds after which a child that gets no processor is given up.
  private let limit: Double

  package init(
    program: String, settings: [(String, String)] = [], patience: Double = 2, limit: Double = 20
  ) {
    (self.program, self.settings) = (program, settings)
    (self.patience, self.limit) = (patience, limit)
  }

  /// Starts the child, waits for it, and ends it where it takes too long.
  package func verdict(on kernel: String) -> KernelVerdict {
    guard let (child, output) = start(kernel) else { return .untested }
    defer { close(output) }
    guard let text = read(output, of: child) else {
      let isStarved = !hangs(child)
      kill(child, SIGKILL)
      waitpid(child, nil, 0)
      return isStarved ? .untested : .hung
    }
    var status: Int32 = 0
    let isKnown = waitpid(child, &status, 0) == child  // not where SIGCHLD is ignored
    if let verdict = KernelVerdict(line: text) { return verdict }
    let signal = status & 0x7f
    // Others come from outside, as from the system where memory runs out.
    let own = [SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGABRT]
    return isKnown && own.contains(signal) ? .crashed(signal: signal) : .untested
  }

  /// A silent child with nothing to read, and the end of the pipe that it writes its verdict to.
  private func start(_ kernel: String) -> (child: pid_t, output: Int32)? {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    defer { close(ends[1]) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    // One thread computes with the same kernel, and no pool is started.
    let environment = Environment(
      with: [(BLASKernel.variable, kernel), ("OPENBLAS_NUM_THREADS", "1")] + settings)
    defer { environment.free() }
    let name = strdup(program)
    defer { free(name) }
    var child = pid_t()
    guard posix_spawn(&child, program, &actions, nil, [name, nil], environment.entries) == 0 else {
      close(ends[0])
      return nil
    }
    return (child, ends[0])
  }

  /// All that the child writes; nil if it hangs or is starved.
  private func read(_ output: Int32, of child: pid_t) -> String? {
    var bytes: [UInt8] = []
    let start = monotonicSeconds()
    while true {
      var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      guard poll(&waiting, 1, 50) != 0 else {
        let seconds = monotonicSeconds() - start
        if seconds > limit || seconds > patience && hangs(child) { return nil }
        continue
      }
      var buffer = [UInt8](repeating: 0, count: 512)
      let count = Glibc.read(output, &buffer, buffer.count)
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      if count > 0 { bytes += buffer.prefix(count) }
      if count < 0, errno != EINTR { return "" }
    }
  }

  /// Whether the child sleeps or has had its time; otherwise it waits for a processor or the disk.
  ///
  /// Source: proc(5), `/proc/PID/stat`: behind the name the state, and eleven fields later the clock ticks in
  /// the program and in the system.
  private func hangs(_ child: pid_t) -> Bool {
    guard let text = systemText("/proc/\(child)/stat"), let name = text.lastIndex(of: ")") else {
      return true
    }
    let fields = text[text.index(after: name)...].split(separator: " ")
    guard fields.count > 12, let program = Double(fields[11]), let system = Double(fields[12])
    else { return true }
    let seconds = (program + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    return !["R", "D"].contains(fields[0]) || seconds > patience
  }
}
