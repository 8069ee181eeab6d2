// SPDX-License-Identifier: GPL-2.0-or-later
import TestSupport
import Testing

struct UsageTests {
  @Test(arguments: [
    "--ml", "--reml", "--weights", "--offset", "--factor", "--levels", "--contrasts", "--na",
    "--ddf", "--optimizer", "--start", "--max-evaluations", "--tolerance", "--solver",
    "--accuracy", "--threads", "--format", "--json", "--ranef", "--output", "--verbose",
    "--progress", "--quiet", "--missing", "--separator", "--residuals", "--no-residuals",
  ])
  func `the help mentions every option`(option: String) throws {
    let run = try ToolProcess("fit", "--help")
    #expect(run.status == 0)
    #expect(run.output.contains(option))
    #expect(run.errors == "")
  }

  /// An option that does nothing would mislead.
  @Test(arguments: ["augment", "ranef", "ranova", "bootstrap", "variance", "plan"])
  func `commands without t and F offer no degrees of freedom`(command: String) throws {
    let run = try ToolProcess(command, "--help")
    #expect(run.status == 0 && !run.output.contains("--ddf"))
  }

  @Test func `the program tells its version and its commands`() throws {
    let version = try ToolProcess("--version")
    #expect(version.status == 0)
    #expect(version.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
    let help = try ToolProcess("--help")
    #expect(help.output.contains("fit") && help.output.contains("info"))
    let info = try ToolProcess("info")
    #expect(info.status == 0)
    for name in ["lmm-sparse", "CHOLMOD", "NLopt", "BLAS", "Cores", "Memory"] {
      #expect(info.output.contains("\n" + name) || info.output.hasPrefix(name))
    }
  }

  static let wrong: [(arguments: [String], words: String)] = [
    (["fit", "--bogus"], "--bogus"),
    (["fut"], "fut"),
    (["fit", "y ~ x + (1 | g)"], "no data"),
    (["fit", "data.csv"], "is no formula"),
    (["fit", "data.csv", "y ~ x"], "the formula comes first: lmm-sparse fit 'y ~ x' data.csv"),
    (["fit", "--data", "data.csv"], "no formula"),
    (["fit", "--data", "data.csv", "y ~ x"], "comes first: lmm-sparse fit 'y ~ x' data.csv"),
    (["crossprod", "y ~ x", "-o", "x.lmm"], "no data"),
    (["plan", "data.csv", "y ~ x"], "comes first: lmm-sparse plan 'y ~ x' data.csv"),
    (["anova", "y ~ x", "--data", "t.csv", "--type", "IV"], "--type"),
    (["fit", "--ml", "--reml"], "--reml"),
    (["fit", "--ddf", "magic"], "satterthwaite"),
    (["fit", "--optimizer", "newtonian"], "bobyqa"),
    (["fit", "--start", "1,x"], "1,x"),
    (["fit", "--start", "1,,1"], "1,,1"),
    (["fit", "--start", "1,inf"], "1,inf"),
    (["fit", "--max-evaluations", "0"], "at least 1"),
    (["fit", "--tolerance", "-1"], "--tolerance"),
    (["fit", "--tolerance", "nan"], "greater than zero"),
    (["fit", "--threads", "0"], "at least 1"),
    (["fit", "--threads", "99999999999999999999"], "99999999999999999999"),
    (["fit", "--na", "guess"], "omit"),
    (["fit", "--separator", "ab"], "--separator"),
    (["fit", "--separator", "\""], "--separator"),
    (["fit", "--levels", "Subject"], "COLUMN=a,b,c"),
    (["fit", "--levels", "=a,b"], "COLUMN=a,b,c"),
    (["fit", "--levels", "Subject="], "nothing after"),
    (["fit", "--levels", "Subject=a,b,a"], "'a' is there twice"),
    (["fit", "--levels", "Subject=a,,b"], "a level is empty"),
    (["fit", "--levels", "Subject=\"a,b"], "never closed"),
    (["fit", "--levels", "s=a,b", "--levels", "s=b,a"], "is there twice"),
    (["fit", "--contrasts", "Subject=simple"], "no coding is called 'simple'"),
    (["fit", "--contrasts", "s=sum", "--contrasts", "s=poly"], "is there twice"),
    (["fit", "--json", "--format", "tidy"], "exclude each other"),
    (["fit", "--progress", "--quiet"], "exclude each other"),
    (["info", "--json", "m.lmm"], "leave out one of the two"),
  ]

  @Test(arguments: wrong.indices)
  func `a wrong command line fails with 64 and says what is wrong`(index: Int) throws {
    let (arguments, words) = Self.wrong[index]
    let quoted = arguments.map { "'\($0)'" }.joined(separator: " ")
    let run = try ToolProcess(script: "$tool \(quoted)")
    #expect(run.status == 64)
    #expect(run.output == "")
    #expect(run.errors.hasPrefix("error: "))
    #expect(run.errors.contains(words), "\(run.errors)")
  }

  @Test func `values that begin with a dash are values`() throws {
    let run = try ToolProcess(
      "fit", "--start", "1,-0.1,1", "--missing", "-99", "--separator", ",", "--json")
    #expect(run.status == 0, "\(run.errors)")
  }
}
