// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

@Suite struct `Commands of tests` {
  /// pbkrtest: 17 degrees of freedom for the slope of sleepstudy.
  @Test func `contrast writes text, JSON and CSV`() throws {
    let arguments = [
      "contrast", sleepstudyFormula, "--data", sleepstudyPath, "--ddf", "kenward-roger",
      "--hypothesis", "Days = 0", "--L", "1,0",
    ]
    let text = try ToolProcess(script: "$tool \"$@\"", arguments)
    #expect(text.status == 0)
    #expect(text.output.contains("Kenward-Roger's method"))
    #expect(text.output.contains("Days = 0") && text.output.contains("6.771"))
    let json = try jsonObject(ToolProcess(script: "$tool \"$@\" --json", arguments).output)
    let rows = try #require(json["contrasts"] as? [[String: Any]])
    #expect(rows.map { $0["hypothesis"] as? String } == ["1,0", "Days = 0"])
    #expect(abs((rows[1]["df"] as! Double) - 17) < 1e-3)
    #expect((json["joint"] as? [String: Any])?["num_df"] as? Int == 2)
    let csv = try ToolProcess(script: "$tool \"$@\" --format tidy", arguments).output
    #expect(
      csv.hasPrefix("term,null.value,estimate,std.error,statistic,df,p.value,conf.low,conf.high\n"))
    #expect(csv.split(separator: "\n").count == 3)
  }

  @Test func `anova of one model, of two, drop1 and ranova`() throws {
    let one = try ToolProcess(
      "anova", sleepstudyFormula, "--data", sleepstudyPath, "--ddf", "kenward-roger", "--type", "3")
    #expect(one.status == 0)
    #expect(one.output.contains("Type III Analysis of Variance Table with Kenward-Roger's method"))
    #expect(one.output.contains("30031"))
    for (roman, number) in [("I", "1"), ("II", "2"), ("III", "3"), ("ii", "2")] {
      let both = try [roman, number].map {
        try ToolProcess("anova", sleepstudyFormula, "--data", sleepstudyPath, "--type", $0)
      }
      #expect(both[0].status == 0 && both[0].output == both[1].output)
    }
    let two = try ToolProcess(
      "anova", "Reaction ~ 1 + (Days | Subject)", sleepstudyFormula, "--data", sleepstudyPath)
    #expect(two.status == 0)
    #expect(two.output.contains("23.537") && two.output.contains("1.226e-06"))
    #expect(two.output.contains("refitting all models by ML"))
    let drop = try ToolProcess(
      "drop1", sleepstudyFormula, "--data", sleepstudyPath, "--ddf", "residual", "--json")
    #expect((try drop.json["test"] as? String) == "drop1")
    let random = try ToolProcess("ranova", sleepstudyFormula, "--data", sleepstudyPath, "--json")
    let rows = try #require(try random.json["rows"] as? [[String: Any]])
    #expect(rows[1]["term"] as? String == "Days in (Days | Subject)")
    #expect(abs((rows[1]["statistic"] as! Double) - 42.837) < 1e-3)
    #expect(abs((rows[1]["p_mixture"] as! Double) - 2.793e-10) < 1e-13)
  }

  @Test func `the table may come from standard input`() throws {
    let run = try ToolProcess(
      script: "$tool anova \"$1\" --data - --ddf none < \"$2\"", sleepstudyFormula, sleepstudyPath)
    #expect(run.status == 0)
    #expect(run.output.contains("Inf"))
  }

  @Test(arguments: [
    (
      [
        "contrast", sleepstudyFormula, "--data", sleepstudyPath, "--ddf", "none", "--hypothesis",
        "Dayz",
      ], 1, "Did you mean “Days”?"
    ),
    (["contrast", sleepstudyFormula, "--data", sleepstudyPath], 64, "nothing to test"),
    (["contrast", sleepstudyFormula, "--hypothesis", "Days"], 64, "--data"),
    (["anova", "sleepstudy", "--data", sleepstudyPath], 64, "no ~"),
    (["anova", sleepstudyFormula, "--data", sleepstudyPath, "--type", "4"], 64, "1, 2 or 3"),
    (
      ["anova", sleepstudyFormula, sleepstudyFormula, "--data", sleepstudyPath, "--type", "2"], 64,
      "one model"
    ),
    (["anova", sleepstudyFormula, sleepstudyFormula, "--data", "-"], 64, "once only"),
    (
      ["anova", sleepstudyFormula, "--data", sleepstudyPath, "--ml", "--ddf", "kenward-roger"], 1,
      "REML"
    ),
    (
      ["anova", "Reaction ~ 1 + (1|Subject)", "--data", sleepstudyPath, "--ddf", "none"], 1,
      "no fixed-effects terms"
    ),
    (
      [
        "anova", "Reaction ~ Days + (1|Subject)", "Reaction ~ 1 + (Days|Subject)", "--data",
        sleepstudyPath,
      ], 1, "not nested"
    ),
    (
      [
        "anova", "Reaction ~ Days + (1|Subject)", "Reaction ~ Days + (Days|Subject)", "--data",
        sleepstudyPath, "--boundary", "exact",
      ], 1, "one variance"
    ),
  ])
  func `mistakes are explained`(arguments: [String], status: Int32, words: String) throws {
    let run = try ToolProcess(script: "$tool \"$@\"", arguments)
    #expect(run.status == status)
    #expect(run.output.isEmpty)
    #expect(run.errors.hasPrefix("error:") && run.errors.contains(words), "\(run.errors)")
  }

  @Test func `a report goes to a file whole or not at all`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("table.json")
    let run = try ToolProcess(
      "ranova", sleepstudyFormula, "--data", sleepstudyPath, "--json", "--output", path)
    #expect(run.status == 0 && run.output.isEmpty)
    #expect(try jsonObject(folder.text("table.json"))["criterion"] as? String == "REML")
    let failed = try ToolProcess(
      "contrast", sleepstudyFormula, "--data", sleepstudyPath, "--ddf", "none", "--hypothesis", "x",
      "--output", folder.file("other.json"))
    #expect(failed.status == 1)
    #expect(try folder.contents == ["table.json"])
  }
}
