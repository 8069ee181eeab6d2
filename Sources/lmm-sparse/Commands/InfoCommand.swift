// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames
import NumericalMethods

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Prints what a report of a problem should mention, or what model files hold.
struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Show versions, the BLAS in use, cores and memory; or what model files hold.",
    discussion: "Files are read whole: all checksums are compared, and a fit is computed again.")

  @Argument(help: "Model files (.lmm) to describe instead.")
  var files: [String] = []

  func run() throws {
    guard files.isEmpty else {
      let run = try RunFiles(reading: files, output: nil)
      let texts = try files.map { try table(modelFileRows($0)) }
      return try run.report.write(texts.joined(separator: "\n"))
    }
    let blas = blasDescription()
    var rows = [("lmm-sparse", softwareVersion), ("System", systemDescription())]
    rows += libraryVersions().map { ($0.name, $0.version) }
    let threads = blas.threads == 1 ? "1 thread" : "\(blas.threads) threads"
    rows.append(("BLAS", "\(blas.name), \(threads)"))
    rows.append(("Cores", String(availableProcessors())))
    let gibibytes = Double(physicalMemory()) / 1_073_741_824
    rows.append(("Memory", "\(fixedNotation(gibibytes, decimals: 1)) GiB"))

    var text = table(rows)
    if blas.isReference {
      text +=
        "warning: the reference BLAS is 10 to 50 times slower than OpenBLAS; install OpenBLAS "
        + "(Debian: libopenblas0).\n"
    }
    try writeToStandardOutput(text)
  }

  private func table(_ rows: [(String, String)]) -> String {
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { name, value in
      name + String(repeating: " ", count: width + 2 - name.count)
        + printableText(value) + "\n"
    }.joined()
  }

  private func systemDescription() -> String {
    var name = utsname()
    guard uname(&name) == 0 else { return "unknown" }
    func text<Characters>(_ characters: Characters) -> String {
      withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    return "\(text(name.sysname)) \(text(name.release)), \(text(name.machine))"
  }
}
