// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

@Suite struct RanefCommandTests {
  private func ranef(_ format: String, output: String = "-") throws -> ToolProcess {
    try ToolProcess(
      "ranef", sleepstudyFormula, "--data", sleepstudyPath, "--format", format, "--output", output)
  }

  @Test func `tidy has a line for every level and column`() throws {
    let run = try ranef("tidy")
    #expect(run.status == 0)
    let lines = run.output.split(separator: "\n")
    #expect(lines[0] == "effect,group,level,term,estimate,std.error,conf.low,conf.high")
    #expect(lines.count == 1 + 2 * 18)
    // lme4: ranef(fm)$Subject["308", 1] = 2.2585, and the root of its postVar 12.07.
    let fields = lines[1].split(separator: ",")
    #expect(fields[..<4] == ["ran_vals", "Subject", "308", "(Intercept)"])
    #expect(abs(Double(fields[4])! - 2.2585) < 1e-3)
    #expect(abs(Double(fields[5])! - 12.0709) < 1e-2)
    // broom.mixed 0.2.9.4: tidy(fm, effects = "ran_vals", conf.int = TRUE), of the slope of 309.
    let slope = try #require(lines.first { $0.hasPrefix("ran_vals,Subject,309,Days,") })
    let values = slope.split(separator: ",").suffix(4).map { Double($0)! }
    for (ours, theirs) in zip(values, [-8.61970318, 2.30483698, -13.13710065, -4.10230572]) {
      #expect(abs(ours - theirs) < 1e-5 * abs(theirs))
    }
  }

  @Test func `json has modes, deviations and covariances that agree`() throws {
    let run = try ranef("json")
    let terms = try #require(try run.json["ranef"] as? [[String: Any]])
    let sd = try #require(terms[0]["sd"] as? [[Double]])
    let cov = try #require(terms[0]["cov"] as? [[Double]])
    #expect(sd.count == 18 && cov.count == 18)
    for (s, c) in zip(sd, cov) {
      #expect(c.count == 4 && c[1] == c[2])
      #expect(abs(s[0] * s[0] - c[0]) < 1e-9 * c[0] && abs(s[1] * s[1] - c[3]) < 1e-9 * c[3])
    }
  }

  @Test func `a saved model gives the same`() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("model.lmm")
    let saved = try ToolProcess("fit", sleepstudyFormula, sleepstudyPath, "--save", file, "--quiet")
    #expect(saved.status == 0)
    let fromFile = try ToolProcess("ranef", file, "--format", "tidy")
    #expect(try fromFile.output == ranef("tidy").output)
  }

  @Test func `the summary names the term and shows every level`() throws {
    let run = try ranef("summary")
    #expect(run.output.contains("Subject: 18 levels"))
    #expect(run.output.contains("\n308 "))
    #expect(run.output.contains("\n372 "))
  }

  @Test func `a full device is an error`() throws {
    let run = try ranef("tidy", output: "/dev/full")
    #expect(run.status == 1)
    #expect(run.errors.hasPrefix("error: cannot write to /dev/full"))
  }
}
