// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Parts that were saved add up to the whole, whatever their order; parts that do not belong
/// together are told apart by name.
@Suite(.serialized) struct `Merged model files` {
  /// The rows of a table in three parts: blocks of consecutive rows, or every third row.
  static func parts(of name: String, interleaved: Bool) throws -> [DataSource] {
    let lines = try String(contentsOfFile: Files.data(name), encoding: .utf8)
      .split(separator: "\n")
    let rows = Array(lines.dropFirst())
    return (0..<3).map { part in
      let own =
        interleaved
        ? stride(from: part, to: rows.count, by: 3).map { rows[$0] }
        : Array(rows[(rows.count * part / 3)..<(rows.count * (part + 1) / 3)])
      return .bytes(
        Array(([lines[0]] + own).joined(separator: "\n").utf8), name: "part \(part)")
    }
  }

  @Test(
    arguments: [
      ("sleepstudy.csv", "Reaction ~ Days + (Days | Subject)"),
      ("sleepstudy.csv", "Reaction ~ poly(Days, 2) + (Days || Subject)"),
      ("insteval.csv", "y ~ service + (1 | s) + (1 | d) + (1 | dept:service)"),
    ], [true, false])
  func `three parts are the whole`(model: (String, String), interleaved: Bool) throws {
    let formula = try Formula(model.1)
    var options = FitOptions()
    options.reading.categoricalColumns = ["service"]
    if model.0 == "sleepstudy.csv" { options.reading.categoricalColumns = [] }
    let folder = try TemporaryFolder()
    var files: [String] = []
    for (k, part) in try Self.parts(of: model.0, interleaved: interleaved).enumerated() {
      files.append(folder.file("\(k).lmm"))
      try CrossProducts(formula, data: [part], options: options).write(to: files[k])
    }
    let whole = try Fit(formula, data: [.file(Files.data(model.0))], options: options)
    for order in [[0, 1, 2], [2, 1, 0]] {
      let merged = try Fit(
        formula, from: ModelInput(arguments: order.map { files[$0] }), options: FitOptions())
      #expect(merged.observations == whole.observations)
      #expect(abs(merged.criterion - whole.criterion) <= 1e-12 * abs(whole.criterion))
      #expect(merged.fixedEffects.map(\.name) == whole.fixedEffects.map(\.name))
      for (a, b) in zip(merged.fixedEffects, whole.fixedEffects) {
        #expect(abs(a.estimate! - b.estimate!) <= 1e-5 * b.standardError!)
      }
    }
  }

