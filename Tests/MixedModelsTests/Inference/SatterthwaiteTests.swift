// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

@Suite struct `Satterthwaite` {
  /// From a program of 113-bit arithmetic with lmerTest's definition; see Fits/README.md, 5.
  @Test(arguments: ReferenceSatterthwaite.withCoefficients)
  func `df and p of coefficients agree`(reference: ReferenceFit) throws {
    let expected = try #require(ReferenceSatterthwaite.all[reference.id]?.satterthwaite)
    let tests = try reference.fittedModel().coefficientTests(.satterthwaite)
    #expect(tests.map(\.name) == expected.names)
    for (test, (df, p)) in zip(tests, zip(expected.df!, expected.p!)) {
      let found = try #require(test.df)
      #expect(
        abs(found - df) <= (df > 1e4 ? 1e-3 : 1e-4) * df, "\(test.name): \(found), expected \(df)")
      #expect(abs(test.pValue! - p) <= 1e-3 * max(1, test.statistic * test.statistic) * p + 1e-300)
    }
  }

  /// lmerTest's tables. It takes the eigenvectors of L Cov(β) Lᵀ for L as it writes it, we for
  /// orthonormal rows in the metric of XᵀWX, which do not depend on how factors are coded: the
  /// degrees of freedom of terms with several rows may differ where those of its combinations do.
  @Test(arguments: ReferenceSatterthwaite.withTables)
  func `denominators of terms agree`(reference: ReferenceFit) throws {
    let anova = try #require(ReferenceSatterthwaite.all[reference.id]?.anova)
    let rows = try #require(anova.type3_satterthwaite)
    let table = try reference.fittedModel().anova(type: .marginalMeans, .satterthwaite)
    for row in rows {
      let isExact = row.exact ?? false
      guard isExact || anova.reliable ?? false, let df = row.den_df, let p = row.p else { continue }
      let ours = try #require(table.rows.first(where: { $0.name == row.term }))
      let found = try #require(ours.denominatorDF)
      // Largest seen: 0.15 %, a factor of three levels.
      let tolerance = df > 1e4 ? 1e-2 : isExact ? 1e-3 : 5e-3
      #expect(abs(found - df) <= tolerance * df, "\(row.term): \(found), expected \(df)")
      #expect(abs(ours.pValue! - p) <= 1e-2 * max(1, ours.statistic!) * p + 1e-300)
    }
  }

  @Test func `a balanced design has the classical degrees of freedom`() throws {
    let fit = try Fit(
      Formula("Yield ~ 1 + (1 | Batch)"), data: [.file(Files.data("dyestuff.csv"))])
    // The mean of six batches.
    #expect(abs(fit.fixedEffects[0].degreesOfFreedom! - 5) < 1e-6)
    #expect(fit.degreesOfFreedomMethod == .satterthwaite)
  }

  /// Eight groups of five rows with the same x: 8 − 1 degrees of freedom between groups, as far as the
  /// rows' mean goes, and 40 − 8 − 1 within.
  @Test(arguments: [1e3, 1e4, 1e5])
  func `variances of groups of any size leave degrees of freedom right`(ratio: Double) throws {
    func noise(_ k: Int) -> Double {
      let s = sin(Double(k) * 12.9898) * 43758.5453
      return 2 * (s - s.rounded(.down)) - 1
    }
    let table = try ColumnTable([
      "y": .numbers(
        (0..<40).map { k in
          3 + 0.5 * Double(k % 5) + ratio * noise(1000 + k / 5) + noise(k)
        }),
      "x": .numbers((0..<40).map { Double($0 % 5) - 2 }),
      "g": .labels((0..<40).map { "g\($0 / 5)" }),
    ])
    let folder = try TemporaryFolder()
    let path = folder.file("fit.lmm")
    let fit = try Fit(Formula("y ~ x + (1 | g)"), data: [table], savingTo: path)
    for (effect, df) in zip(fit.fixedEffects, [7.0, 31]) {
      #expect(abs(effect.degreesOfFreedom! - df) < 2e-3 * df, "\(effect.degreesOfFreedom!)")
    }
    let restored = try FittedModel(contentsOf: path).coefficientTests(.satterthwaite)
    #expect(restored.map(\.df) == fit.fixedEffects.map(\.degreesOfFreedom))
  }

  @Test func `on the boundary degrees of freedom are those of the rest`() throws {
    let fit = try Fit(
      Formula("Yield ~ 1 + (1 | Batch)"), data: [.file(Files.data("dyestuff2.csv"))])
    #expect(fit.convergence.isSingular)
    #expect(abs(fit.fixedEffects[0].degreesOfFreedom! - 29) < 1e-6)
  }
}

/// What the reference files say about Satterthwaite's method.
struct ReferenceSatterthwaite: Decodable {
  struct Coefficients: Decodable {
    let names: [String]?
    let df: [Double]?
    let p: [Double]?
  }
  struct Row: Decodable {
    let term: String
    let den_df: Double?
    let p: Double?
    let exact: Bool?
  }
  struct Anova: Decodable {
    let type3_satterthwaite: [Row]?
    let reliable: Bool?
  }
  let satterthwaite: Coefficients?
  let anova: Anova?

  static let all: [String: ReferenceSatterthwaite] = Dictionary(
    uniqueKeysWithValues: Files.references.map { ($0, try! Files.reference(fit: $0)) })

  static let withCoefficients = ReferenceFit.all.filter { all[$0.id]?.satterthwaite?.df != nil }
  static let withTables = ReferenceFit.all.filter {
    all[$0.id]?.anova?.type3_satterthwaite?.isEmpty == false
  }
}
