// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

@Suite struct `Command confint` {
  private let arguments = ["confint", sleepstudyFormula, "--data", sleepstudyPath]
  private let script = "$tool \"$@\""

  private func intervals(_ text: String) throws -> [[String: Any]] {
    let object = try jsonObject(text)
    return try #require(object["intervals"] as? [[String: Any]])
  }

  private func number(_ interval: [String: Any], _ name: String) throws -> Double {
    try #require(interval[name] as? Double)
  }

  /// lme4's confint(profile): sd_Days|Subject from 3.8012 to 8.7534.
  @Test func `profiles as text, JSON and CSV`() throws {
    let text = try ToolProcess(script: script, arguments)
    #expect(text.status == 0)
    #expect(text.output.contains("by maximum likelihood"))
    #expect(text.output.contains(" 2.5 %") && text.output.contains(" 97.5 %"))
    #expect(text.output.contains("\ncor_Days.(Intercept)|Subject "))
    let json = try intervals(ToolProcess(script: script + " --json", arguments).output)
    #expect(
      json.map { $0["effect"] as? String } == [
        "ran_pars", "ran_pars", "ran_pars", "ran_pars", "fixed", "fixed",
      ])
    #expect(abs(try number(json[2], "lower") - 3.8012) < 1e-3)
    #expect(abs(try number(json[2], "upper") - 8.7534) < 1e-3)
    #expect(json.allSatisfy { $0["message"] is NSNull && $0["lower_at_bound"] as? Bool == false })
    let csv = try ToolProcess(
      script: script + " --format tidy --level 0.9 --parameters theta", arguments
    ).output
    #expect(csv.hasPrefix("effect,group,term,estimate,conf.low,conf.high,low.at.bound,"))
    #expect(csv.contains("\nran_pars,Residual,sd__Observation,"))
    #expect(csv.split(separator: "\n").count == 5)
  }

  /// lme4's Wald intervals of coefficients: estimate ± 1.96 standard errors.
  @Test func `Wald's intervals`() throws {
    let run = try ToolProcess(
      script: script + " --method wald --ddf none --json", arguments)
    let json = try intervals(run.output)
    #expect(json.count == 6)
    #expect(abs(try number(json[5], "lower") - (10.46729 - 1.959964 * 1.545790)) < 1e-4)
    for interval in json.prefix(4) {
      let estimate = try number(interval, "estimate")
      #expect(try number(interval, "lower") < estimate)
      #expect(try number(interval, "upper") > estimate)
    }
    // On the logarithmic scale the estimate is the geometric mean of its limits.
    let product = try number(json[3], "lower") * number(json[3], "upper")
    #expect(abs(product - pow(try number(json[3], "estimate"), 2)) < 1e-6 * product)
  }

  @Test func `bootstrap intervals are those of the command bootstrap`() throws {
    let options = " --replicates 60 --seed 3 --json"
    let confint = try intervals(
      ToolProcess(script: script + " --method bootstrap" + options, arguments).output)
    let basic = try intervals(
      ToolProcess(script: script + " --method bootstrap --interval basic" + options, arguments)
        .output)
    let run = try ToolProcess(
      script: "shift; $tool bootstrap \"$@\"" + options, arguments)
    let object = try run.json
    let parameters = try #require(object["parameters"] as? [[String: Any]])
    for (a, b) in zip(confint, basic) {
      let same = try #require(
        parameters.first { $0["name"] as? String == a["parameter"] as? String })
      #expect(a["lower"] as? Double == same["conf_low"] as? Double)
      #expect(b["upper"] as? Double == same["basic_high"] as? Double)
    }
  }

  @Test func `a model file, threads and curves`() throws {
    let script = """
      d=$(mktemp -d)
      $tool fit "$1" "$2" --save $d/m.lmm > /dev/null &&
      $tool confint $d/m.lmm --json --curves $d/a.csv > $d/a &&
      $tool confint "$1" --data "$2" --json --threads 1 --curves $d/b.csv > $d/b &&
      cmp $d/a $d/b && cmp $d/a.csv $d/b.csv && head -1 $d/a.csv && cut -d, -f1 $d/a.csv | sort -u | wc -l
      $tool confint $d/m.lmm --curves $d/m.lmm; echo "status $?"
      rm -r $d
      """
    let run = try ToolProcess(script: script, sleepstudyFormula, sleepstudyPath)
    #expect(
      run.output == "parameter,value,zeta,deviance\n7\nstatus 1\n", "\(run.output) \(run.errors)")
  }

  @Test(arguments: [
    (["--parameters", "Dais"], 1, "Did you mean “Days”?"), (["--level", "1.5"], 64, "--level"),
    (["--method", "wald", "--curves", "x.csv"], 64, "--curves needs"),
    (["--seed", "1"], 64, "need --method bootstrap"), (["--method", "score"], 64, "score"),
    (["--method", "wald", "--ml", "--ddf", "kenward-roger"], 1, "Kenward"),
  ])
  func `what cannot be done`(options: [String], status: Int, words: String) throws {
    let run = try ToolProcess(script: script, arguments + options)
    #expect(Int(run.status) == status)
    #expect(run.errors.hasPrefix("error: ") && run.errors.contains(words), "\(run.errors)")
    #expect(run.output.isEmpty)
  }
}
