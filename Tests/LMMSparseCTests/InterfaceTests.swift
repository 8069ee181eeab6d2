// SPDX-License-Identifier: GPL-2.0-or-later
import CArrow
import CLMMSparse
import Foundation
import MixedModels
import Synchronization
import TestSupport
import Testing

@Suite struct InterfaceTests {
  @Test func `requests that cannot be understood say what is known`() throws {
    let cases = [
      (#"{"formula": "Reaction ~ Days + (1 | Subject)", "refml": true}"#, "Did you mean \"reml\"?"),
      (#"{"formula": 1}"#, "\"formula\" takes a text"), ("{", "takes a JSON object"),
      ("{}", "needs a \"formula\""),
      (#"{"formula": "Reaction ~ Days + (1 | Subject)", "ddf": "exact"}"#, "takes satterthwaite, kenward-roger"),
      (#"{"formula": "Reaction ~ Days + (1 | Subject)", "data": "a.csv"}"#, "give one of them"),
    ]
    for (options, words) in cases {
      let stream = Sleepstudy.stream()
      do {
        _ = try CModel(stream, options)
        Issue.record("\(options) was understood")
      } catch let refused as Refused {
        #expect(refused.answer.code == LMM_MISUSED.rawValue)
        #expect(refused.answer.message.contains(words), "\(refused.answer.message)")
      }
      #expect(stream.liveCount == 0)
    }
  }

  @Test func `errors of formulas say where`() throws {
    let refused = #expect(throws: Refused.self) {
      try CModel(Sleepstudy.stream(), #"{"formula": "Reaction ~ Dyas + (1 | Subject)"}"#)
    }
    #expect(refused?.answer.error["code"] as? String == "formula")
    #expect(refused?.answer.place["position"] as? Int == 11)
  }

  @Test func `NULL in place of handles is refused`() throws {
    #expect(try called { lmm_call(nil, nil, $0) }.code == LMM_MISUSED.rawValue)
    #expect(try called { lmm_save(nil, "x", $0) }.code == LMM_MISUSED.rawValue)
    #expect(try called { lmm_merge(nil, 0, nil, $0) }.code == LMM_MISUSED.rawValue)
    #expect(try called { lmm_fit(nil, Sleepstudy.options, nil, $0) }.code == LMM_MISUSED.rawValue)
    #expect(lmm_fit(nil, nil, nil, nil) == CInt(LMM_MISUSED.rawValue))
    lmm_free(nil)
    lmm_free_products(nil)
    lmm_free_text(nil)
  }

  /// What the tool writes, the functions give.
  @Test func `answers are those of the tool`() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("sleep.lmm")
    let model = try CModel(Sleepstudy.fileOptions)
    #expect(try called { lmm_save(model.pointer, file, $0) }.code == LMM_OK.rawValue)
    let requests: [(String, [String])] = [
      (#"{"command": "contrast", "hypothesis": "Days = 10", "ddf": "kenward-roger"}"#,
        ["contrast", file, "--hypothesis", "Days = 10", "--ddf", "kenward-roger"]),
      (#"{"command": "confint", "method": "wald", "ddf": "none"}"#,
        ["confint", file, "--method", "wald", "--ddf", "none"]),
      (#"{"command": "bootstrap", "replicates": 10, "seed": 4}"#,
        ["bootstrap", file, "--replicates", "10", "--seed", "4"]),
      (#"{"command": "ranef", "format": "tidy"}"#, ["ranef", file, "--format", "tidy"]),
      (#"{"command": "study", "beta": "Days=2", "sd": "Subject:Days=3", "copies": "Subject=1,2", "replicates": 5, "method": "REML"}"#,
        ["study", file, "--beta", "Days=2", "--sd", "Subject:Days=3", "--copies", "Subject=1,2", "--replicates", "5",
          "--method", "reml"]),
    ]
    for (request, arguments) in requests {
      let isText = arguments.contains("--format")
      // The tool may take faster kernels than this process.
      let kernel = BLASInformation.current.kernel ?? ""
      let tool = try ToolProcess(
        script: "OPENBLAS_CORETYPE=\(kernel) \"$tool\" \"$@\"", arguments + (isText ? [] : ["--json"]))
      let answer = try model.ask(request)
      #expect((isText ? answer.json["text"] as? String : answer.text) == tool.output, "\(request)")
    }
  }

  @Test func `commands answer`() throws {
    let model = try CModel(Sleepstudy.stream(), Sleepstudy.options)
    for command in ["anova", "drop1", "ranova", "variance"] {
      let answer = try model.ask("{\"command\": \"\(command)\"}")
      #expect(answer.code == LMM_OK.rawValue, "\(answer.text)")
    }
    let glance = try model.ask(#"{"command": "summary", "format": "glance"}"#)
    #expect((glance.json["text"] as? String)?.hasPrefix("nobs,sigma,logLik") == true)
    let summary = try model.ask(#"{"command": "summary", "format": "summary"}"#)
    #expect((summary.json["text"] as? String)?.contains("REML criterion at convergence: 1743.6") == true)
    #expect(try model.ask(#"{"command": "glance"}"#).message.contains("\"command\" takes summary"))
    #expect(try model.ask(#"{"command": "drop1", "type": 2}"#).code == LMM_MISUSED.rawValue)
  }

  @Test func `columns are those that a model may use`() throws {
    let options = #"{"formula": "y ~ log(x) + offset(o) + (1 | g/h)", "weights": "1/v", "offset": "w"}"#
    let answer = try called { lmm_columns(options, $0) }
    #expect(answer.json["columns"] as? [String] == ["y", "x", "o", "g", "h", "1/v", "v", "w"])
    #expect(answer.json["formula"] as? [String] == ["y", "x", "o", "g", "h"])
    #expect(try called { lmm_columns("{}", $0) }.code == LMM_MISUSED.rawValue)
  }

  @Test func `several forms of an answer are made at once`() throws {
    let model = try CModel(Sleepstudy.stream(), Sleepstudy.options)
    let answer = try model.ask(
      #"{"command": "contrast", "L": [[0, 1]], "format": ["json", "summary", "tidy", "html", "latex"]}"#)
    #expect((answer.json["json"] as? [String: Any])?["contrasts"] != nil)
    for form in ["summary", "tidy", "html", "latex"] {
      #expect((answer.json[form] as? String)?.isEmpty == false)
    }
    #expect(try model.ask(#"{"command": "drop1", "format": ["json", "json"]}"#).code == LMM_MISUSED.rawValue)
    #expect(try model.ask(#"{"command": "drop1", "format": "glance"}"#).code == LMM_MISUSED.rawValue)
  }

  @Test func `marginal means are compared in several ways`() throws {
    let options = #"{"formula": "Reaction ~ Days + (1 | Subject)", "factor": "Days"}"#
    let model = try CModel(Sleepstudy.stream(), options)
    func count(_ more: String) throws -> Int? {
      let answer = try model.ask(#"{"command": "emmeans", "means": "~ Days"\#(more)}"#)
      return (answer.json["differences"] as? [Any])?.count
    }
    #expect(try count("") == nil)
    #expect(try count(#", "pairwise": true"#) == 45)
    #expect(try count(#", "compare": "control", "control": "3""#) == 9)
    #expect(try count(#", "custom": {"late": [0, 0, 0, 0, 0, 0, 0, 0, -1, 1]}"#) == 1)
    let two = try model.ask(#"{"command": "emmeans", "means": "~ Days", "pairwise": true, "compare": "control"}"#)
    #expect(two.code == LMM_MISUSED.rawValue)
  }

  @Test func `models are compared`() throws {
    let (large, small) = (
      try CModel(Sleepstudy.fileOptions),
      try CModel(Sleepstudy.stream(), #"{"formula": "Reaction ~ Days + (1 | Subject)"}"#)
    )
    let models: [OpaquePointer?] = [small.pointer, large.pointer]
    let answer = try called { lmm_compare(models, 2, "{}", $0) }
    #expect(answer.code == LMM_OK.rawValue)
    // lme4: anova(lmer(Reaction ~ Days + (1 | Subject), d), lmer(Reaction ~ Days + (Days | Subject), d),
    // refit = FALSE)$Chisq
    let rows = try #require(answer.json["models"] as? [[String: Any]])
    #expect(abs((rows[1]["statistic"] as? Double ?? .nan) - 42.8368134) < 1e-5, "\(answer.text)")
    #expect(try called { lmm_compare(models, 1, "{}", $0) }.code == LMM_MISUSED.rawValue)
  }

  @Test func `parts of a table are added up`() throws {
    let halves = try [0..<90, 90..<180].map { rows -> OpaquePointer? in
      var products: OpaquePointer?
      let stream = ArrowTestStream([
        "Reaction": .doubles(Array(Sleepstudy.reaction[rows])),
        "Days": .numbers("i", Array(Sleepstudy.days[rows])),
        "Subject": .texts("u", Array(Sleepstudy.labels[rows])),
      ])
      let answer = try called { json in stream { lmm_crossprod($0, Sleepstudy.options, &products, json) } }
      #expect(answer.json["nobs"] as? Int == 90)
      #expect(stream.liveCount == 0)
      return products
    }
    defer { halves.forEach { lmm_free_products($0) } }
    var sum: OpaquePointer?
    let merged = try called { lmm_merge(halves, 2, &sum, $0) }
    #expect(merged.json["nobs"] as? Int == 180)
    defer { lmm_free_products(sum) }
    let folder = try TemporaryFolder()
    #expect(try called { lmm_save_products(sum, folder.file("sum.lmm"), $0) }.code == 0)
    var again: OpaquePointer?
    #expect(try called { lmm_load_products(folder.file("sum.lmm"), &again, $0) }.code == 0)
    defer { lmm_free_products(again) }
    let whole = try CModel(Sleepstudy.fileOptions)
    for products in [sum, again] {
      let model = try CModel { lmm_fit_products(products, "{}", $0, $1) }
      #expect(distance(model.numbers, whole.numbers) < 1e-5)
    }
    let narrow = try CModel {
      lmm_fit_products(sum, #"{"formula": "Reaction ~ Days + (1 | Subject)", "reml": false}"#, $0, $1)
    }
    // lme4: deviance(lmer(Reaction ~ Days + (1 | Subject), sleepstudy, REML = FALSE))
    #expect(abs(narrow.answer.json["criterion"] as! Double - 1794.07864301) < 1e-5)
  }

  @Test func `rows go through a model and come back`() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("sleep.lmm")
    let model = try CModel(Sleepstudy.fileOptions)
    #expect(try called { lmm_save(model.pointer, file, $0) }.code == 0)
    let kernel = BLASInformation.current.kernel ?? ""
    let tool = try ToolProcess(
      script: "OPENBLAS_CORETYPE=\(kernel) \"$tool\" \"$@\"", "predict", file, "--data", sleepstudyPath,
      "--columns", "none", "--interval", "prediction")
    let lines = tool.output.split(separator: "\n").dropFirst()
    let expected = lines.map { $0.split(separator: ",").map { Double($0)! } }
    let rows = Sleepstudy.stream()
    var out = ArrowArrayStream()
    let answer = try called { json in
      rows { lmm_predict(model.pointer, $0, #"{"interval": "prediction"}"#, &out, json) }
    }
    #expect(answer.json["columns"] as? [String] == [".fitted", ".lower", ".upper"])
    let table = numbers(&out)
    out.release(&out)
    #expect(table.code == 0)
    for k in 0..<3 { #expect(table.columns[k] == expected.map { $0[k] }) }
    #expect(rows.liveCount == 0)

    var loaded: OpaquePointer?
    #expect(try called { lmm_load(file, "{}", &loaded, $0) }.code == 0)
    defer { lmm_free(loaded) }
    let drawn = try [model.pointer, loaded!].map { pointer in
      var out = ArrowArrayStream()
      _ = try called { json in
        Sleepstudy.stream()({
          lmm_simulate(pointer, $0, #"{"replicates": 2, "seed": 9}"#, &out, json)
        })
      }
      defer { out.release(&out) }
      return numbers(&out).columns
    }
    #expect(drawn[0] == drawn[1])
    #expect(drawn[0].count == 2 && drawn[0][0].count == 180)
  }

  @Test func `an unknown level ends the stream with its row`() throws {
    let model = try CModel(Sleepstudy.fileOptions)
    let rows = ArrowTestStream([
      "Days": .numbers("l", [1, 2]), "Subject": .texts("u", ["308", "999"]),
      "Reaction": .doubles([nil, nil]),
    ])
    var out = ArrowArrayStream()
    let answer = try called { json in rows { lmm_predict(model.pointer, $0, nil, &out, json) } }
    #expect(answer.code == 0)
    let table = numbers(&out)
    #expect(table.code == EIO)
    #expect(table.words?.contains("row 2") == true)
    out.release(&out)
    #expect(rows.liveCount == 0)
    let refused = try called { json in
      Sleepstudy.stream()({ lmm_predict(model.pointer, $0, #"{"ddf": "residual"}"#, &out, json) })
    }
    #expect(refused.code == LMM_MISUSED.rawValue)
    #expect(out.release == nil)
  }

  @Test func `conditional modes come as a stream`() throws {
    let model = try CModel(Sleepstudy.fileOptions)
    var out = ArrowArrayStream()
    #expect(try called { lmm_ranef(model.pointer, nil, &out, $0) }.code == 0)
    defer { out.release(&out) }
    var batch = ArrowArray()
    #expect(out.get_next(&out, &batch) == 0)
    #expect(batch.length == 18 && batch.n_children == 5)
    // lme4: ranef(fm1, condVar = TRUE)$Subject[1, ] and the root of its postVar
    let estimates = batch.children[3]!.pointee.buffers[1]!.assumingMemoryBound(to: Double.self)
    let deviations = batch.children[4]!.pointee.buffers[1]!.assumingMemoryBound(to: Double.self)
    #expect(abs(estimates[0] - 2.2585655) < 1e-5)
    #expect(abs(deviations[0] - 12.0708365) < 1e-4)
    batch.release(&batch)
  }

  @Test func `a callback hears of the work and can end it`() throws {
    final class Listener: Sendable {
      let events = Mutex<[String]>([])
      let limit: Int
      init(_ limit: Int) { self.limit = limit }
    }
    func fit(_ limit: Int, _ work: () throws -> CAnswer) throws -> (CAnswer, [String]) {
      let listener = Listener(limit)
      lmm_on_progress(
        { event, context in
          let listener = Unmanaged<Listener>.fromOpaque(context!).takeUnretainedValue()
          return listener.events.withLock {
            $0.append(String(cString: event!))
            return $0.count > listener.limit ? 1 : 0
          }
        }, Unmanaged.passUnretained(listener).toOpaque())
      defer { lmm_on_progress(nil, nil) }
      return try withExtendedLifetime(listener) { (try work(), listener.events.withLock { $0 }) }
    }
    func fitted() throws -> CAnswer {
      do {
        let model = try CModel(Sleepstudy.stream(), Sleepstudy.options)
        return model.answer
      } catch let refused as Refused {
        return refused.answer
      }
    }
    let (whole, events) = try fit(.max, fitted)
    #expect(whole.code == LMM_OK.rawValue)
    #expect(events.contains { $0.contains("\"reading\"") })
    #expect(events.contains { $0.contains("\"evaluating\"") })
    for limit in [0, 1, 3] {
      let (cut, heard) = try fit(limit, fitted)
      #expect(cut.code == LMM_INTERRUPTED.rawValue)
      #expect(cut.error["code"] as? String == "interrupted")
      #expect(heard.count == limit + 1)
    }
    let model = try CModel(Sleepstudy.stream(), Sleepstudy.options)
    for request in [#"{"command": "bootstrap", "replicates": 50}"#, #"{"command": "confint"}"#] {
      let (cut, _) = try fit(0) { try model.ask(request) }
      #expect(cut.code == LMM_INTERRUPTED.rawValue)
    }
  }

  @Test func `models live on several threads`() throws {
    let model = try CModel(Sleepstudy.fileOptions)
    let alone = model.numbers
    let same = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      guard let other = try? CModel(Sleepstudy.stream(), Sleepstudy.options) else { return }
      if other.numbers == alone { same.withLock { $0 += 1 } }
    }
    #expect(same.withLock { $0 } == 4)
  }

  @Test func `residuals are had from rows that stay`() throws {
    let options = #"{"formula": "Reaction ~ Days + (Days | Subject)", "residuals": true}"#
    let stream = Sleepstudy.stream()
    let model = try CModel(stream, options)
    let text = try model.ask(#"{"command": "summary", "format": "summary"}"#).json["text"] as? String
    #expect(text?.contains("-3.9536 -0.4634  0.0231  0.4634  5.1793") == true)
    #expect(stream.liveCount == 0)
  }

  @Test(arguments: [(179, false), (180, true)])
  func `residuals are had of so many rows at most`(rows: Int, isHad: Bool) throws {
    let options =
      #"{"formula": "Reaction ~ Days + (Days | Subject)", "residuals": true, "residual_rows": \#(rows)}"#
    let stream = Sleepstudy.stream()
    let model = try CModel(stream, options)
    let text = try model.ask(#"{"command": "summary", "format": "summary"}"#).json["text"] as? String
    #expect(text?.contains("Scaled residuals") == isHad)
    #expect(stream.liveCount == 0)
  }
}
