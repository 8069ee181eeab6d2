// SPDX-License-Identifier: GPL-2.0-or-later
import CFuzzer
import Glibc

/// What can be fed: `fuzz NAME [options of libFuzzer] [folders of inputs]`.
///
/// Every harness swallows the errors that the library throws on purpose; what is left (a trap, a
/// sanitizer's report, a run that takes too long or too much memory) is a find.
let harnesses: [(name: String, feed: @Sendable (UnsafeRawBufferPointer) -> Void)] = [
  ("reader", feedReader), ("gzip", feedGzip), ("formula", feedFormula),
  ("hypotheses", feedHypotheses), ("options", feedOptions), ("models", feedModelFile),
]

/// The harness that was asked for; set once, before libFuzzer begins.
nonisolated(unsafe) var chosen = harnesses[0]

@main enum Fuzz {
  static func main() {
    guard CommandLine.argc > 1, let name = CommandLine.unsafeArgv[1].map({ String(cString: $0) }),
      let harness = harnesses.first(where: { $0.name == name })
    else {
      print("usage: fuzz \(harnesses.map(\.name).joined(separator: "|")) [libFuzzer's arguments]")
      exit(2)
    }
    if CommandLine.argc > 3, CommandLine.unsafeArgv[2].map({ String(cString: $0) }) == "--seeds" {
      return writeSeeds(harness.name, to: CommandLine.arguments[3])
    }
    chosen = harness
    // The harness's name is not libFuzzer's to see.
    var count = CommandLine.argc - 1
    CommandLine.unsafeArgv[1] = CommandLine.unsafeArgv[0]
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? =
      CommandLine.unsafeArgv + 1
    exit(
      LLVMFuzzerRunDriver(&count, &arguments) { data, size in
        chosen.feed(UnsafeRawBufferPointer(start: data, count: size))
        return 0
      })
  }
}
