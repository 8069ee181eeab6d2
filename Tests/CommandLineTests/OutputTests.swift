// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

struct OutputTests {
  /// Of a name that says nothing the summary's; what --format says holds.
  @Test(arguments: [
    ("fit.csv", "effect,group,term,"), ("fit.json", "{"), ("fit.md", "### Linear mixed model"),
    ("fit.html", "<section>"), ("fit.tex", "% needs"), ("fit.txt", "Linear mixed model"),
    ("fit", "Linear mixed model"),
  ])
  func `the name of the file tells the format`(name: String, start: String) throws {
    let folder = try TemporaryFolder()
    let run = try ToolProcess(
      script: """
        $tool fit "$1" "$2" -o "$3" --save "$4" && head -c 20 "$3" &&
          $tool fixef "$4" --format tidy -o "$3" && echo && head -1 "$3"
        """, [sleepstudyFormula, sleepstudyPath, folder.file(name), folder.file("s.lmm")])
    let lines = run.output.split(separator: "\n")
    #expect(lines.first?.hasPrefix(start.prefix(20)) == true, "\(run.output) \(run.errors)")
    #expect(lines.last?.hasPrefix("effect,") == true || lines.last?.hasPrefix("term,") == true, "\(run.output)")
  }

  @Test func `the output file holds what standard output would`() throws {
    let folder = try TemporaryFolder()
    let run = try ToolProcess("fit", "--format", "tidy", "--output", folder.file("fit.csv"))
    #expect(run.status == 0)
    #expect(run.output == "" && run.errors == "")
    #expect(try folder.text("fit.csv") == ToolProcess("fit", "--format", "tidy").output)
    #expect(try folder.contents == ["fit.csv"])
  }

  @Test func `an existing file keeps its permissions and a link stays a link`() throws {
    let folder = try TemporaryFolder()
    try folder.write("old", to: "real")
    let run = try ToolProcess(
      script: "chmod 640 \"$1/real\"; ln -s real \"$1/link\"; $tool fit --output \"$1/link\"; "
        + "stat -c '%a %F' \"$1/real\" \"$1/link\"", folder.path)
    #expect(run.status == 0)
    #expect(run.output.hasPrefix("640 regular file\n"))
    #expect(run.output.hasSuffix("symbolic link\n"))
    #expect(try folder.text("real").hasPrefix("Linear mixed model"))
    #expect(try folder.contents == ["link", "real"])
  }

  @Test(arguments: [
    ("/nowhere/fit.txt", "No such file or directory"), ("/", "it is a directory"),
    ("/dev/full", "No space left on device"), ("", "the name is empty"),
  ])
  func `an unwritable output is an error`(path: String, reason: String) throws {
    let run = try ToolProcess("fit", "--output", path)
    #expect(run.status == 1)
    #expect(run.output == "")
    #expect(run.errors == "error: cannot write to \(path): \(reason)\n")
  }

  @Test func `a file that cannot be finished is removed and the old one kept`() throws {
    let folder = try TemporaryFolder()
    try folder.write("old", to: "fit.json")
    let run = try ToolProcess(
      script: "ulimit -f 0; $tool fit --json --output \"$1\"", folder.file("fit.json"))
    // Standard error is a file, too, so only the status can tell.
    #expect(run.status == 1)
    #expect(try folder.text("fit.json") == "old")
    #expect(try folder.contents == ["fit.json"])
  }

  @Test func `data are never overwritten`() throws {
    let folder = try TemporaryFolder()
    try folder.write(try String(contentsOfFile: sleepstudyPath, encoding: .utf8), to: "data.csv")
    let before = try folder.text("data.csv")
    let direct = try ToolProcess(
      "fit", sleepstudyFormula, folder.file("data.csv"), "--output", folder.file("data.csv"))
    let redirected = try ToolProcess(
      script: "$tool fit '\(sleepstudyFormula)' - --output \"$1\" < \"$1\"", folder.file("data.csv")
    )
    for run in [direct, redirected] {
      #expect(run.status == 1)
      #expect(run.errors.hasSuffix("it is read as input\n"))
    }
    #expect(try folder.text("data.csv") == before)
  }

