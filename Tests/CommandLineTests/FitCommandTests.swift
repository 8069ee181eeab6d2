// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

struct FitCommandTests {
  @Test func `data may follow --data, as other commands have it`() throws {
    for command in ["fit", "plan"] {
      let one = try ToolProcess(command, sleepstudyFormula, sleepstudyPath)
      let other = try ToolProcess(command, sleepstudyFormula, "--data", sleepstudyPath)
      #expect(one.status == 0 && other.status == 0 && !one.output.isEmpty)
      #expect(command == "plan" || one.output == other.output)
    }
  }

  @Test func `a Feather file gives the digits of the same rows as text`() throws {
    let text = try ToolProcess("fit", "--json", sleepstudyFormula, sleepstudyPath)
    let folder = try TemporaryFolder()
    let feather = Files.test("ModelFramesTests/Data/Arrow/sleepstudy.feather").path
    try FileManager.default.copyItem(atPath: feather, toPath: folder.file("sleep.arrow"))
    try FileManager.default.copyItem(atPath: feather, toPath: folder.file("sleep"))
    for path in [feather, folder.file("sleep.arrow"), folder.file("*.arrow"), folder.file("sleep")] {
      let run = try ToolProcess("fit", "--json", sleepstudyFormula, path)
      #expect(run.status == 0, "\(run.errors)")
      #expect(try estimates(run) == estimates(text))
      #expect(try run.json["data"] as? [String] == [path])
    }
    let old = Files.test("ModelFramesTests/Data/Arrow/first.feather").path
    let refused = try ToolProcess("fit", "y ~ 1", old)
    #expect(refused.status == 1)
    #expect(refused.errors.contains("first.feather: is of the first version of Feather, which is not read. Write it again"))
  }

  @Test func `without arguments the shipped example is fitted`() throws {
    let run = try ToolProcess("fit")
    #expect(run.status == 0)
    #expect(run.errors == "")
    #expect(run.output.contains("   Data: sleepstudy\n"))
    // The optimum, to the digits of lme4's summary (its own search stops 2e-5 short of it).
    #expect(run.output.contains("\nREML criterion at convergence: 1743.6\n"))
    #expect(run.output.contains("\n Subject  (Intercept) 612.09   24.740\n"))
    #expect(run.output.contains("\nDays          10.467      1.546 17   6.771 3.26e-06\n"))
    #expect(run.output.hasSuffix("    lmm-sparse fit 'y ~ x + (x | group)' data.csv\n"))
  }

  @Test func `without degrees of freedom the summary is lme4's`() throws {
    let run = try ToolProcess("fit", "--ddf", "none")
    #expect(run.output.hasPrefix("Linear mixed model fit by REML\n"))
    #expect(run.output.contains("\nDays          10.467      1.546   6.771\n"))
  }

