// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

private let isGnuplotInstalled =
  (try? ToolProcess(script: "gnuplot --version >/dev/null 2>&1"))?.status == 0

/// Seconds for which more seeds are tried.
private let seconds =
  ProcessInfo.processInfo.environment["LMM_FUZZ_SECONDS"].flatMap(Double.init) ?? 0

@Suite struct HostileTextTests {
  @Test(arguments: [1, 2])
  func `nothing in a table is executed, breaks an output or reaches a terminal raw`(
    _ seed: Int
  ) throws {
    try HostileRound(seed: seed, figures: isGnuplotInstalled).run()
  }

  @Test(.enabled(if: seconds > 0))
  func `nothing of many tables does`() throws {
    let end = Date().addingTimeInterval(seconds)
    // Other seeds every time; a failure names its own.
    var seed = Int(Date().timeIntervalSince1970) % 1_000_000_000
    repeat {
      try HostileRound(seed: seed, figures: isGnuplotInstalled).run()
      seed += 1
    } while Date() < end
  }

  /// The level that ran `id` in a release: the apostrophe and the mark are one Character.
  @Test(.enabled(if: isGnuplotInstalled), arguments: ["caterpillar", "shrinkage", "data"])
  func `a quote that is part of a longer Character ends no constant`(_ kind: String) throws {
    let folder = try TemporaryFolder()
    var table = "y,g\n"
    for k in 0..<12 { table += "\(k * k % 7),\"\(k % 3)a'\u{301}`>canary`\"\n" }
    try folder.write(table, to: "x.csv")
    let run = try ToolProcess(
      script: "cd \"$1\"; \"$tool\" plot $2 'y ~ 1 + (1 | g)' --data x.csv -o x.svg",
      folder.path, kind)
    #expect(run.status == 0, "\(run.errors)")
    #expect(try folder.contents == ["x.csv", "x.svg"])
    #expect(try folder.text("x.svg").contains("’\u{301}`>canary`") || kind == "data")
  }

  /// R 4.2.2 has two levels of each, too; in a balanced table marginal means are means.
  @Test func `levels that Unicode calls equal are two, as they are to R`() throws {
    let folder = try TemporaryFolder()
    let levels = ["K", "b", "\u{212A}", "e\u{301}", "é"]
    var table = "y,f,g\n"
    for group in 0..<4 {
      for (k, level) in levels.enumerated() {
        table += "\(10 * k + group * group + (k + group) % 2),\(level),\(group)\n"
      }
    }
    try folder.write(table, to: "x.csv")
    for options in [[], ["--levels", "f=" + levels.joined(separator: ",")]] {
      let run = try ToolProcess(
        script: "\"$tool\" emmeans 'y ~ f + (1 | g)' '~ f' --format tidy --data \"$@\"",
        [folder.file("x.csv")] + options)
      #expect(run.status == 0, "\(run.errors)")
      let records = try #require(csvRecords(run.output)?.dropFirst())
      for (k, level) in levels.enumerated() {
        let mean = records.first { record in
          record.contains { $0.utf8.elementsEqual(level.utf8) }
        }.flatMap { $0.lazy.compactMap(Double.init).first }
        // 0, 1, 4 and 9, and 1 in two groups of the four.
        #expect(abs((mean ?? .nan) - (10 * Double(k) + 4)) < 1e-9, "\(k)")
      }
    }
  }

  @Test func `a table with a zero byte is refused`() throws {
    let folder = try TemporaryFolder()
    try folder.write("y,g\n1,a\u{0}\n", to: "x.csv")
    let run = try ToolProcess("fit", "y ~ 1 + (1 | g)", folder.file("x.csv"))
    #expect(run.status == 1 && run.errors.contains("zero byte"))
  }
}