  @Test(arguments: ["fit", "fit --json", "info", "--help", "fit --help", "--version"])
  func `a full device is an error`(command: String) throws {
    let run = try ToolProcess(script: "$tool \(command) > /dev/full")
    #expect(run.status == 1)
    #expect(run.errors == "error: cannot write to standard output: No space left on device\n")
  }

  @Test(arguments: [
    "fit", "fit --json", "fit --format tidy", "fit --format glance", "info", "--help", "fit --help",
    "--version", "anova \"$@\"", "anova \"$@\" --json", "anova \"$@\" --format tidy", "drop1 \"$@\"",
    "ranova \"$@\"", "ranef \"$@\"", "ranef \"$@\" --format tidy", "ranef \"$@\" --json",
    "variance \"$@\"", "confint \"$@\" --method wald", "contrast \"$@\" --L 0,1",
    "emmeans \"$1\" \"~ 1\" \"${@:2}\"", "bootstrap \"$@\" --replicates 2",
    "bootstrap \"$@\" --replicates 2 --csv - --output /dev/null", "augment \"$@\"",
    "predict \"$1\" --train \"$3\" --data \"$3\"", "plan \"$1\" \"$3\"", "plan \"$1\" \"$3\" --json",
    "crossprod \"$1\" \"$3\" -o -", "simulate slopes1m", "simulate --list", "study --replicates 2 --no-figures",
    "plot trace \"$@\" --terminal", "report \"$@\"", "fit --output /dev/stdout", "augment \"$@\" --output >(sleep 0.1)",
  ])
  func `who has had enough ends the program without a word`(command: String) throws {
    let run = try ToolProcess(
      script: "{ sleep 0.3; $tool \(command); echo $? >&2; } | true", sleepstudyFormula, "--data",
      sleepstudyPath)
    #expect(run.errors == "141\n" || run.errors == "0\n" && command.contains("output >("))
  }

  @Test func `a closed standard output is an error`() throws {
    let run = try ToolProcess(script: "$tool fit >&-")
    #expect(run.status == 1)
    #expect(run.errors.hasPrefix("error: cannot write to "))
  }

  @Test func `streams that are closed are not taken for files`() throws {
    // The output's descriptor would be 2, and notes go to 2.
    let folder = try TemporaryFolder()
    let run = try ToolProcess(
      script: """
        cd "$3"; $tool fit "$1" "$2" --progress --output closed <&- >&- 2>&-; echo $?
        $tool fit "$1" "$2" --output open; cmp closed open && echo same; $tool fit "$1" - <&-; echo $?
        """, sleepstudyFormula, sleepstudyPath, folder.path)
    #expect(run.output == "0\nsame\n1\n", "\(run.output)")
    #expect(run.errors == "error: standard input: cannot be read (Bad file descriptor).\n")
  }

  @Test(arguments: [("INT", 130), ("TERM", 143)])
  func `an interrupt ends the program with 128 + signal`(signal: String, status: Int32) throws {
    // Opening a pipe without a reader blocks, so the program is certainly still running. An
    // interactive shell's job control is needed: others start background jobs with SIGINT ignored.
    let folder = try TemporaryFolder()
    let run = try ToolProcess(
      script: "set -m; mkfifo \"$1/pipe\"; $tool fit --output \"$1/pipe\" & pid=$!; sleep 0.5; "
        + "kill -\(signal) $pid; (sleep 5; kill -KILL $pid) 2> /dev/null & wait $pid", folder.path)
    #expect(run.status == status)
    #expect(run.output == "")
    #expect(try folder.contents == ["pipe"])
  }
}
