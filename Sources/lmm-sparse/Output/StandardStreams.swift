// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Makes standard input, output and error open files where they are closed, so that no data file
/// takes their numbers and nothing meant for them ends in it.
///
/// Reading from or writing to such a stream fails, but that to standard error: there is nobody to
/// tell.
func openStandardStreams() {
  for (descriptor, mode) in [
    (STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY),
  ] where fcntl(descriptor, F_GETFD) < 0 {
    // The lowest number that is free is this one.
    _ = open("/dev/null", mode)
  }
}

/// - Throws: `OutputError` for a closed pipe, a full disk and the like.
func writeToStandardOutput(_ text: String) throws(OutputError) {
  guard writeAll(text, to: STDOUT_FILENO) else {
    throw OutputError(path: "standard output", .init())
  }
}

/// Errors are ignored: there is nowhere left to report them.
func writeToStandardError(_ text: String) {
  _ = writeAll(text, to: STDERR_FILENO)
}

/// Tells people something, on lines of its own: printable, and no more than a screen or two.
func writeToStandardError(message: String) {
  writeToStandardError(boundedMessage(message) + "\n")
}

/// A message that is too long loses its middle: what is wrong stands at its beginning, what to do at
/// its end.
private func boundedMessage(_ message: String) -> String {
  let (head, tail) = (5000, 1000)
  let text = printableText(message, keeping: ["\n"])
  guard text.unicodeScalars.count > head + tail else { return text }
  let scalars = text.unicodeScalars
  return String(scalars.prefix(head)) + " … " + String(scalars.suffix(tail))
}

private func writeAll(_ text: String, to descriptor: Int32) -> Bool {
  var text = text
  return text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
}
