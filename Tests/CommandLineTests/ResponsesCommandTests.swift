// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

@Suite struct ResponsesCommandTests {
  private let folder: TemporaryFolder
  private let table: String

  /// sleepstudy with further responses: half the reaction time, and a constant.
  init() throws {
    folder = try TemporaryFolder()
    table = folder.file("many.csv")
    let lines = try String(contentsOfFile: sleepstudyPath, encoding: .utf8).split(separator: "\n")
    let more = lines.enumerated().map { index, line in
      let reaction = Double(line.split(separator: ",")[0]) ?? 0
      return index == 0 ? line + ",half,flat" : line + ",\(reaction / 2),1"
    }
    try folder.write(more.joined(separator: "\n") + "\n", to: "many.csv")
  }

  private func fit(_ arguments: String...) throws -> ToolProcess {
    try ToolProcess(script: "\"$tool\" fit \"$@\"", arguments)
  }

  @Test func `tidy puts the response first and a message last`() throws {
    let run = try fit(
      "~ Days + (Days | Subject)", table, "--responses", "Reaction,flat,half", "--format", "tidy")
    #expect(run.status == 0)
    #expect(run.errors.hasPrefix("note: 1 of 3 responses could not be fitted"))
    let lines = run.output.split(separator: "\n").map(String.init)
    #expect(
      lines[0] == "response,effect,group,term,estimate,std.error,statistic,df,p.value,conf.low,"
        + "conf.high,message")
    #expect(lines.count == 1 + 6 + 1 + 6)
    #expect(lines[2].hasPrefix("Reaction,fixed,NA,Days,10.4672859"))
    #expect(lines[7].hasPrefix("flat,NA,NA,NA,NA") && lines[7].contains("constant"))
    #expect(lines[9].hasPrefix("half,fixed,NA,Days,5.233642"))
    // Half the response: the same statistic and degrees of freedom.
    let (whole, half) = (lines[2].split(separator: ","), lines[9].split(separator: ","))
    for k in [6, 7] { #expect(abs(Double(whole[k])! - Double(half[k])!) < 1e-6) }
  }

  @Test func `json, glance and summary say the same`() throws {
    let model = "cbind(Reaction, half, flat) ~ Days + (1 | Subject)"
    let json = try fit(model, table, "--json", "--quiet")
    #expect(json.errors.isEmpty)
    let object = try json.json
    let responses = object["responses"] as! [[String: Any]]
    #expect(responses.map { $0["response"] as? String } == ["Reaction", "half", "flat"])
    #expect(responses[2]["fit"] is NSNull && responses[0]["message"] is NSNull)
    let criterion = (responses[0]["fit"] as! [String: Any])["criterion"] as! Double
    #expect(abs(criterion - 1786.46508539) < 1e-6)  // lme4, sleepstudy-intercept-reml
    let glance = try fit(model, table, "--format", "glance").output.split(separator: "\n")
    #expect(glance.count == 4 && glance[3].hasPrefix("flat,NA,NA"))
    #expect(glance[1].contains("1786.465085"))
    let summary = try fit(model, table)
    #expect(summary.output.contains("Reaction         1786.5"))
    #expect(summary.output.contains("Note: flat: "))
  }

  @Test func `a regular expression chooses columns`() throws {
    let run = try fit(
      "~ Days + (1 | Subject)", table, "--responses", "/^(R|h)/", "--format", "glance")
    #expect(run.output.split(separator: "\n").dropFirst().map { $0.prefix(4) } == ["Reac", "half"])
    let none = try fit("~ Days + (1 | Subject)", table, "--responses", "/^z/")
    #expect(none.status == 1 && none.errors.contains("no column"))
  }

  @Test func `what does not go together is told on the command line`() throws {
    for arguments in [
      ["cbind(Reaction, half) ~ Days + (1 | Subject)", table, "--save", folder.file("m.lmm")],
      ["~ Days + (1 | Subject)", table, "--responses", "/(/"],
      ["~ Days + (1 | Subject)", table, "--responses", "a,,b"],
    ] {
      let run = try ToolProcess(script: "\"$tool\" fit \"$@\"", arguments)
      #expect(run.status == 64 || run.status == 2)
    }
    let both = try fit("Reaction ~ Days + (1 | Subject)", table, "--responses", "half")
    #expect(both.status == 1 && both.errors.contains("names a response"))
  }
}
