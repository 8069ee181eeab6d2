// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
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
    let closed = try ToolProcess(
      script: "$tool simulate slopes100k | head -1; echo ${PIPESTATUS[0]}")
    #expect(closed.output == "y,x1,x2,x3,g\n141\n")
    #expect(closed.errors == "")
  }

  @Test func `an interrupt leaves no half-written table`() throws {
    let folder = try TemporaryFolder()
    let run = try ToolProcess(
      script: "set -m; $tool simulate slopes100m --threads 1 -o \"$1/a.csv\" & pid=$!; sleep 0.7; "
        + "ls -A \"$1\"; kill -TERM $pid; wait $pid", folder.path)
    #expect(run.status == 143)
    #expect(try folder.contents == [])
  }

  @Test func `a formula is simulated, fitted from a pipe, and the same on any number of threads`()
    throws
  {
    let script = """
      set -e; sim() { $tool simulate 'y ~ x + (1 + x | g)' --beta 1,0.8 --sd g=2,0.5 --levels g=60 \\
        --rows-per g=20 --covariate 'x=normal(5,2)' --seed 4 "$@"; }
      d=$(mktemp -d); sim --threads 1 -o $d/1.csv; sim --threads 2 -o $d/2.csv
      cmp $d/1.csv $d/2.csv; head -1 $d/1.csv; wc -l < $d/1.csv; rm -r $d
      sim | $tool fit 'y ~ x + (1 + x | g)' - --quiet --json
      """
    let run = try ToolProcess(script: script)
    #expect(run.status == 0 && run.errors == "", "\(run.errors)")
    #expect(run.output.hasPrefix("y,x,g\n1201\n{"))
    let text = run.output.drop { $0 != "{" }
    let fit = try jsonObject(text)
    let slope = try #require(fit["fixed"] as? [[String: Any]])[1]
    let (estimate, error) = (
      try #require(slope["estimate"] as? Double), try #require(slope["std_error"] as? Double)
    )
    #expect(abs(estimate - 0.8) < 4 * error)
  }

  @Test func `a model file draws new responses for rows`() throws {
    let script = """
      d=$(mktemp -d); f='Reaction ~ Days + (Days | Subject)'
      $tool fit "$f" "$1" --save $d/m.lmm > /dev/null || exit 1
      $tool simulate $d/m.lmm --data "$1" --replicates 2 --seed 5 --threads 1 > $d/a
      $tool simulate $d/m.lmm --data "$1" --replicates 2 --seed 5 --threads 2 > $d/b
      cmp $d/a $d/b && head -1 $d/a && wc -l < $d/a
      cut -d, -f1-3 $d/a | cmp - <(tr -d '"' < "$1" | cut -d, -f1-3) && echo kept
      $tool simulate $d/m.lmm --data "$1" --columns none --random kept | head -1
      $tool simulate $d/m.lmm; echo "status $?"
      $tool simulate $d/m.lmm --data "$1" --levels g=3; echo "status $?"
      $tool simulate 'y ~ x + (1 | g)' --data "$1"; echo "status $?"
      rm -r $d
      """
    let run = try ToolProcess(script: script, sleepstudyPath)
    let lines = run.output.split(separator: "\n").map(String.init)
    #expect(lines[0].hasSuffix(",sim_1,sim_2") && lines[1] == "181", "\(run.output)\(run.errors)")
    #expect(
      lines[2...] == ["kept", "sim_1", "status 64", "status 64", "status 64"], "\(run.output)")
    for words in [
      "name the rows after --data", "--levels is for a formula", "--data is for a model file",
    ] { #expect(run.errors.contains(words), "\(run.errors)") }
  }

  static let wrong: [(arguments: [String], words: String)] = [
    ([], "slopes100k"),
    (["slopes1k"], "no workload is called 'slopes1k'"),
    (["slopes100k", "--list"], "--list takes no model"),
    (["slopes100k", "--rows", "0"], "at least 1 and at most"),
    (["slopes100k", "--rows", "-5"], "-5"),
    (["slopes100k", "--rows", "many"], "many"),
    (["slopes100k", "--seed", "-1"], "-1"),
    (["slopes100k", "--threads", "0"], "at least 1"),
    (["slopes100k", "--levels", "h=5"], "has no factor 'h'. It has g."),
    (["slopes100k", "--levels", "g"], "FACTOR=N"),
    (["slopes100k", "--levels", "g=x"], "no number of levels"),
    (["slopes100k", "--levels", "g=0"], "1 to 10⁸ levels"),
    (["slopes100k", "--sigma", "2"], "--sigma is for a formula"),
    (["y ~ x + (1 | g)", "--beta", "z=1"], "no 'z' among the coefficients: (Intercept), x"),
    (["y ~ x + (1 | g)", "--sd", "g=-1"], "at least 0"),
    (["y ~ x + (x | g)", "--corr", "g=2"], "between -1 and 1"),
    (["y ~ x + (1 | g)", "--rows-per", "g=2", "--rows-per", "g=3"], "there twice"),
    (["y ~ x + (1 | g)", "--contrasts", "x=poly"], "no factor"),
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
