// SPDX-License-Identifier: GPL-2.0-or-later
import CArrow
import CLMMSparse
import Foundation
import MixedModels
import TestSupport
import Testing

/// Figures and pages by the functions.
@Suite struct `Figures of the functions` {
  private func drawn(_ model: CModel, _ options: String) throws -> CAnswer {
    try called { lmm_plot(model.pointer, nil, options, $0) }
  }

  @Test func `commands for gnuplot need no gnuplot`() throws {
    let model = try CModel(Sleepstudy.stream(), Sleepstudy.options)
    for kind in ["coefficients", "caterpillar", "shrinkage", "profile", "trace", "qq"] {
      let answer = try drawn(model, "{\"kind\": \"\(kind)\", \"as\": \"gp\", \"title\": \"A title\"}")
      let text = try #require(answer.json["figure"] as? String, "\(kind): \(answer.message)")
      #expect(text.contains("A title") && text.contains("plot"))
    }
    for kind in ["data", "residuals", "qq"] {
      let stream = Sleepstudy.stream()
      let answer = try called { json in
        stream { lmm_plot(model.pointer, $0, "{\"kind\": \"\(kind)\", \"as\": \"gp\"}", json) }
      }
      #expect(answer.json["figure"] as? String != nil, "\(kind): \(answer.message)")
      #expect(stream.liveCount == 0)
    }
  }

  @Test func `what cannot be drawn says why`() throws {
    let model = try CModel(Sleepstudy.stream(), Sleepstudy.options)
    for (options, words) in [
      ("{}", "needs a \"kind\""), (#"{"kind": "residual"}"#, "residuals"), (#"{"kind": "study"}"#, "table of results"),
      (#"{"kind": "residuals"}"#, "rows"), (#"{"kind": "means"}"#, "needs \"means\""),
      (#"{"kind": "trace", "at": {"Days": [1]}}"#, "for the figure means"),
      (#"{"kind": "trace", "size": [10, 20]}"#, "pixels"), (#"{"kind": "trace", "form": "svg"}"#, "no option"),
      (#"{"kind": "caterpillar", "as": "gp", "group": "Days"}"#, "Subject"),
    ] {
      let answer = try drawn(model, options)
      #expect(answer.code != LMM_OK.rawValue && answer.message.contains(words), "\(options): \(answer.message)")
    }
    #expect(try called { lmm_plot(nil, nil, "{}", $0) }.code == LMM_MISUSED.rawValue)
    #expect(try called { lmm_report(nil, nil, "{}", $0) }.code == LMM_MISUSED.rawValue)
  }

  @Test func `a study ends when its callback wants it`() throws {
    let model = try CModel(Sleepstudy.stream(), Sleepstudy.options)
    lmm_on_progress({ _, _ in 1 }, nil)
    defer { lmm_on_progress(nil, nil) }
    let answer = try called { lmm_call(model.pointer, #"{"command": "study", "replicates": 100000}"#, $0) }
    #expect(answer.code == LMM_INTERRUPTED.rawValue)
  }
}
