// SPDX-License-Identifier: GPL-2.0-or-later
import CArrow
import CLMMSparse
import Foundation
import MixedModels
import TestSupport
import Testing

/// One model, many responses.
@Suite struct ResponsesFunctionTests {
  /// sleepstudy with half the reaction time, a constant, and one that is missing here and there.
  private static func stream() -> ArrowTestStream {
    let half = Sleepstudy.reaction.map { $0! / 2 }
    return ArrowTestStream([
      "Reaction": .doubles(Sleepstudy.reaction), "Days": .numbers("l", Sleepstudy.days),
      "Subject": .texts("u", Sleepstudy.labels), "half": .doubles(half),
      "flat": .doubles(half.map { _ in 1 }),
      "holes": .doubles(half.enumerated().map { $0 % 7 == 0 ? nil : $1 }),
    ])
  }

  private func answer(_ options: String, _ stream: ArrowTestStream? = nil) throws -> CAnswer {
    guard let stream else { return try called { lmm_responses(nil, options, $0) } }
    let answer = try called { json in stream { lmm_responses($0, options, json) } }
    #expect(stream.liveCount == 0)
    return answer
  }

  @Test func `responses of files are those of the tool`() throws {
    let formula = "cbind(Reaction, log(Reaction)) ~ Days + (Days | Subject)"
    let answer = try answer(
      """
      {"formula": "\(formula)", "data": "\(sleepstudyPath)", "reml": false,
      "format": ["json", "summary", "tidy", "glance"]}
      """)
    for form in ["summary", "tidy", "glance"] {
      // The tool may take faster kernels than this process.
      let tool = try ToolProcess(
        script: "OPENBLAS_CORETYPE=\(BLASInformation.current.kernel ?? "") \"$tool\" \"$@\"", "fit", formula,
        sleepstudyPath, "--ml", "--format", form)
      #expect(answer.json[form] as? String == tool.output)
    }
    let responses = (answer.json["json"] as? [String: Any])?["responses"] as? [[String: Any]]
    #expect(responses?.map { $0["response"] as? String } == ["Reaction", "log(Reaction)"])
    let first = responses?.first?["fit"] as? [String: Any]
    #expect(abs((first?["criterion"] as? Double ?? .nan) - 1751.93934) < 1e-4)  // lme4, REML = FALSE
  }

  @Test func `responses of a stream are fits of their own`() throws {
    let options = #"{"formula": "~ Days + (1 | Subject)", "responses": ["Reaction", "flat", "holes"]}"#
    let answer = try answer(options, Self.stream())
    let responses = try #require(answer.json["responses"] as? [[String: Any]])
    #expect(responses[1]["fit"] is NSNull)
    #expect((responses[1]["message"] as? String)?.contains("constant") == true)
    for (response, name) in [(responses[0], "Reaction"), (responses[2], "holes")] {
      let alone = try CModel(Self.stream(), "{\"formula\": \"\(name) ~ Days + (1 | Subject)\"}").answer.json
      let fit = try #require(response["fit"] as? [String: Any])
      #expect(fit["nobs"] as? Int == alone["nobs"] as? Int)
      let (a, b) = (fit["criterion"] as! Double, alone["criterion"] as! Double)
      #expect(abs(a - b) < 1e-8 * abs(b))
    }
  }

  @Test func `a regular expression chooses responses`() throws {
    let options = #"{"formula": "~ Days + (1 | Subject)", "responses": "/^[Rhf]/", "format": "glance"}"#
    let lines = try (answer(options, Self.stream()).json["text"] as! String).split(separator: "\n")
    #expect(lines.dropFirst().map { $0.prefix { $0 != "," } } == ["Reaction", "half", "flat", "holes"])
    let names = #""names": ["Reaction", "half", "Days", "Subject", "w", "z"]"#
    let columns = try called {
      lmm_columns(#"{"formula": "~ Days + (1 | Subject)", "responses": "/./", "weights": "w", \#(names)}"#, $0)
    }
    #expect(columns.json["formula"] as? [String] == ["Reaction", "Days", "Subject", "half", "z"])
    #expect((columns.json["columns"] as? [String])?.last == "w")
    let bound = try called { lmm_columns(#"{"formula": "cbind(a, log(b)) ~ x + (1 | g)"}"#, $0) }
    #expect(bound.json["columns"] as? [String] == ["a", "x", "g", "b"])
  }

  @Test func `what many responses cannot have is refused`() throws {
    let cases = [
      (#"{"formula": "Reaction ~ Days + (1 | Subject)", "responses": "half"}"#, "names a response"),
      (#"{"formula": "Reaction ~ Days + (1 | Subject)"}"#, "does not name its responses"),
      (#"{"formula": "~ Days + (1 | Subject)", "responses": "/(/"}"#, "is no regular expression"),
      (#"{"formula": "~ Days + (1 | Subject)", "responses": "/^z/"}"#, "no column of data"),
      (#"{"formula": "~ Days + (1 | Subject)", "responses": []}"#, "takes names of columns"),
      (#"{"formula": "~ Days + (1 | Subject)", "responses": ["nix"]}"#, "no column \"nix\""),
      (#"{"formula": "cbind(half, Reaction) ~ Dyas + (1 | Subject)"}"#, "Did you mean \"Days\"?"),
      (#"{"formula": "cbind(half, Reaction) ~ Days", "absorb": "Subject"}"#, "no option \"absorb\""),
      (#"{"responses": ["half"]}"#, "needs a \"formula\""), ("{", "takes a JSON object"),
    ]
    for (options, words) in cases {
      let answer = try answer(options, Self.stream())
      #expect(answer.code != LMM_OK.rawValue && answer.message.contains(words), "\(options): \(answer.text)")
    }
    let none = try answer(#"{"formula": "cbind(half, Reaction) ~ Days + (1 | Subject)"}"#)
    #expect(none.code == LMM_MISUSED.rawValue && none.message.contains("needs rows"))
    let model = try answer(#"{"formula": "cbind(a, b) ~ Days + (1 | Subject)", "data": "m.lmm"}"#)
    #expect(model.message.contains("one response"))
    #expect(lmm_responses(nil, nil, nil) == CInt(LMM_MISUSED.rawValue))
  }

  @Test func `a callback ends the fits`() throws {
    lmm_on_progress({ event, _ in String(cString: event!).contains("\"responses\"") ? 1 : 0 }, nil)
    defer { lmm_on_progress(nil, nil) }
    let cut = try answer(#"{"formula": "cbind(half, Reaction) ~ Days + (1 | Subject)"}"#, Self.stream())
    #expect(cut.code == LMM_INTERRUPTED.rawValue, "\(cut.text)")
  }
}
