// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

@Suite struct `Commands emmeans and variance` {
  private static let data = URL(fileURLWithPath: sleepstudyPath).deletingLastPathComponent()
  private let machines = data.appendingPathComponent("machines.csv").path
  private let formula = "score ~ Machine + (1 | Worker) + (1 | Worker:Machine)"

  @Test func `emmeans writes text, JSON and CSV`() throws {
    let arguments = [
      "emmeans", formula, "~ Machine", "--data", machines, "--pairwise", "--ddf", "kenward-roger",
    ]
    let text = try ToolProcess(script: "$tool \"$@\"", arguments)
    #expect(text.status == 0)
    #expect(text.output.contains("B 60.322 2.4858 8.5217"), "\(text.output)")
    #expect(text.output.contains("A - B") && text.output.contains("0.01114"))
    let json = try jsonObject(ToolProcess(script: "$tool \"$@\" --json", arguments).output)
    let means = try #require(json["means"] as? [[String: Any]])
    #expect(means.map { ($0["levels"] as? [String: String])?["Machine"] } == ["A", "B", "C"])
    #expect(abs((means[2]["estimate"] as! Double) - 66.2722222) < 1e-6)
    let differences = try #require(json["differences"] as? [[String: Any]])
    #expect(abs((differences[2]["p_value"] as! Double) - 0.0506706) < 1e-5)
    let csv = try ToolProcess(script: "$tool \"$@\" --format tidy", arguments).output
    #expect(
      csv.hasPrefix(
        "kind,Machine,contrast,estimate,std.error,df,statistic,p.value,conf.low,conf.high\n"))
    #expect(csv.contains("\nmean,A,NA,52.35") && csv.contains("\ndifference,NA,A - B,-7.96"))
  }

  @Test func `model files give the same as rows`() throws {
    let script = """
      d=$(mktemp -d); cd $d
      $tool fit "$1" "$2" --save new.lmm > fit.txt && $tool emmeans "$1" '~ recipe' --data "$2" > a &&
      $tool emmeans new.lmm '~ recipe' > b && cmp a b && echo same
      cd /; rm -r $d
      """
    let run = try ToolProcess(
      script: script,
      ["angle ~ recipe + temp + (1 | recipe:replicate)", Self.data.path + "/cake.csv"])
    #expect(run.output == "same\n", "\(run.output) \(run.errors)")
  }

  @Test func `variance writes text, JSON and CSV`() throws {
    let arguments = ["variance", sleepstudyFormula, "--data", sleepstudyPath]
    let text = try ToolProcess(script: "$tool \"$@\"", arguments)
    #expect(text.status == 0)
    #expect(text.output.contains("R2 (Nakagawa): marginal 0.2787, conditional 0.7992"))
    let json = try jsonObject(ToolProcess(script: "$tool \"$@\" --json", arguments).output)
    #expect(abs(((json["r2"] as! [String: Any])["marginal"] as! Double) - 0.278651) < 1e-5)
    let pca = try #require(json["pca"] as? [[String: Any]])
    #expect(abs((pca[0]["sd"] as! [Double])[1] - 0.23088) < 1e-4)
    let csv = try ToolProcess(script: "$tool \"$@\" --format tidy", arguments).output
    #expect(csv.contains("\nR2.conditional,NA,NA,0.799") && csv.contains("\npca.sd,Subject,2,"))
  }

  @Test(arguments: [
    (["--at", "x"], 64, "--at takes"), (["--at", "Machine=A,Q"], 1, "no level “Q”"),
    (["--level", "2"], 64, "between 0 and 1"), (["--adjust", "scheffe"], 64, "tukey"),
    (["--at", "Worker=1"], 1, "no variable of the fixed part"),
    (["--cell-weights", "cells"], 64, "proportional"),
  ])
  func `mistakes are explained`(extra: [String], status: Int32, words: String) throws {
    let run = try ToolProcess(
      script: "$tool \"$@\"", ["emmeans", formula, "~ Machine", "--data", machines] + extra)
    #expect(run.status == status)
    #expect(run.output.isEmpty)
    #expect(run.errors.hasPrefix("error:") && run.errors.contains(words), "\(run.errors)")
  }

  @Test func `bootstrap p-values in anova and ranova`() throws {
    let common = ["--data", sleepstudyPath, "--boundary", "bootstrap", "--replicates", "99"]
    let two = try jsonObject(
      ToolProcess(
        script: "$tool \"$@\" --json",
        ["anova", "Reaction ~ Days + (1 | Subject)", sleepstudyFormula] + common
      ).output)
    let models = try #require(two["models"] as? [[String: Any]])
    #expect(models[0]["p_bootstrap"] is NSNull)
    #expect(models[1]["p_bootstrap"] as? Double == 0.01)
    #expect(models[1]["bootstrap_replicates"] as? Int == 99)
    #expect(models[1]["bootstrap_failed"] as? Int == 0)
    let one = try ToolProcess(
      script: "$tool \"$@\"", ["ranova", "Reaction ~ Days + (1 | Subject)"] + common)
    #expect(one.status == 0)
    #expect(one.output.contains("naive Pr(>Chisq)") && one.output.contains("MC error"))
    #expect(one.output.contains("bootstrap p-value from 99 replicates (seed 1); 0 refits failed"))
  }
}
