// SPDX-License-Identifier: GPL-2.0-or-later
import TestSupport
import Testing

/// What the libraries call properties and methods, the tool calls by its options and commands.
@Suite struct VocabularyTests {
  private static let fit = ["fit", sleepstudyFormula, sleepstudyPath]

  @Test(
    arguments: [
      (fit + ["--start", "1"], "--start has 1 values, but θ has 3"),
      (fit + ["--max-evaluations", "2"], "raise --max-evaluations"),
      (
        ["fit", "Reaction ~ ordered(Days) + (1 | Subject)", sleepstudyPath],
        "option --contrasts COLUMN=poly"
      ),
      (["fit", "Reaction ~ Dyas + (1 | Subject)", sleepstudyPath], "Did you mean \"Days\"?"),
      (
        ["anova", sleepstudyFormula, "--data", sleepstudyPath, "--ml", "--ddf", "kenward-roger"],
        "Fit with --reml, or use another --ddf."
      ),
      (
        ["emmeans", sleepstudyFormula, "~ Days", "--data", sleepstudyPath],
        "Name values: --at Days=1,2, or read it as a factor when fitting: --factor Days."
      ),
      (
        ["simulate", "y ~ x + (1 | g)", "--covariate", "g=normal(0,1)"],
        "--covariate g: the formula groups by it, so it has levels: --levels g=N, or labels"
      ),
      (
        ["simulate", "y ~ x + (1 | g)", "--weights", "w", "--covariate", "w=normal(0,1)"],
        "State a positive one, such as --covariate 'w=uniform(0.5,2)'."
      ),
    ] as [([String], String)])
  func `errors name options`(arguments: [String], words: String) throws {
    let run = try ToolProcess(arguments: arguments)
    #expect(run.status != 0)
    #expect(run.errors.contains(words), "\(run.errors)")
  }

  @Test func `a file that is no model names the commands that make one`() throws {
    let folder = try TemporaryFolder()
    try folder.write("a,b\n1,2\n", to: "model.lmm")
    let run = try ToolProcess("ranef", folder.file("model.lmm"))
    #expect(run.errors.contains("Make one with lmm-sparse crossprod, or with fit and --save."))
  }

  @Test func `a packed file can be piped in`() throws {
    let folder = try TemporaryFolder()
    try folder.write("BZh91AY&SY", to: "t.csv.bz2")
    let run = try ToolProcess("fit", "y ~ 1 + (1 | g)", folder.file("t.csv.bz2"))
    #expect(run.errors.contains("Unpack it, or pipe it in: bzip2 -dc FILE | lmm-sparse … -"))
  }
}
