// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Rows of a subject in any order, in several files, and what contradicts itself.
@Suite struct `Rows of repeated measures` {
  private let lines: [String]
  private let folder: TemporaryFolder

  init() throws {
    lines = try String(contentsOfFile: Files.data("trial.csv"), encoding: .utf8)
      .split(separator: "\n").map(String.init)
    folder = try TemporaryFolder()
  }

  private func table(_ name: String, _ rows: some Sequence<String>) throws -> any TableSource {
    try folder.write(([lines[0]] + rows).joined(separator: "\n") + "\n", to: name)
    return .file(folder.file(name))
  }

  private func fit(
    _ data: [any TableSource], _ term: String = "toeph(week | patient)",
    _ formula: String = "change ~ baseline + arm * week", threads: Int = 1
  ) throws -> Fit {
    var options = FitOptions()
    options.residual = try ResidualTerm(term)
    options.reading.categoricalColumns = ["week"]
    options.threads = threads
    return try Fit(Formula(formula), data: data, options: options)
  }

  private func expectSame(_ a: Fit, _ b: Fit) {
    #expect(abs(a.criterion - b.criterion) < 1e-9)
    for (x, y) in zip(a.fixedEffects, b.fixedEffects) {
      #expect(abs(x.estimate! - y.estimate!) < 1e-8)
      #expect(abs(x.standardError! - y.standardError!) < 1e-8)
      #expect(abs(x.degreesOfFreedom! - y.degreesOfFreedom!) < 1e-5)
    }
  }

  @Test func `order, files and threads do not matter`() throws {
    let rows = Array(lines.dropFirst())
    let whole = try fit([table("whole.csv", rows)])
    #expect(whole.convergence.messages.isEmpty)
    let turned = try fit([table("turned.csv", rows.reversed())])
    #expect(turned.convergence.messages.isEmpty)
    expectSame(whole, turned)
    // By visit, so that no two rows of a patient follow each other.
    let week = { (row: String) in Int(row.split(separator: ",")[4])! }
    let byVisit = try fit([table("visits.csv", rows.sorted { week($0) > week($1) })])
    #expect(byVisit.convergence.messages.first?.contains("read twice") == true)
    expectSame(whole, byVisit)
    // Cut between two rows of one patient.
    let parts = try [table("a.csv", rows[..<149]), table("b.csv", rows[149...])]
    let cut = try fit(parts)
    #expect(cut.convergence.messages.isEmpty)
    expectSame(whole, cut)
    let threaded = try fit([table("whole.csv", rows)], threads: 3)
    #expect(whole.criterion == threaded.criterion && whole.vcov == threaded.vcov)
  }

  @Test func `units do not matter`() throws {
    let rows = Array(lines.dropFirst())
    let whole = try fit([table("whole.csv", rows)])
    let other = try fit(
      [table("whole.csv", rows)], "toeph(week | patient)",
      "I(1e5 * change + 3e6) ~ I(baseline / 1000 + 7) + arm * week")
    // n − p rows' worth of log 10^10, and the covariate's column in other units.
    let shift = Double(whole.observations - whole.fixedEffectCount) * log(1e10) - 2 * log(1000)
    #expect(abs(other.criterion - whole.criterion - shift) < 1e-6)
    #expect(abs(other.fixedEffects[2].estimate! / whole.fixedEffects[2].estimate! - 1e5) < 1e-3)
    let (a, b) = (whole.fixedEffects[1], other.fixedEffects[1])
    #expect(abs(a.degreesOfFreedom! - b.degreesOfFreedom!) < 1e-5)
    #expect(abs(a.statistic! - b.statistic!) < 1e-7)
  }

