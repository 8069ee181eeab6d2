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
  ("parquet", feedParquet), ("arrow", feedArrow),
]

/// The harness that was asked for; set once, before libFuzzer begins.
nonisolated(unsafe) var chosen = harnesses[0]

/// Every linker finds one `main` or the other: libFuzzer's own does the same.
@main enum Fuzz {
  static func main() {
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    exit(LLVMFuzzerRunDriver(&count, &arguments) { feed($0, $1) })
  }
}

@_cdecl("LLVMFuzzerTestOneInput") func feed(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  chosen.feed(UnsafeRawBufferPointer(start: data, count: size))
  return 0
}

/// Takes the harness's name out of the arguments, before libFuzzer reads them.
@_cdecl("LLVMFuzzerInitialize") func initialize(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
) -> CInt {
  let given = (0..<Int(count.pointee)).map {
    arguments.pointee[$0].map { String(cString: $0) } ?? ""
  }
  guard given.count > 1, let harness = harnesses.first(where: { $0.name == given[1] }) else {
    print("usage: fuzz \(harnesses.map(\.name).joined(separator: "|")) [libFuzzer's arguments]")
    exit(2)
  }
  if given.count > 3, given[2] == "--seeds" {
    writeSeeds(harness.name, to: given[3])
    exit(0)
  }
  chosen = harness
  arguments.pointee[1] = arguments.pointee[0]
  arguments.pointee += 1
  count.pointee -= 1
  return 0
}
