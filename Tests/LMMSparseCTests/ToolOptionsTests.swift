// SPDX-License-Identifier: GPL-2.0-or-later
import CLMMSparse
import Foundation
import MixedModels
import TestSupport
import Testing

/// Options mean here what they mean to the tool, to the last bit.
@Suite struct ToolOptionsTests {
  /// Options beside formula and data, and those of `fit`.
  struct Case: Sendable, CustomTestStringConvertible {
    let formula: String
    let table: String
    let options: String
    let arguments: [String]

    init(_ formula: String, _ table: String, _ options: String, _ arguments: [String]) {
      (self.formula, self.table) = (formula, Files.data(table))
      (self.options, self.arguments) = (options, arguments)
    }

    var testDescription: String { options }
  }

  static let cases = [
    Case(
      "Reaction ~ Days + (1 | Subject)", "sleepstudy_extra.csv", #""residual_by": "Dose""#,
      ["--residual-by", "Dose"]),
    Case(
      "Reaction ~ Days", "sleepstudy.csv", #""residual": "ar1(Days | Subject)""#,
      ["--residual", "ar1(Days | Subject)"]),
    Case(
      "Reaction ~ Days + (Days | Subject)", "sleepstudy.csv", #""hold": {"sd_(Intercept)|Subject": 20}, "sigma": 25"#,
      ["--hold", "sd_(Intercept)|Subject=20", "--sigma", "25"]),
    Case(
      "mathscr ~ physcr", "mathscr.csv", #""absorb": ["school"]"#, ["--absorb", "school"]),
    Case(
      "mathscr ~ physcr + (1 | school)", "mathscr.csv", #""cluster": "school", "vcov": "CR1""#,
      ["--cluster", "school", "--vcov", "CR1"]),
    Case(
      "Reaction ~ 1 + (1 | Subject)", "sleepstudy.csv", #""add": "Days + (0 + Days | Subject)", "drop": "1""#,
      ["--add", "Days + (0 + Days | Subject)", "--drop", "1"]),
    Case(
      "weight ~ sex + (1 | animal)", "flock.csv",
      #""relationship": {"animal": "\#(Files.data("flock_pedigree.csv"))"}, "ddf": "none""#,
      ["--relationship", "animal=\(Files.data("flock_pedigree.csv"))", "--ddf", "none"]),
  ]

  @Test(arguments: cases) func `fits are those of the tool`(_ one: Case) throws {
    let model = try CModel(
      #"{"formula": "\#(one.formula)", "data": "\#(one.table)", \#(one.options)}"#)
    let tool = try Self.run(["fit", one.formula, one.table, "--json"] + one.arguments)
    #expect(Self.results(model.answer.json) == Self.results(try tool.json))
  }

  /// The tool may take faster kernels than this process.
  private static func run(_ arguments: [String]) throws -> ToolProcess {
    try ToolProcess(
      script: "OPENBLAS_CORETYPE=\(BLASInformation.current.kernel ?? "") \"$tool\" \"$@\"", arguments)
  }

  /// All that is not of the clock and the memory.
  private static func results(_ json: [String: Any]) -> NSDictionary {
    json.filter { !["timing", "evaluation_seconds", "memory"].contains($0.key) } as NSDictionary
  }

  @Test func `relationships are what their files are`() throws {
    let folder = try TemporaryFolder()
    let levels = Set(Sleepstudy.rows.map { "\($0.subject)" }).sorted()
    func value(_ i: Int, _ j: Int) -> Double { i == j ? 2 : abs(i - j) == 1 ? -0.75 : 0 }
    let rows = levels.indices.map { i in levels.indices.map { value(i, $0) } }
    let file = folder.file("Q.csv")
    let header = ([""] + levels).joined(separator: ",")
    let lines = zip(levels, rows).map { "\($0),\($1.map { "\($0)" }.joined(separator: ","))" }
    try ([header] + lines).joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
    let names = levels.map { "\"\($0)\"" }.joined(separator: ", ")
    let places = levels.indices.flatMap { i in levels.indices.map { (i, $0) } }.filter { value($0, $1) != 0 }
    let entries = """
      {"row": \(places.map { levels[$0.0] }), "column": \(places.map { levels[$0.1] }),
      "value": \(places.map { value($0, $1) })}
      """
    for option in ["relationship", "precision"] {
      let known = try ["\"\(file)\"", "{\"levels\": [\(names)], \"values\": \(rows)}", entries].map {
        try CModel(
          Sleepstudy.stream(),
          #"{"formula": "Reaction ~ Days + (1 | Subject)", "\#(option)": {"Subject": \#($0)}}"#)
      }
      let free = try CModel(Sleepstudy.stream(), #"{"formula": "Reaction ~ Days + (1 | Subject)"}"#)
      #expect(known[0].numbers == known[1].numbers)
      #expect(known[0].numbers == known[2].numbers)
      #expect(known[0].numbers != free.numbers)
    }
  }

  @Test func `a pedigree is what its file is`() throws {
    let text = try String(contentsOfFile: Files.data("flock_pedigree.csv"), encoding: .utf8)
    let records = text.split(separator: "\n").dropFirst().map { $0.split(separator: ",").map(String.init) }
    let lists = ["individual", "sire", "dam"].enumerated().map { k, name in
      "\"\(name)\": [\(records.map { $0[k] == "NA" ? "null" : "\"\($0[k])\"" }.joined(separator: ", "))]"
    }
    let options = { (known: String) in
      """
      {"formula": "weight ~ sex + (1 | animal)", "data": "\(Files.data("flock.csv"))", "ddf": "none", \(known)}
      """
    }
    let file = try CModel(options(#""relationship": {"animal": "\#(Files.data("flock_pedigree.csv"))"}"#))
    for name in ["relationship", "pedigree"] {
      let lists = try CModel(options("\"\(name)\": {\"animal\": {\(lists.joined(separator: ", "))}}"))
      #expect(Self.results(lists.answer.json) == Self.results(file.answer.json))
    }
  }

  /// The flock's unknown sires and dams as groups of their own.
  @Test func `groups of unknown parents are those of the tool`() throws {
    let text = try String(contentsOfFile: Files.data("flock_pedigree.csv"), encoding: .utf8)
    let records = text.split(separator: "\n").map { line -> [String] in
      let cells = line.split(separator: ",").map(String.init)
      return [cells[0], cells[1] == "NA" ? "rams" : cells[1], cells[2] == "NA" ? "ewes" : cells[2]]
    }
    let folder = try TemporaryFolder()
    let file = folder.file("grouped.csv")
    try records.map { $0.joined(separator: ",") }.joined(separator: "\n")
      .write(toFile: file, atomically: true, encoding: .utf8)
    let lists = ["individual", "sire", "dam"].enumerated().map { k, name in
      "\"\(name)\": [\(records.dropFirst().map { "\"\($0[k])\"" }.joined(separator: ", "))]"
    }.joined(separator: ", ")
    let (formula, table) = ("weight ~ sex + (1 | animal)", Files.data("flock.csv"))
    let tool = try Self.run([
      "fit", formula, table, "--json", "--ddf", "none", "--relationship", "animal=\(file)",
      "--parent-groups", "animal=rams,ewes", "--group-variance", "5",
    ])
    for pedigree in ["\"\(file)\"", "{\(lists)}"] {
      let model = try CModel(
        """
        {"formula": "\(formula)", "data": "\(table)", "ddf": "none", "relationship": {"animal": \(pedigree)},
        "parent_groups": {"animal": ["rams", "ewes"]}, "group_variance": 5}
        """)
      #expect(Self.results(model.answer.json) == Self.results(try tool.json))
    }
  }