  private func expectError(
    _ words: [String], _ body: () throws -> Fit
  ) {
    do {
      _ = try body()
      Issue.record("no error with \(words)")
    } catch {
      for word in words { #expect("\(error)".contains(word), "\(error)") }
    }
  }

  @Test func `a visit twice names both lines`() throws {
    let rows = Array(lines.dropFirst())
    // Lines 2 to 5 are the first patient's.
    let next = try table("next.csv", rows[..<2] + [rows[1]] + rows[2...])
    expectError(["next.csv, line 4", "week “4”", "next.csv, line 3", "patient “P01”"]) {
      try fit([next])
    }
    let last = try table("last.csv", rows + [rows[1]])
    expectError(["last.csv, line \(rows.count + 2)", "week “4”", "last.csv, line 3"]) {
      try fit([last])
    }
    let parts = try [table("one.csv", rows[..<3]), table("two.csv", [rows[2]] + rows[3...])]
    expectError(["two.csv, line 2", "one.csv, line 4"]) { try fit(parts) }
    let moved = [rows[0].replacingOccurrences(of: "active", with: "placebo")] + rows[1...]
    expectError(["arms.csv, line 3", "arms.csv, line 2", "arm"]) {
      try fit([table("arms.csv", moved)], "us(week | arm/patient)")
    }
  }

  @Test func `what the data do not determine is refused`() throws {
    let rows = Array(lines.dropFirst())
    let parity = { (row: String) in (row.split(separator: ",")[0].utf8.last! & 1) == 0 }
    // Half of the patients were never seen in week 4, the others never in week 8.
    let apart = rows.filter {
      let week = $0.split(separator: ",")[4]
      return parity($0) ? week != "4" : week != "8"
    }
    expectError(["no subject has rows at both week 4 and 8", "toeph"]) {
      try fit([table("apart.csv", apart)], "us(week | patient)", "change ~ week")
    }
    let once = rows.enumerated().filter { $0.offset == 3 || !$0.element.contains(",12,") }
    expectError(["fewer than two subjects", "week 12"]) {
      try fit([table("once.csv", once.map(\.element))], "csh(week | patient)", "change ~ baseline")
    }
    expectError(["sp_exp needs times that are numbers", "“A”"]) {
      let first = rows.filter { $0.contains(",2,") }
      return try fit([table("w.csv", first)], "sp_exp(site | patient)", "change ~ baseline")
    }
  }

  @Test(arguments: [
    ("foo(week | patient)", "no covariance structure is called \"foo\""),
    ("us(week | patint)", "Did you mean \"patient\"?"), ("us(week || patient)", "us(week |"),
    ("us(week)", "us(visit | subject)"), ("us(week | week)", "twice"),
    ("us(log(week) | patient)", "are columns"), ("us(week | patient) + 1", "us(visit | subject)"),
    ("", "empty"),
  ])
  func `mistakes are explained`(term: String, words: String) throws {
    expectError([words]) { try fit([table("t.csv", lines.dropFirst())], term) }
  }

  /// Xβ̂ with its variance xᵀVx, and what it leaves of the response; by the same degrees of freedom as a
  /// contrast of the row.
  @Test func `predictions are those of the fixed part`() throws {
    var options = FitOptions()
    options.residual = try ResidualTerm("cs(Days | Subject)")
    let data: [any TableSource] = [.file(sleepstudyPath)]
    let fitted = try FittedModel(Formula("Reaction ~ Days"), data: data, options: options)
    var wanted = PredictionOptions()
    (wanted.wantsResiduals, wanted.wantsStandardErrors) = (true, true)
    let rows = try fitted.predict(data, options: wanted)
    let (fit, β) = (fitted.fit, fitted.fit.fixedEffects.map { $0.estimate! })
    for row in 0..<10 {
      let d = Double(row)
      #expect(abs(rows.fitted[row] - (β[0] + β[1] * d)) < 1e-9)
      let variance = fit.vcov[0][0] + 2 * d * fit.vcov[0][1] + d * d * fit.vcov[1][1]
      #expect(abs(rows.relativeVariance[row] - variance) < 1e-8 * variance)
    }
    // The first row of the file is 249.56 at day 0.
    #expect(abs(rows.residuals[0] - (249.56 - β[0])) < 1e-9)
    (wanted.random, wanted.degreesOfFreedom) = (.none, .satterthwaite)
    wanted.wantsStandardErrors = false
    let tested = try fitted.predict(data, options: wanted)
    let first = try fitted.tested().fixedEffects[0]
    #expect(abs(tested.degreesOfFreedom[0] - first.degreesOfFreedom!) < 1e-6)
  }

  @Test func `what is not made for them is refused by name`() throws {
    var options = FitOptions()
    options.residual = try ResidualTerm("cs(Days | Subject)")
    let data: [any TableSource] = [.file(sleepstudyPath)]
    let fitted = try FittedModel(Formula("Reaction ~ Days"), data: data, options: options)
    #expect(throws: InferenceError.self) { try fitted.randomTermDeletions() }
    let predictor = try LinearPredictor(fitted)
    #expect(throws: InferenceError.self) { try RowTable(predictor, [.leverage]).write(data) { _ in } }
    #expect(throws: InferenceError.self) { try predictor.influence(of: "Days", data) }
    expectError(["without random effects"]) {
      try Fit(Formula("Reaction ~ Days + (1 | Subject)"), data: data, options: options)
    }
    expectError(["absorbed factors", "Write Subject as a fixed effect"]) {
      try Fit(Formula("Reaction ~ Days | Subject"), data: data, options: options)
    }
    options.held = [HeldParameter("sd_0|Residual", 1)]
    expectError(["has no meaning"]) {
      try Fit(Formula("Reaction ~ Days"), data: data, options: options)
    }
    options.held = []
    options.wantsConditionalModes = true
    expectError(["has no meaning"]) {
      try Fit(Formula("Reaction ~ Days"), data: data, options: options)
    }
  }
}
