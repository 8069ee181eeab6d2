// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Sums by visits that are made of parts of a table and added up.
@Suite struct `Shards of repeated measures` {
  private static let formula = "change ~ baseline + arm * week"
  private let folder: TemporaryFolder
  private let header: String
  private let rows: [String]

  init() throws {
    folder = try TemporaryFolder()
    let lines = try String(contentsOfFile: Files.data("trial.csv"), encoding: .utf8).split(separator: "\n")
    (header, rows) = (String(lines[0]), lines.dropFirst().map(String.init))
  }

  private func options(_ term: String) throws -> FitOptions {
    var options = FitOptions()
    options.residual = try ResidualTerm(term)
    options.reading.categoricalColumns = ["week"]
    return options
  }

  /// The shard of the rows that a test of the patient's number and of the week picks.
  private func shard(
    _ name: String, _ term: String = "us(week | patient)", _ picked: (_ patient: Int, _ week: String) -> Bool
  ) throws -> String {
    let patient = header.split(separator: ",").firstIndex(of: "patient")!
    let week = header.split(separator: ",").firstIndex(of: "week")!
    let own = rows.filter { row in
      let fields = row.split(separator: ",", omittingEmptySubsequences: false)
      return picked(Int(fields[patient].filter(\.isNumber))!, String(fields[week]))
    }
    #expect(!own.isEmpty)
    try folder.write(([header] + own).joined(separator: "\n") + "\n", to: "\(name).csv")
    let path = folder.file("\(name).lmm")
    let input = ModelInput(arguments: [folder.file("\(name).csv")])
    try input.crossProducts(Formula(Self.formula), options: options(term)).write(to: path)
    return path
  }

  private func fit(_ files: [String], _ options: FitOptions, _ formula: String = formula) throws -> Fit {
    try Fit(Formula(formula), from: ModelInput(arguments: files), options: options)
  }

  private func expectSame(_ a: Fit, _ b: Fit) throws {
    #expect(a.observations == b.observations)
    #expect(abs(a.criterion - b.criterion) < 1e-9 * abs(b.criterion))
    for (x, y) in zip(a.fixedEffects, b.fixedEffects) {
      #expect(x.name == y.name)
      #expect(abs(x.estimate! - y.estimate!) < 1e-8 && abs(x.standardError! - y.standardError!) < 1e-8)
      #expect(abs(x.degreesOfFreedom! - y.degreesOfFreedom!) < 1e-5)
    }
    let (r, s) = (try #require(a.residual), try #require(b.residual))
    #expect(r.subjects == s.subjects && r.patterns == s.patterns)
    for (x, y) in zip(r.components, s.components) {
      #expect(distance(x.covariances.flatMap(\.self), y.covariances.flatMap(\.self)) < 1e-7)
    }
  }

  @Test(arguments: ["us(week | patient)", "us(week | arm/patient)"])
  func `add up to the whole table, in any order`(term: String) throws {
    // The second part has nobody in week 2, the first one nobody in week 12 first: other orders of levels.
    let files = try [
      shard("a", term) { patient, _ in patient % 3 == 0 },
      shard("b", term) { patient, week in patient % 3 == 1 && week != "2" },
      shard("c", term) { patient, week in patient % 3 == 2 && week != "4" },
    ]
    let tables = ["a", "b", "c"].map { folder.file("\($0).csv") }
    let whole = try fit(tables, options(term))
    for order in [[0, 1, 2], [2, 0, 1]] { try expectSame(fit(order.map { files[$0] }, options(term)), whole) }
    // A shard of two, and the rows of the third.
    let input = ModelInput(arguments: Array(files.prefix(2)))
    let sum = folder.file("ab.lmm")
    try input.crossProducts(Formula(Self.formula), options: FitOptions()).write(to: sum)
    try expectSame(fit([sum, tables[2]], options(term)), whole)
    // No option has to be said again.
    try expectSame(Fit(CrossProducts(contentsOf: sum).merged(files[2])), whole)
  }

  @Test func `serve every structure of these visits and fewer terms`() throws {
    let files = try [shard("a") { patient, _ in patient <= 40 }, shard("b") { patient, _ in patient > 40 }]
    // mmrm 0.3.18, of all rows
    #expect(abs(try fit(files, options("us(week | patient)")).criterion - 1966.847910611) < 1e-7)
    #expect(abs(try fit(files, options("toep(week | patient)")).criterion - 2006.821489043) < 1e-7)
    let smaller = "change ~ baseline + week"
    let table = Files.data("trial.csv")
    try expectSame(
      fit(files, options("ar1h(week | patient)"), smaller),
      fit([table], options("ar1h(week | patient)"), smaller))
    for other in ["us(week | arm/patient)", "us(arm | patient)"] {
      #expect(throws: ModelFileError.self) { try fit(files, options(other)) }
    }
  }

  @Test func `a saved fit of shards comes back, and is a shard itself`() throws {
    let files = try [shard("a") { patient, _ in patient <= 40 }, shard("b") { patient, _ in patient > 40 }]
    var options = try options("us(week | patient)")
    options.levels["week"] = ["12", "8", "4", "2"]
    let path = folder.file("fit.lmm")
    let input = ModelInput(arguments: files)
    let fit = try { () throws -> Fit in
      let fitted = try FittedModel(Formula(Self.formula), from: input, options: options)
      try fitted.save(to: path)
      return try fitted.tested()
    }()
    #expect(fit.residual?.components[0].columns == ["12", "8", "4", "2"])
    let read = try FittedModel(contentsOf: path).tested()
    #expect(abs(read.criterion - fit.criterion) < 1e-9)
    #expect(read.residual?.components.map(\.covariances) == fit.residual?.components.map(\.covariances))
    #expect(abs(try Fit(CrossProducts(contentsOf: path)).criterion - 1966.847910611) < 1e-7)
  }

  @Test func `a subject belongs to one part`() throws {
    let files = try [shard("a") { _, week in week == "2" }, shard("b") { _, week in week != "2" }]
    let error = #expect(throws: FitError.self) { try fit(files, options("us(week | patient)")) }
    let words = "\(try #require(error))"
    #expect(words.contains("sums the products of a subject's visits"), "\(words)")
    #expect(words.contains("a.lmm and in ") && words.contains("patient “"), "\(words)")
    // Nor are sums by visits added to sums without them.
    let plain = folder.file("plain.lmm")
    try CrossProducts(Formula(Self.formula), data: [.file(folder.file("b.csv"))], options: {
      var options = FitOptions()
      options.reading.categoricalColumns = ["week"]
      return options
    }()).write(to: plain)
    #expect(throws: FitError.self) { try fit([files[0], plain], options("us(week | patient)")) }
  }
}

extension CrossProducts {
  fileprivate func merged(_ file: String) throws -> CrossProducts {
    var sum = self
    try sum.merge(CrossProducts(contentsOf: file))
    return sum
  }
}
