// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

@preconcurrency import Glibc
import NumericalMethods

/// One run of gnuplot: a script in, a drawing out.
///
/// Script, drawing and messages go through files without a name, so nothing is left behind however
/// the run ends, and no pipe can fill up.
package struct Gnuplot: Sendable {
  /// Looked for along PATH unless it holds a slash.
  package var program = "gnuplot"
  /// Seconds after which a run is ended.
  package var timeout = 120.0

  package init() {}

  /// What gnuplot writes to standard output.
  ///
  /// - Throws: `GnuplotError`.
  package func output(of script: GnuplotCommand) throws(GnuplotError) -> [UInt8] {
    let (input, drawing, messages) = (try NamelessFile(), try NamelessFile(), try NamelessFile())
    defer { for file in [input, drawing, messages] { file.close() } }
    try input.write(script.text)
    let status = try wait(for: start(input, drawing, messages))
    let said = String(decoding: messages.contents, as: UTF8.self)
    guard status == 0 else {
      let signal = status & 0x7F
      throw .failed(signal == 0 ? said : said + "\nit was ended by signal \(signal)")
    }
    let bytes = drawing.contents
    guard !bytes.isEmpty else { throw .failed(said) }
    return bytes
  }

  /// The environment without what would give gnuplot other files, programs or a terminal to begin
  /// with.
  private static var environment: [String] {
    var variables: [String] = []
    var next = environ
    while let variable = next.pointee {
      let text = String(cString: variable)
      if !text.hasPrefix("GNU") && !text.hasPrefix("FIT_") { variables.append(text) }
      next += 1
    }
    return variables
  }

  private func start(
    _ input: NamelessFile, _ output: NamelessFile, _ errors: NamelessFile
  ) throws(GnuplotError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (target, file) in [input, output, errors].enumerated() {
      posix_spawn_file_actions_adddup2(&actions, file.descriptor, Int32(target))
    }
    // -d: no start-up file of the user's changes the figure.
    let words: [String] = [program, "-d", "-"]
    let arguments = words.map { word in strdup(word) } + [nil]
    defer { for argument in arguments { free(argument) } }
    let variables = Self.environment.map { strdup($0) } + [nil]
    defer { for variable in variables { free(variable) } }
    var child: pid_t = 0
    let code = posix_spawnp(&child, program, &actions, nil, arguments, variables)
    switch code {
    case 0: return child
    case ENOENT: throw .notInstalled(program)
    default: throw .system(String(cString: strerror(code)))
    }
  }

  private func wait(for child: pid_t) throws(GnuplotError) -> Int32 {
    var status: Int32 = 0
    let began = monotonicSeconds()
    while waitpid(child, &status, WNOHANG) == 0 {
      if monotonicSeconds() - began > timeout {
        kill(child, SIGKILL)
        waitpid(child, &status, 0)
        throw .timedOut(seconds: timeout)
      }
      usleep(2000)
    }
    return status
  }
}

/// An open file that has lost its name.
private struct NamelessFile {
  let descriptor: Int32

  init() throws(GnuplotError) {
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var path = Array((folder + "/lmm-sparse-XXXXXX").utf8CString)
    let descriptor = mkstemp(&path)
    guard descriptor >= 0, fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
      throw .system("no temporary file in \(folder): \(String(cString: strerror(errno)))")
    }
    unlink(path)
    self.descriptor = descriptor
  }

  func close() { _ = Glibc.close(descriptor) }

  /// Writes `text` and goes back to its beginning.
  func write(_ text: String) throws(GnuplotError) {
    var text = text
    let isWritten = text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
        if count < 0, errno != EINTR { return false }
        rest = UnsafeRawBufferPointer(rebasing: rest[max(count, 0)...])
      }
      return true
    }
    guard isWritten, lseek(descriptor, 0, SEEK_SET) == 0 else {
      throw .system("cannot write a temporary file: \(String(cString: strerror(errno)))")
    }
  }

  var contents: [UInt8] {
    let size = Int(lseek(descriptor, 0, SEEK_END))
    guard size > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let read = pread(descriptor, buffer.baseAddress! + count, size - count, off_t(count))
        guard read > 0 else { return }
        count += read
      }
    }
  }
}
