// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

@Suite struct CrossprodCommandTests {
  /// Three files with the shipped example's rows.
  static func parts(in folder: TemporaryFolder) throws {
    let lines = try String(contentsOfFile: sleepstudyPath, encoding: .utf8).split(separator: "\n")
    for part in 0..<3 {
      let rows = lines[(1 + 60 * part)..<(61 + 60 * part)]
      try folder.write(([lines[0]] + rows).joined(separator: "\n"), to: "part\(part).csv")
    }
  }

  @Test func `parts are saved, added up and fitted`() throws {
    let folder = try TemporaryFolder()
    try Self.parts(in: folder)
    for part in 0..<3 {
      let run = try ToolProcess(
        "crossprod", sleepstudyFormula, folder.file("part\(part).csv"), "-o",
        folder.file("part\(part).lmm"))
      #expect(run.status == 0 && run.output == "" && run.errors == "")
    }
    let files = (0..<3).map { folder.file("part\($0).lmm") }
    let merged = try ToolProcess(
      "fit", "--json", sleepstudyFormula, files[0], files[1], files[2]
    ).json
    let whole = try ToolProcess("fit", "--json", sleepstudyFormula, sleepstudyPath).json
    let (a, b) = (merged["criterion"] as! Double, whole["criterion"] as! Double)
    #expect(abs(a - b) <= 1e-12 * b)
    #expect(merged["data"] as? [String] == files)

    // Two of them as one file, through a pipe, and the third from its rows.
    let mixed = try ToolProcess(
      script:
        "cd \"$1\" && $tool crossprod '\(sleepstudyFormula)' part0.lmm part1.lmm -o - > ab.lmm "
        + "&& $tool fit --json '\(sleepstudyFormula)' part2.csv ab.lmm", folder.path)
    #expect(abs(try mixed.json["criterion"] as! Double - b) <= 1e-12 * b)
    let streamed = try ToolProcess(
      script: "cd \"$1\" && cat part0.csv | $tool crossprod '\(sleepstudyFormula)' - -o c.lmm "
        + "&& cmp <(tail -c +2000 c.lmm) <(tail -c +2000 part0.lmm)", folder.path)
    #expect(streamed.errors == "")
  }

  @Test func `a part may be empty but for its header`() throws {
    let folder = try TemporaryFolder()
    let run = try ToolProcess(
      script:
        "cd \"$1\" && head -n 1 \(sleepstudyPath) > empty.csv "
        + "&& $tool crossprod '\(sleepstudyFormula)' - -o empty.lmm < empty.csv "
        + "&& $tool crossprod '\(sleepstudyFormula)' empty.lmm \(sleepstudyPath) -o sum.lmm "
        + "&& $tool fit '\(sleepstudyFormula)' sum.lmm empty.lmm empty.csv "
        + "&& $tool fit '\(sleepstudyFormula)' empty.csv", folder.path)
    #expect(run.output.contains("REML criterion at convergence: 1743.6"))
    #expect(run.status == 1)
    #expect(run.errors.hasPrefix("error: empty.csv: has a header, but no rows."))
    let alone = try ToolProcess("fit", sleepstudyFormula, folder.file("empty.lmm"))
    #expect(alone.status == 1)
    #expect(alone.errors == "error: the data have no rows.\n")
    let nothing = try ToolProcess(
      script: "$tool crossprod '\(sleepstudyFormula)' - -o \"$1\" < /dev/null",
      folder.file("nothing.lmm"))
    #expect(nothing.errors.hasPrefix("error: standard input: is empty."))
  }

  @Test func `a saved fit is described and fitted again`() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("sleep.lmm")
    let fit = try ToolProcess("fit", sleepstudyFormula, sleepstudyPath, "--save", file)
    #expect(fit.status == 0)
    #expect(fit.output == (try ToolProcess("fit", sleepstudyFormula, sleepstudyPath).output))
    #expect(try folder.contents == ["sleep.lmm"])
    let info = try ToolProcess("info", file)
    #expect(info.status == 0)
    for words in [
      sleepstudyFormula, "180 used, 0 with missing values", "Subject: 18", "REML, criterion 1743.6",
      "converged", "the cross-products reproduce the criterion",
    ] { #expect(info.output.contains(words)) }
    for (arguments, text) in [(["info", file], info.output), (["info"], "OpenBLAS")] {
      let run = try ToolProcess(arguments: arguments + ["-o", folder.file("info.txt")])
      #expect(run.status == 0 && run.output.isEmpty)
      #expect(try folder.text("info.txt").contains(text))
    }
    #expect(try ToolProcess("info", file, "-o", file).status != 0)
    let again = try ToolProcess("fit", "Reaction ~ Days + (Days || Subject)", file)
    #expect(again.output.contains("REML criterion at convergence: 1743.7"))
    #expect(!again.output.contains("Scaled residuals"))
    let plan = try ToolProcess("plan", sleepstudyFormula, file)
    #expect(plan.output.contains("Rows: 180"))
  }