  @Test func `relationships that cannot be understood are refused`() throws {
    let cases = [
      (#""precision": {"Subject": {"individual": ["a"], "sire": [null], "dam": [null]}}"#, "takes for every factor a file"),
      (#""relationship": {"Subject": 1}"#, "takes for every factor a file"),
      (#""relationship": {"Subject": {"levels": ["308"], "values": [[1, 2]]}}"#, "no matrix of 1 rows"),
      (#""precision": {"Subject": {"row": ["308"], "column": [], "value": []}}"#, "different lengths"),
      (#""pedigree": {"Subject": "a.csv"}"#, "needs lists of individual, sire and dam"),
      (#""relationship": {"Subject": "/nowhere.csv"}"#, "/nowhere.csv: No such file"),
      (#""relationship": {"Subject": "\#(sleepstudyPath)"}, "pedigree": {"Subject": {}}"#, "needs lists of individual"),
      (#""parent_groups": {"Subject": ["old"]}"#, "has no pedigree"),
      (#""group_variance": 2"#, "there are none"),
      (
        #""precision": {"Subject": {"row": ["308"], "column": ["308"], "value": [1]}}, "parent_groups": {"Subject": ["old"]}"#,
        "is a matrix"
      ),
      (#""theta": [1], "hold": {"sd_(Intercept)|Subject": 2}"#, "single parameters: give one"),
      (#""hold": {"sd_x|Subject": 2}"#, "sd_x|Subject"),
      (#""residual": "us(Days)""#, "us(Days)"),
      (#""start": "/nowhere.lmm""#, "/nowhere.lmm"),
    ]
    for (options, words) in cases {
      let refused = #expect(throws: Refused.self, "\(options)") {
        try CModel(Sleepstudy.stream(), "{\"formula\": \"Reaction ~ Days + (1 | Subject)\", \(options)}")
      }
      #expect(refused?.answer.message.contains(words) == true, "\(options): \(refused?.answer.message ?? "")")
    }
  }

  /// What is asked of a saved fit.
  @Test func `questions with options are answered as by the tool`() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("m.lmm")
    let model = try CModel(Sleepstudy.fileOptions)
    #expect(try called { lmm_save(model.pointer, file, $0) }.code == LMM_OK.rawValue)
    let requests: [(String, [String])] = [
      (#"{"command": "contrast", "hypothesis": "Days = 10", "cluster": "Subject"}"#,
        ["contrast", file, "--hypothesis", "Days = 10", "--cluster", "Subject", "--json"]),
      (#"{"command": "anova", "cluster": "Subject", "vcov": "CR1"}"#,
        ["anova", file, "--cluster", "Subject", "--vcov", "CR1", "--json"]),
      (#"{"command": "fixef", "ddf": "kenward-roger"}"#, ["fixef", file, "--ddf", "kenward-roger", "--json"]),
      (#"{"command": "select", "by": "bic"}"#, ["select", file, "--by", "bic", "--json"]),
      (#"{"command": "summary", "ddf": "none", "format": "tidy"}"#, ["summary", file, "--ddf", "none", "--format", "tidy"]),
    ]
    for (request, arguments) in requests {
      let tool = try Self.run(arguments)
      let answer = try model.ask(request)
      let text = arguments.last == "tidy" ? answer.json["text"] as? String : answer.text
      #expect(text == tool.output, "\(request)")
    }
    #expect(try model.ask(#"{"command": "drop1", "vcov": "CR1"}"#).message.contains("Name their column"))
    #expect(try model.ask(#"{"command": "fixef", "absorbed": true}"#).message.contains("has none"))
    #expect(try model.ask(#"{"command": "fixef", "se": true}"#).code == LMM_MISUSED.rawValue)
  }

  @Test func `the influence of groups is the tool's`() throws {
    let model = try CModel(Sleepstudy.fileOptions)
    let request = #"{"group": "Subject", "format": "tidy", "data": "\#(sleepstudyPath)"}"#
    let answer = try called { lmm_influence(model.pointer, nil, request, $0) }
    let tool = try Self.run([
      "augment", sleepstudyFormula, "--data", sleepstudyPath, "--influence-by", "Subject",
    ])
    #expect(answer.json["text"] as? String == tool.output)
    let stream = Sleepstudy.stream()
    let rows = try called { json in stream { lmm_influence(model.pointer, $0, #"{"group": "Subject"}"#, json) } }
    #expect((rows.json["levels"] as? [Any])?.count == 18, "\(rows.text)")
    #expect(stream.liveCount == 0)
    #expect(try called { lmm_influence(model.pointer, nil, "{}", $0) }.message.contains("needs a \"group\""))
    #expect(try called { lmm_influence(model.pointer, nil, #"{"group": "Subject"}"#, $0) }.message.contains("needs rows"))
  }

  @Test func `fits of imputations are pooled`() throws {
    let models = try [0, 3].map { shift in
      try CModel(
        ArrowTestStream([
          "Reaction": .doubles(Sleepstudy.rows.map { $0.reaction + Double(($0.days * 7 + shift) % 5) }),
          "Days": .numbers("l", Sleepstudy.days), "Subject": .texts("u", Sleepstudy.labels),
        ]), Sleepstudy.options)
    }
    let folder = try TemporaryFolder()
    let files = models.indices.map { folder.file("m\($0).lmm") }
    for (model, file) in zip(models, files) {
      #expect(try called { lmm_save(model.pointer, file, $0) }.code == LMM_OK.rawValue)
    }
    let pointers: [OpaquePointer?] = models.map(\.pointer)
    let answer = try called { lmm_compare(pointers, 2, #"{"command": "pool", "ddf": "kenward-roger"}"#, $0) }
    let tool = try Self.run(["pool"] + files + ["--ddf", "kenward-roger", "--json"])
    #expect(answer.text == tool.output)
    #expect(try called { lmm_compare(pointers, 2, #"{"command": "pool", "seed": 1}"#, $0) }.code == LMM_MISUSED.rawValue)
  }

  @Test func `columns of residuals, clusters and absorbed factors are among those that are used`() throws {
    let options = """
      {"formula": "y ~ x + (1 | g)", "absorb": ["a"], "residual_by": "~ s + t", "cluster": "c", "add": "z", "drop": "x"}
      """
    let answer = try called { lmm_columns(options, $0) }
    #expect(Set(answer.json["columns"] as? [String] ?? []) == ["y", "z", "g", "a", "s", "t", "c"])
    let residual = try called { lmm_columns(#"{"formula": "y ~ x", "residual": "us(v | arm/id)"}"#, $0) }
    #expect(residual.json["columns"] as? [String] == ["y", "x", "v", "id", "arm"])
  }
}
