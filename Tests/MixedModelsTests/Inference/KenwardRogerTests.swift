// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import Testing

@Suite struct `Kenward–Roger` {
  /// The reference: pbkrtest's method in 400-bit arithmetic (small models) or pbkrtest itself, at
  /// the true optimum.
  @Test(arguments: ReferenceInference.withKenwardRoger)
  func `adjusted covariance, df and p agree`(reference: ReferenceFit) throws {
    let expected = try #require(reference.inference.kenward_roger?.coef)
    let fitted = try reference.fittedModel()
    let tests = try fitted.coefficientTests(.kenwardRoger)
    #expect(tests.map(\.name) == expected.names)
    for (j, test) in tests.enumerated() {
      #expect(abs(test.standardError - expected.se_adj[j]) <= 1e-4 * expected.se_adj[j])
      let df = try #require(test.df)
      #expect(abs(df - expected.df[j]) <= 1e-4 * expected.df[j], "df of \(test.name): \(df), expected \(expected.df[j])")
      #expect(abs(test.statistic - expected.t[j]) <= 1e-4 * max(1, abs(expected.t[j])))
      let p = try #require(test.pValue)
      #expect(abs(p - expected.p[j]) <= 1e-4 * max(1, abs(expected.t[j] * expected.t[j])) * expected.p[j] + 1e-300)
    }
    let vcov = try #require(reference.inference.kenward_roger?.vcov_adj)
    let covariance = try fitted.coefficientCovariance(.kenwardRoger)
    for i in vcov.indices {
      for j in vcov.indices {
        let scale = (vcov[i][i] * vcov[j][j]).squareRoot()
        #expect(abs(covariance[i][j] - vcov[i][j]) <= 1e-4 * scale)
      }
    }
  }
}
