// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

@Suite struct `Command bootstrap` {
  private let arguments = ["bootstrap", sleepstudyFormula, "--data", sleepstudyPath, "--seed", "7"]

  /// Standard errors of lme4's bootMer with 1000 replicates: 6.8 and 1.54; 6.0 and 1.27 of the
  /// standard deviations; 1.45 of σ.
  @Test func `intervals as text, JSON and CSV`() throws {
    let script = "$tool \"$@\" --replicates 800"
    let text = try ToolProcess(script: script, arguments)
    #expect(text.status == 0)
    #expect(text.output.hasPrefix("Parametric bootstrap, 800 replicates (seed 7), REML\nFormula: "))
    #expect(text.output.contains("Estimate Std. Error"))
    #expect(text.output.contains("\ncor_Days.(Intercept)|Subject "))
    let json = try jsonObject(ToolProcess(script: script + " --json", arguments).output)
    #expect(json["failed"] as? Int == 0)
    let parameters = try #require(json["parameters"] as? [[String: Any]])
    #expect(
      parameters.map { $0["kind"] as? String } == [
        "fixed", "fixed", "sd", "cor", "sd", "sigma", "theta", "theta", "theta",
      ])
    for (k, expected) in [(0, 6.8), (1, 1.54), (2, 6.0), (4, 1.27), (5, 1.45)] {
      let error = try #require(parameters[k]["std_error"] as? Double)
      #expect(abs(error / expected - 1) < 0.12, "\(parameters[k]["name"]!)")
    }
    let csv = try ToolProcess(script: script + " --format tidy", arguments).output
    #expect(csv.hasPrefix("effect,group,term,estimate,std.error,bias,conf.low,conf.high,"))
    #expect(csv.contains("\nran_pars,Subject,cor__(Intercept).Days,"))
    #expect(csv.split(separator: "\n").count == 10)
  }

  @Test func `replicates do not depend on threads, and a checkpoint continues`() throws {
    let script = """
      d=$(mktemp -d); cd "$d"
      $tool "$@" --replicates 90 --threads 1 --csv one.csv > /dev/null &&
      $tool "$@" --replicates 90 --threads 3 --csv three.csv > /dev/null &&
      $tool "$@" --replicates 30 --checkpoint kept > /dev/null &&
      $tool "$@" --replicates 90 --checkpoint kept --csv resumed.csv > /dev/null &&
      cmp one.csv three.csv && cmp one.csv resumed.csv && wc -l < one.csv && head -1 one.csv
      $tool "$@" --replicates 90 --seed 8 --checkpoint kept; echo "status $?"
      rm -r "$d"
      """
    let path = URL(fileURLWithPath: sleepstudyPath).standardizedFileURL.path
    let run = try ToolProcess(
      script: script, ["bootstrap", sleepstudyFormula, "--data", path])
    #expect(
      run.output.hasPrefix(
        "91\nreplicate,converged,singular,(Intercept),Days,sd_(Intercept)|Subject,"))
    #expect(run.output.hasSuffix("status 1\n"))
    #expect(run.errors.contains("belongs to another run"))
  }

  @Test func `a model file gives the same replicates, and is not overwritten`() throws {
    let script = """
      d=$(mktemp -d)
      $tool fit "$1" "$2" --save $d/m.lmm > /dev/null &&
      $tool bootstrap $d/m.lmm --replicates 40 > $d/a && $tool bootstrap "$1" --data "$2" --replicates 40 > $d/b &&
      cmp $d/a $d/b && echo same
      $tool bootstrap $d/m.lmm --replicates 4 --csv $d/m.lmm; echo "status $?"
      $tool bootstrap $d/m.lmm --replicates 4 --checkpoint $d/m.lmm; echo "status $?"
      rm -r $d
      """
    let run = try ToolProcess(script: script, sleepstudyFormula, sleepstudyPath)
    #expect(run.output == "same\nstatus 1\nstatus 1\n", "\(run.output) \(run.errors)")
    #expect(run.errors.contains("it is read as input"))
  }

  @Test func `test of two models in either order`() throws {
    let smaller = "Reaction ~ Days + (1 | Subject)"
    for models in [[sleepstudyFormula, smaller], [smaller, sleepstudyFormula]] {
      let run = try ToolProcess(
        script: "$tool bootstrap \"$@\" --replicates 99 --json",
        models + ["--data", sleepstudyPath])
      let json = try run.json
      #expect(abs((json["statistic"] as! Double) - 42.837) < 1e-3)
      #expect(json["formula0"] as? String == smaller)
      #expect(json["p_value"] as? Double == 0.01)
      #expect(json["df"] as? Int == 2)
    }
    let text = try ToolProcess(
      script: "$tool bootstrap \"$@\" --replicates 50",
      [sleepstudyFormula, "Reaction ~ 1 + (Days | Subject)", "--data", sleepstudyPath])
    #expect(text.output.contains("Pr(>LRT) by simulation: 0.0196"))
    #expect(text.output.contains("refitting all models by ML"))
  }

  @Test(arguments: [
    (["--replicates", "0"], 64, "at least 1"), (["--level", "1"], 64, "between 0 and 1"),
    (["--checkpoint", "-"], 64, "takes a file"), (["--csv", "-"], 64, "--output FILE"),
    (["--csv", "a", "--checkpoint", "a"], 64, "different files"),
    (["--csv", sleepstudyPath], 1, "read as input"),
    (["--checkpoint", sleepstudyPath], 1, "read as input"),
    (["--csv", "/nowhere/a.csv"], 1, "cannot write"),
  ])
  func `errors`(extra: [String], status: Int, words: String) throws {
    let run = try ToolProcess(script: "$tool \"$@\"", arguments + extra)
    #expect(Int(run.status) == status)
    #expect(run.errors.contains(words), "\(run.errors)")
    #expect(run.output.isEmpty)
  }

  @Test func `models that cannot be compared`() throws {
    let run = try ToolProcess(
      script: "$tool \"$@\"",
      ["bootstrap", sleepstudyFormula, "Reaction ~ 1 + (1 | Days)"]
        + ["--data", sleepstudyPath, "--factor", "Subject"])
    #expect(run.status == 1)
    #expect(run.errors.contains("is not nested in"), "\(run.errors)")
  }
}