  @Test func `files and options that do not belong together are refused`() throws {
    let folder = try TemporaryFolder()
    try Self.parts(in: folder)
    let (a, b) = (folder.file("a.lmm"), folder.file("b.lmm"))
    let part = folder.file("part0.csv")
    #expect(try ToolProcess("crossprod", sleepstudyFormula, part, "-o", a).status == 0)
    #expect(
      try ToolProcess("crossprod", sleepstudyFormula, part, "--factor", "Days", "-o", b).status == 0
    )
    for (arguments, words) in [
      ([a, b], "column Days is numeric in \(a) and categorical in \(b)"),
      ([a, "--weights", "Days"], "\(a): it was made without --weights, so --weights Days comes"),
      ([a, "--contrasts", "Days=sum"], "Days is no factor of \(a)"),
      ([a, "--residuals"], "--residuals needs rows, and \(a) holds only their sums."),
      ([folder.file("none.lmm")], "cannot read \(folder.file("none.lmm")): No such file"),
    ] {
      let run = try ToolProcess(
        script: "$tool fit '\(sleepstudyFormula)' " + arguments.joined(separator: " "))
      #expect(run.status == 1)
      #expect(run.output == "")
      #expect(run.errors.hasPrefix("error: "))
      #expect(run.errors.contains(words))
    }
    let other = try ToolProcess("fit", "Reaction ~ log(Days) + (1 | Subject)", a)
    #expect(other.status == 1)
    #expect(other.errors.contains("\(a) was made for “\(sleepstudyFormula)” and lacks log(Days)"))
    let unknown = try ToolProcess("fit", "Reaction ~ Dayz + (1 | Subject)", a)
    #expect(unknown.errors.contains("no variable \"Dayz\" in \(a). Did you mean \"Days\"?"))
  }

  @Test func `a damaged or foreign file is refused by name`() throws {
    let folder = try TemporaryFolder()
    let run = try ToolProcess(
      script: "cd \"$1\"; $tool crossprod '\(sleepstudyFormula)' \(sleepstudyPath) -o a.lmm; "
        + "head -c 3000 a.lmm > short.lmm; printf 'x,y\\n1,2\\n' > text.lmm; cp a.lmm flip.lmm; "
        + "printf 'A' | dd of=flip.lmm bs=1 seek=2400 conv=notrunc status=none; "
        + "mkfifo pipe.lmm; cp a.lmm renamed; "
        + "for f in short text flip pipe; do $tool fit '\(sleepstudyFormula)' $f.lmm; done; "
        + "$tool fit '\(sleepstudyFormula)' renamed > report && echo fitted", folder.path)
    let errors = run.errors.split(separator: "\n")
    #expect(errors.count == 4)
    for (error, words) in zip(
      errors,
      [
        "short.lmm is incomplete", "text.lmm is no model file", "flip.lmm is damaged",
        "pipe.lmm is a pipe",
      ])
    {
      #expect(error.hasPrefix("error: \(words)"))
    }
    #expect(run.output == "fitted\n")
  }

  @Test func `a full disk leaves nothing behind and the old file as it was`() throws {
    let folder = try TemporaryFolder()
    try folder.write("old", to: "fit.lmm")
    for command in ["fit", "crossprod"] {
      let option = command == "fit" ? "--save" : "-o"
      // Standard error is a file, too, so only the status can tell.
      let run = try ToolProcess(
        script: "ulimit -f 1; $tool \(command) '\(sleepstudyFormula)' \(sleepstudyPath) "
          + "\(option) \"$1\"", folder.file("fit.lmm"))
      #expect(run.status == 1)
      #expect(try folder.text("fit.lmm") == "old")
      #expect(try folder.contents == ["fit.lmm"])
    }
    let full = try ToolProcess("crossprod", sleepstudyFormula, sleepstudyPath, "-o", "/dev/full")
    #expect(full.errors == "error: cannot write to /dev/full: No space left on device\n")
    let nowhere = try ToolProcess(
      "fit", sleepstudyFormula, sleepstudyPath, "--save", "/nowhere/a.lmm")
    #expect(nowhere.errors == "error: cannot write to /nowhere/a.lmm: No such file or directory\n")
    #expect(nowhere.output == "")
  }

  @Test func `a command line without sense is a usage error`() throws {
    #expect(try ToolProcess("crossprod", sleepstudyFormula, sleepstudyPath).status == 64)
    #expect(try ToolProcess("crossprod", "-o", "/tmp/x.lmm").status == 64)
    #expect(try ToolProcess("fit", "--save", "-").status == 64)
    #expect(try ToolProcess("fit", "--save", "x", "--output", "x").status == 64)
  }

  @Test func `no model file takes the place of one that is read`() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("a.lmm")
    #expect(
      try ToolProcess("crossprod", sleepstudyFormula, sleepstudyPath, "-o", file).status == 0)
    let run = try ToolProcess("fit", sleepstudyFormula, file, "--save", file)
    #expect(run.status == 1)
    #expect(run.errors == "error: cannot write to \(file): it is read as input\n")
  }
}