  @Test func `ddf reaches the tests of coefficients`() throws {
    func days(_ ddf: String) throws -> [String: Any] {
      let fixed = try ToolProcess("fit", "--json", "--ddf", ddf).json["fixed"]
      return try #require((fixed as? [[String: Any]])?.last)
    }
    #expect(try abs(days("satterthwaite")["df"] as! Double - 17) < 1e-4)
    #expect(try abs(days("kenward-roger")["df"] as! Double - 17) < 1e-4)
    #expect(try days("residual")["df"] as? Double == 178)
    #expect(try days("none")["df"] is NSNull)
    #expect(
      try abs((days("none")["conf_low"] as! Double) - (10.4672860 - 1.9599640 * 1.5457895)) < 1e-4)
    let refused = try ToolProcess("fit", "--ml", "--ddf", "kenward-roger")
    #expect(refused.status == 1)
    #expect(refused.errors.contains("derived for REML fits"))
  }

  @Test func `the shipped example is the file in the repository`() throws {
    let shipped = try ToolProcess("fit", "--json")
    let file = try ToolProcess("fit", "--json", sleepstudyFormula, sleepstudyPath)
    #expect(try estimates(shipped) == estimates(file))
    #expect(try shipped.json["data"] as? [String] == ["sleepstudy"])
    #expect(try file.json["data"] as? [String] == [sleepstudyPath])
    let source = try String(
      contentsOfFile: URL(fileURLWithPath: sleepstudyPath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("Sources/lmm-sparse/Commands/SleepstudyExample.swift").path,
      encoding: .utf8)
    let embedded = source.components(separatedBy: "\"\"\"\n").last { $0.contains("Reaction,Days") }
    let lines = try #require(embedded).split(separator: "\n").map {
      $0.drop { $0 == " " }
    }.filter { !$0.isEmpty && $0 != "\"\"\"" && $0 != "}" }
    let expected = try String(contentsOfFile: sleepstudyPath, encoding: .utf8)
    #expect(lines.joined(separator: "\n") + "\n" == expected)
  }

  @Test func `quiet leaves the hint out`() throws {
    let run = try ToolProcess("fit", "--quiet")
    #expect(run.status == 0)
    #expect(!run.output.contains("lmm-sparse fit"))
  }

  @Test(arguments: [
    ("json", "{\n  \"formula\": "), ("tidy", "effect,group,term,"), ("glance", "nobs,sigma,"),
    ("summary", "Linear mixed model fit by REML; t tests: Satterthwaite's method\n"),
  ])
  func `every format begins as it should`(format: String, beginning: String) throws {
    let run = try ToolProcess("fit", "--format", format)
    #expect(run.status == 0)
    #expect(run.output.hasPrefix(beginning))
  }

  @Test func `ml and ranef reach the fit`() throws {
    let run = try ToolProcess("fit", "--ml", "--json", "--ranef").json
    #expect(run["method"] as? String == "ML")
    let modes = try #require((run["ranef"] as? [[String: Any]])?.first)
    #expect((modes["levels"] as? [String])?.count == 18)
  }

  @Test func `residuals follow the format unless asked for`() throws {
    #expect(try ToolProcess("fit").output.contains("Scaled residuals:"))
    #expect(!(try ToolProcess("fit", "--no-residuals").output.contains("Scaled residuals:")))
    let pipe = try ToolProcess("fit", sleepstudyFormula, "-", "--residuals")
    #expect(pipe.status == 1)
    #expect(pipe.errors.hasPrefix("error: --residuals reads the rows twice"))
  }

  @Test func `a search that was cut short is reported and fails`() throws {
    let run = try ToolProcess("fit", "--max-evaluations", "3")
    #expect(run.status == 1)
    #expect(run.output.contains("Fixed effects:"))
    #expect(run.errors.hasPrefix("error: the search did not converge"))
  }

  @Test func `progress goes to standard error on demand only`() throws {
    let silent = try ToolProcess("fit", "--json")
    let loud = try ToolProcess("fit", "--json", "--progress")
    #expect(silent.errors == "")
    #expect(loud.status == 0)
    #expect(loud.errors.contains("rows"))
    #expect(try estimates(silent) == estimates(loud))
  }

  @Test func `a missing data file fails and is named`() throws {
    let run = try ToolProcess("fit", sleepstudyFormula, "/nowhere/data.csv")
    #expect(run.status == 1)
    #expect(run.output == "")
    #expect(run.errors.hasPrefix("error: "))
    #expect(run.errors.contains("/nowhere/data.csv"))
  }

  @Test func `a contrast matrix is read from a file and its errors have a line`() throws {
    let folder = try TemporaryFolder()
    try folder.write("level,a\n1,0.5\n2,half\n", to: "bad.csv")
    let bad = try ToolProcess(
      "fit", sleepstudyFormula, sleepstudyPath, "--contrasts", "Subject=@\(folder.file("bad.csv"))")
    #expect(bad.status == 1)
    #expect(bad.errors == "error: \(folder.file("bad.csv")), line 3: 'half' is no number\n")
    let missing = try ToolProcess(
      "fit", sleepstudyFormula, sleepstudyPath, "--contrasts", "Subject=@/nowhere.csv")
    #expect(missing.status == 1)
    #expect(missing.errors == "error: /nowhere.csv: No such file or directory\n")
  }

  private func estimates(_ run: ToolProcess) throws -> [Double] {
    let fixed = try #require(try run.json["fixed"] as? [[String: Any]])
    return fixed.compactMap { $0["estimate"] as? Double }
  }
}
