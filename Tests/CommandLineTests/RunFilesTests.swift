// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

/// No run writes over what it reads, and no two outputs go to one file.
struct RunFilesTests {
  /// A folder with the table and a fit of it, `data.csv` and `fit.lmm`.
  private func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write(try String(contentsOfFile: sleepstudyPath, encoding: .utf8), to: "data.csv")
    let run = try ToolProcess(
      script: "cd \"$2\" && $tool fit \"$1\" data.csv --save fit.lmm > /dev/null",
      sleepstudyFormula, folder.path)
    #expect(run.status == 0)
    return folder
  }

  private func bytes(_ folder: TemporaryFolder, _ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: folder.file(name)))
  }

  @Test(arguments: [
    "drop1 fit.lmm", "contrast fit.lmm --L 0,1", "anova fit.lmm", "anova fit.lmm fit.lmm",
    "ranova fit.lmm", "ranef fit.lmm", "variance fit.lmm", "confint fit.lmm --method wald",
    "emmeans fit.lmm '~ 1'", "bootstrap fit.lmm --replicates 2", "report fit.lmm",
    "predict fit.lmm --data data.csv", "augment fit.lmm --data data.csv",
    "simulate fit.lmm --data data.csv", "fit 'Reaction ~ Days + (Days | Subject)' fit.lmm",
    "plan 'Reaction ~ Days + (Days | Subject)' fit.lmm",
    "crossprod 'Reaction ~ Days + (Days | Subject)' fit.lmm",
  ])
  func `no command replaces the model that it reads, under whatever name`(command: String) throws {
    let folder = try folder()
    let before = try bytes(folder, "fit.lmm")
    let run = try ToolProcess(
      script: """
        cd "$1"; ln fit.lmm hard; ln -s fit.lmm soft; ln -s "$1" folder
        for output in fit.lmm ./fit.lmm hard soft folder/fit.lmm; do
          $tool \(command) --output $output; echo "status $?"
        done
        $tool \(command) --output - >> fit.lmm; echo "status $?" >&2
        """, folder.path)
    #expect(run.output == String(repeating: "status 1\n", count: 5), "\(run.errors)")
    #expect(run.errors.split(separator: "\n").count { $0.hasSuffix("it is read as input") } == 6)
    #expect(try bytes(folder, "fit.lmm") == before)
  }

  @Test func `a report does not get the name of a model`() throws {
    let folder = try folder()
    let run = try ToolProcess(
      script: "cd \"$1\"; $tool fit \"$2\" data.csv --output new.lmm; echo $?; ls new.lmm", folder.path,
      sleepstudyFormula)
    #expect(run.output == "64\n" && run.errors.contains("Keep the fit with --save new.lmm"))
  }

  @Test(arguments: [
    ("fit \"$2\" data.csv --save m.lmm --output ./m.lmm", "--output and --save"),
    ("fit \"$2\" data.csv --save m.lmm --output folder/m.lmm", "--output and --save"),
    ("fit \"$2\" data.csv --save m.lmm --output dangling", "--output and --save"),
    ("bootstrap fit.lmm --replicates 2 --csv a --checkpoint ./a", "--csv and --checkpoint"),
    ("bootstrap fit.lmm --replicates 2 --csv old --checkpoint hard", "--csv and --checkpoint"),
    ("bootstrap fit.lmm --replicates 2 --output a --checkpoint $1/a", "--output and --checkpoint"),
    ("bootstrap fit.lmm --replicates 2 --csv /dev/stdout", "both are /dev/stdout"),
    ("confint fit.lmm --curves a.csv --output ../${1##*/}/a.csv", "--output and --curves"),
    ("study --replicates 2 --replicates-file a --output ./a", "--output and --replicates-file"),
    ("study --replicates 2 --replicates-file ./study-slope.svg", "study-slope.svg"),
    ("study --replicates 2 --figures x.svg --output x-slope.svg", "x-slope.svg"),
  ])
  func `two outputs are two files`(command: String, words: String) throws {
    let folder = try folder()
    try folder.write("old", to: "old")
    let run = try ToolProcess(
      script: "cd \"$1\"; ln -s \"$1\" folder; ln -s m.lmm dangling; ln old hard; $tool \(command)",
      folder.path, sleepstudyFormula)
    #expect(run.status == 64)
    #expect(run.errors.contains(words), "\(run.errors)")
    #expect(
      try folder.contents == ["dangling", "data.csv", "fit.lmm", "folder", "hard", "old"])
    #expect(try folder.text("old") == "old")
  }

  @Test func `an open file is written on, not replaced`() throws {
    let folder = try folder()
    try folder.write("old\n", to: "log")
    for name in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"] {
      try folder.write("old\n", to: "log")
      let run = try ToolProcess(
        script: "cd \"$1\"; ln -sf /dev/stdout link; $tool fit --format glance --output \(name) >> log",
        folder.path)
      #expect(run.status == 0, "\(run.errors)")
      #expect(try folder.text("log").hasPrefix("old\nnobs,sigma"))
    }
    try folder.write("old\n", to: "log")
    let run = try ToolProcess(
      script: "cd \"$1\"; $tool fit --format glance --output /dev/fd/7 7>> log", folder.path)
    #expect(run.status == 0, "\(run.errors)")
    #expect(try folder.text("log").hasPrefix("old\nnobs,sigma"))
  }

  @Test(arguments: [">>", "2>>"])
  func `a file that a stream goes to is not replaced`(redirection: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("old\n", to: "log")
    let run = try ToolProcess(
      script: "cd \"$1\"; $tool fit --output log \(redirection) log", folder.path)
    #expect(run.status == 1)
    #expect(try folder.text("log").hasPrefix("old\n"))
  }

  @Test func `a link to a file that is not there yet stays a link and gets its file`() throws {
    let folder = try TemporaryFolder()
    let run = try ToolProcess(
      script: """
        cd "$1"; mkdir sub; ln -s sub/target one; ln -s one two; ln -s nowhere/target bad; ln -s loop loop
        $tool fit --output two; echo "status $?"; readlink one two
        $tool fit --save bad; echo "status $?"; $tool fit --save loop; echo "status $?"
        """, folder.path)
    #expect(run.output.hasSuffix("status 1\nstatus 1\n"))
    #expect(run.output.hasPrefix("status 0\nsub/target\none\n"), "\(run.output)")
    #expect(run.errors.contains("bad: it is a link to "))
    #expect(run.errors.contains("loop: Too many levels of symbolic links"))
    #expect(try folder.text("sub/target").hasPrefix("Linear mixed model"))
    #expect(try folder.contents == ["bad", "loop", "one", "sub", "two"])
  }

  @Test func `many outputs to nowhere are fine`() throws {
    let run = try ToolProcess(
      "bootstrap", sleepstudyFormula, "--data", sleepstudyPath, "--replicates", "2", "--csv",
      "/dev/null", "--output", "/dev/null")
    #expect(run.status == 0, "\(run.errors)")
  }
}