  @Test func `merging is associative and commutative within rounding`() throws {
    let formula = try Formula("y ~ x * f + (x | g) + (1 | h)")
    let parts = try Shards.parts().map { try CrossProducts(formula, data: [$0.source()]) }
    func sum(_ order: [Int], nested: Bool) throws -> Double {
      var total = parts[order[0]]
      if nested {
        var rest = parts[order[1]]
        try rest.merge(parts[order[2]])
        try total.merge(rest)
      } else {
        for k in order.dropFirst() { try total.merge(parts[k]) }
      }
      return try Fit(total).criterion
    }
    let reference = try sum([0, 1, 2], nested: false)
    for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0], [2, 0, 1]] {
      for nested in [true, false] {
        #expect(abs(try sum(order, nested: nested) - reference) <= 1e-11 * abs(reference))
      }
    }
  }

  @Test func `rows and saved cross-products can be mixed`() throws {
    let formula = try Formula("y ~ x + f + (x | g)")
    let folder = try TemporaryFolder()
    let parts = Shards.parts()
    try CrossProducts(formula, data: [parts[0].source()]).write(to: folder.file("a.lmm"))
    let rest = [parts[1], parts[2]].map { DataSource.bytes($0.csv(), name: "rest.csv") }
    let mixed = try Fit(
      formula, from: ModelInput(files: [folder.file("a.lmm")], data: rest), options: FitOptions())
    let whole = try Fit(formula, data: [Shards.whole().source()])
    #expect(abs(mixed.criterion - whole.criterion) <= 1e-11 * abs(whole.criterion))
  }

  /// What differs between two parts, and what the error says besides both names.
  struct Conflict: CustomTestStringConvertible {
    var name: String
    var formula = "y ~ x + f + (1 | g)"
    var table = SimulatedTable(rows: 60, seed: 2).csv()
    var change: @Sendable (inout FitOptions) -> Void = { _ in }
    var words: String

    var testDescription: String { name }
  }

  static let conflicts: [Conflict] = [
    Conflict(
      name: "formula", formula: "y ~ x + (1 | g)",
      words: "a.lmm is of “y ~ x + f + (1 | g)” and b.lmm of “y ~ x + (1 | g)”"),
    Conflict(
      name: "grouping factor", formula: "y ~ x + f + (1 | h)",
      words: "b.lmm of “y ~ x + f + (1 | h)”"
    ),
    Conflict(
      name: "numbers for a factor",
      table: Array(
        String(decoding: SimulatedTable(rows: 60, seed: 2).csv(), as: UTF8.self)
          .replacingOccurrences(of: ",a,", with: ",1,").replacingOccurrences(of: ",b,", with: ",2,")
          .replacingOccurrences(of: ",c,", with: ",3,").utf8),
      words:
        "column f is categorical in a.lmm and numeric in b.lmm (ReadingOptions.categoricalColumns = [\"f\"] makes it categorical everywhere)"
    ),
    Conflict(
      name: "weights", change: { $0.weights = "w" },
      words: "the weights are none in a.lmm and column w in b.lmm"),
    Conflict(
      name: "offset", change: { $0.offset = "w" },
      words: "the offset is none in a.lmm and column w in b.lmm"),
    Conflict(
      name: "levels", change: { $0.levels["f"] = ["b", "a", "c"] },
      words: "the levels of f are as sorted in a.lmm and b,a,c in b.lmm"),
    Conflict(
      name: "contrasts", change: { $0.contrasts["f"] = .sum },
      words: "f has treatment contrasts in a.lmm and sum contrasts in b.lmm"),
  ]

  @Test(arguments: conflicts)
  func `parts that do not belong together are named`(conflict: Conflict) throws {
    let folder = try TemporaryFolder()
    let files = ["a.lmm", "b.lmm"].map(folder.file)
    let formula = try Formula("y ~ x + f + (1 | g)")
    try CrossProducts(formula, data: [SimulatedTable(rows: 60).source()]).write(to: files[0])
    var options = FitOptions()
    conflict.change(&options)
    try CrossProducts(
      Formula(conflict.formula), data: [.bytes(conflict.table, name: "b.csv")], options: options
    ).write(to: files[1])
    let error = try #require(
      #expect(throws: FitError.self) {
        try ModelInput(arguments: files).crossProducts(formula, options: FitOptions())
      })
    let message = "\(error)".replacingOccurrences(of: folder.path + "/", with: "")
    #expect(message.contains(conflict.words))
  }

  @Test func `contrasts chosen for the fit settle what the parts disagree on`() throws {
    let folder = try TemporaryFolder()
    let formula = try Formula("y ~ f + (1 | g)")
    let sources = [1, 2].map { SimulatedTable(rows: 60, seed: $0).source() }
    var sum = FitOptions()
    sum.contrasts["f"] = .sum
    try CrossProducts(formula, data: [sources[0]]).write(to: folder.file("a.lmm"))
    try CrossProducts(formula, data: [sources[1]], options: sum).write(to: folder.file("b.lmm"))
    let input = ModelInput(arguments: ["a.lmm", "b.lmm"].map(folder.file))
    #expect(throws: FitError.self) { try input.crossProducts(formula, options: FitOptions()) }
    var helmert = FitOptions()
    helmert.contrasts["f"] = .helmert
    let fit = try Fit(formula, from: input, options: helmert)
    #expect(fit.fixedEffects.map(\.name) == ["(Intercept)", "f1", "f2"])
  }

  @Test(arguments: ["weights", "offset", "factor", "missing", "na"])
  func `options that come too late are refused`(option: String) throws {
    let folder = try TemporaryFolder()
    let formula = try Formula("y ~ x + (1 | g)")
    let table = DataSource.bytes(
      SimulatedTable(rows: 60).csv() + Array("NA,1,a,b,c,1\n".utf8), name: "t")
    try CrossProducts(formula, data: [table]).write(to: folder.file("a.lmm"))
    var options = FitOptions()
    switch option {
    case "weights": options.weights = "w"
    case "offset": options.offset = "w"
    case "factor": options.reading.categoricalColumns = ["x"]
    case "missing": options.reading.missingTexts = ["-9"]
    default: options.omitsMissing = false
    }
    let error = #expect(throws: (any Error).self) {
      try ModelInput(arguments: [folder.file("a.lmm")]).crossProducts(formula, options: options)
    }
    #expect("\(error!)".contains(folder.file("a.lmm")))
  }
}
