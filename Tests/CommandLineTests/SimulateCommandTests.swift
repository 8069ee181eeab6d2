// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import Testing

struct SimulateCommandTests {
  @Test func `the list has names, rows and formulas`() throws {
    let run = try ToolProcess("simulate", "--list")
    #expect(run.status == 0 && run.errors == "")
    let lines = run.output.split(separator: "\n").map {
      $0.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
    }
    #expect(lines.count == 16)
    for line in lines {
      #expect((Int(line[1]) ?? 0) > 0)
      #expect(line[2].contains(" ~ "))
    }
    #expect(
      lines[0].map { $0.trimmingCharacters(in: .whitespaces) }[...1] == ["slopes100k", "100000"])
  }

  @Test func `the file has what standard output would`() throws {
    let folder = try TemporaryFolder()
    let run = try ToolProcess(
      "simulate", "slopes100k", "--rows", "20000", "--levels", "g=50", "-o", folder.file("a.csv"))
    #expect(run.status == 0 && run.output == "" && run.errors == "")
    let same = try ToolProcess(
      "simulate", "slopes100k", "--levels", "g=50", "--rows", "20000", "--threads", "3", "--seed",
      "1")
    #expect(try folder.text("a.csv") == same.output)
    #expect(same.output.split(separator: "\n").count == 20_001)
    let other = try ToolProcess(
      "simulate", "slopes100k", "--rows", "20000", "--levels", "g=50", "--seed", "2", "-o", "-")
    #expect(other.status == 0 && other.output != same.output)
    #expect(try folder.contents == ["a.csv"])
  }

  @Test func `the fit of a simulated pipe finds the groups`() throws {
    let run = try ToolProcess(
      script: "$tool simulate ratings100k --rows 5000 --levels user=40 --levels item=30 | "
        + "$tool fit 'y ~ 1 + (1 | user) + (1 | item)' - --quiet")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("Number of obs: 5000, groups:  user, 40; item, 30"))
  }

  @Test func `a table that cannot be finished leaves the old file`() throws {
    let folder = try TemporaryFolder()
    try folder.write("old", to: "a.csv")
    let run = try ToolProcess(
      script: "ulimit -f 100; $tool simulate slopes100k -o \"$1\"", folder.file("a.csv"))
    #expect(run.status == 1)
    #expect(run.errors.hasPrefix("error: cannot write to "))
    #expect(try folder.text("a.csv") == "old")
    #expect(try folder.contents == ["a.csv"])
    let full = try ToolProcess(script: "$tool simulate slopes100k > /dev/full")
    #expect(full.status == 1)
    #expect(full.errors == "error: cannot write to standard output: No space left on device\n")
    let closed = try ToolProcess(script: "$tool simulate slopes100k | head -1")
    #expect(closed.output == "y,x1,x2,x3,g\n")
    #expect(closed.errors == "error: cannot write to standard output: Broken pipe\n")
  }

  @Test func `an interrupt leaves no half-written table`() throws {
    let folder = try TemporaryFolder()
    let run = try ToolProcess(
      script: "set -m; $tool simulate slopes100m --threads 1 -o \"$1/a.csv\" & pid=$!; sleep 0.7; "
        + "ls -A \"$1\"; kill -TERM $pid; wait $pid", folder.path)
    #expect(run.status == 143)
    #expect(try folder.contents == [])
  }

  static let wrong: [(arguments: [String], words: String)] = [
    ([], "slopes100k"),
    (["slopes1k"], "no workload is called 'slopes1k'"),
    (["slopes100k", "--list"], "--list takes no workload"),
    (["slopes100k", "--rows", "0"], "1 to 10¹² rows"),
    (["slopes100k", "--rows", "-5"], "-5"),
    (["slopes100k", "--rows", "many"], "many"),
    (["slopes100k", "--seed", "-1"], "-1"),
    (["slopes100k", "--threads", "0"], "at least 1"),
    (["slopes100k", "--levels", "h=5"], "has no factor 'h'. It has g."),
    (["slopes100k", "--levels", "g"], "FACTOR=N"),
    (["slopes100k", "--levels", "g=x"], "no number of levels"),
    (["slopes100k", "--levels", "g=0"], "1 to 10⁸ levels"),
  ]

  @Test(arguments: wrong.indices)
  func `a wrong command line fails with 64 and says what is wrong`(index: Int) throws {
    let (arguments, words) = Self.wrong[index]
    let quoted = arguments.map { "'\($0)'" }.joined(separator: " ")
    let run = try ToolProcess(script: "$tool simulate \(quoted)")
    #expect(run.status == 64)
    #expect(run.output == "")
    #expect(run.errors.hasPrefix("error: "))
    #expect(run.errors.contains(words), "\(run.errors)")
  }
}
