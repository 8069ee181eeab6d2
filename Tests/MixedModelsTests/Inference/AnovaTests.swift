// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import NumericalMethods
import Testing

@Suite struct `F tests of terms` {
  static let withAnova = ReferenceFit.all.filter { $0.inference.anova?.type3_satterthwaite != nil }

  /// The reference: lmerTest's tables; F does not depend on the degrees of freedom.
  @Test(arguments: withAnova)
  func `types 1 and 3 test what lmerTest tests`(reference: ReferenceFit) throws {
    let anova = try #require(reference.inference.anova)
    let fitted = try reference.fittedModel()
    for (type, rows) in [
      (TypeOfHypothesis.sequential, anova.type1_satterthwaite),
      (.marginalMeans, anova.type3_satterthwaite),
    ] {
      // With prior weights lmerTest makes type 1 hypotheses from XᵀX, and so tests effects that the
      // weighted fit does not estimate in sequence; here, as in R's anova.lm, from XᵀWX.
      if type == .sequential, reference.weights != nil { continue }
      for row in try #require(rows) {
        guard let F = row.F, let df = row.num_df, let sum = row.sum_sq else { continue }
        let table = try fitted.anova(type: type, .residual)
        let ours = try #require(table.rows.first { $0.name == row.term })
        #expect(Double(ours.numeratorDF) == df)
        let statistic = try #require(ours.statistic)
        #expect(
          abs(statistic - F) <= 2e-4 * max(1, F),
          "\(row.term), type \(type): \(statistic), expected \(F)")
        #expect(abs(ours.sumOfSquares! - sum) <= 2e-4 * max(1, sum))
      }
    }
  }

  @Test(arguments: ReferenceInference.withKenwardRoger)
  func `Kenward–Roger's joint tests agree`(reference: ReferenceFit) throws {
    let expected = try #require(reference.inference.kenward_roger?.terms_type3)
    let fitted = try reference.fittedModel()
    for row in expected {
      let table = try fitted.anova(type: .marginalMeans, .kenwardRoger)
      let ours = try #require(table.rows.first { $0.name == row.term })
      #expect(Double(ours.numeratorDF) == row.num_df)
      #expect(abs(ours.denominatorDF! - row.den_df) <= 1e-4 * row.den_df)
      #expect(abs(ours.scaling! - row.F_scaling) <= 1e-4)
      #expect(abs(ours.statistic! - row.F) <= 1e-4 * max(1, row.F))
      #expect(abs(ours.pValue! - row.p) <= 1e-4 * max(1, row.F * row.num_df) * row.p)
    }
  }

  @Test(arguments: LmerTestTable.all)
  func `unbalanced tables give lmerTest's numbers`(expected: LmerTestTable) throws {
    let fitted = try expected.fitted()
    let table =
      try expected.type.map { try fitted.anova(type: $0, .kenwardRoger) }
      ?? fitted.singleTermDeletions(.kenwardRoger)
    #expect(table.rows.map(\.name) == expected.rows.map(\.name))
    for (ours, theirs) in zip(table.rows, expected.rows) {
      #expect(ours.numeratorDF == theirs.df)
      #expect(abs(ours.denominatorDF! - theirs.denominator) <= 1e-4 * theirs.denominator)
      #expect(abs(ours.statistic! - theirs.F) <= 1e-4 * max(1e-3, theirs.F))
      #expect(abs(ours.sumOfSquares! - theirs.sumOfSquares) <= 1e-4 * max(1, theirs.sumOfSquares))
    }
  }

  /// a + a:b is a*b in other columns, so the effects of a averaged over b are the same. (lmerTest
  /// tests a at the first level of b there.)
  @Test func `type 3 depends on the space, not on its columns`() throws {
    let nested = try FittedModel(
      Formula("y ~ a + a:b + (1|g)"), data: [UnbalancedTable.source()])
    let crossed = try FittedModel(Formula("y ~ a*b + (1|g)"), data: [UnbalancedTable.source()])
    let (one, other) = (
      try nested.anova(type: .marginalMeans, .residual).rows[0],
      try crossed.anova(type: .marginalMeans, .residual).rows[0]
    )
    #expect(abs(one.statistic! - other.statistic!) <= 1e-6 * other.statistic!)
    #expect(one.numeratorDF == other.numeratorDF)
  }
}
