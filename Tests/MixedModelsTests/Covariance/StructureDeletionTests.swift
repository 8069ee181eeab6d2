// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// `ranova` and `anova` know what lies in what.
@Suite struct `Deletions and comparisons of covariance structures` {
  /// A term beside a structured one is taken out, and the structure stays.
  @Test func `deletions leave structures`() throws {
    let model = try FittedModel(
      Formula("score ~ Machine + ar1(0 + Machine | Worker) + (1 | Worker)"),
      data: [.file(Files.data("machines_unbalanced.csv"))])
    let smaller = try FittedModel(
      Formula("score ~ Machine + ar1(0 + Machine | Worker)"),
      data: [.file(Files.data("machines_unbalanced.csv"))])
    let row = try #require(
      try model.randomTermDeletions().rows.first { $0.name == "(1 | Worker)" })
    #expect(abs(row.logLikelihood - smaller.fit.logLikelihood) < 1e-6)
  }

  /// A structure without its correlations is the one of independent columns.
  @Test func `deletions reduce structures to special cases`() throws {
    func model(_ term: String) throws -> FittedModel {
      try FittedModel(
        Formula("score ~ Machine + \(term)"), data: [.file(Files.data("machines.csv"))])
    }
    for (term, special, df) in [
      ("homcs(0 + Machine | Worker)", "homdiag(0 + Machine | Worker)", 1),
      ("toep(0 + Machine | Worker)", "diag(0 + Machine | Worker)", 2),
    ] {
      let rows = try model(term).randomTermDeletions().rows
      let row = try #require(rows.first { $0.name?.hasPrefix("correlation") == true })
      #expect(row.test?.df == df)
      #expect(abs(row.logLikelihood - (try model(special)).fit.logLikelihood) < 1e-6)
    }
  }

  /// `anova` knows what lies in what.
  @Test func `nested structures are compared`() throws {
    func model(_ term: String) throws -> FittedModel {
      try FittedModel(
        Formula("score ~ Machine + \(term)"), data: [.file(Files.data("machines.csv"))])
    }
    for words in [["homdiag", "homcs", "cs", "toep", "us"], ["homdiag", "ar1", "hetar1", "ad", "us"]] {
      let models = try words.map { ($0, try model("\($0)(0 + Machine | Worker)")) }
      let rows = try ModelComparison(models).rows
      #expect(rows.map(\.parameterCount) == [5, 6, 8, 9, 10])
      #expect(rows.dropFirst().allSatisfy { ($0.test?.df ?? 0) > 0 })
    }
    #expect(throws: InferenceError.self) {
      try ModelComparison([
        ("rr", try model("rr(0 + Machine | Worker, 1)")), ("cs", try model("cs(0 + Machine | Worker)")),
      ])
    }
  }
}
