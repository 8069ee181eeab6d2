// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods
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
      #expect(
        abs(df - expected.df[j]) <= 1e-4 * expected.df[j],
        "df of \(test.name): \(df), expected \(expected.df[j])")
      #expect(abs(test.statistic - expected.t[j]) <= 1e-4 * max(1, abs(expected.t[j])))
      let p = try #require(test.pValue)
      #expect(
        abs(p - expected.p[j]) <= 1e-4 * max(1, abs(expected.t[j] * expected.t[j])) * expected.p[j]
          + 1e-300)
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

  /// Crossed factors, a random slope and prior weights: no other program has these.
  ///
  /// The oracle forms V, 150 × 150, from the rows.
  @Test(arguments: ["absorb", "cholmod"])
  func `weighted crossed models agree with dense matrices`(solver: String) throws {
    var options = FitOptions()
    options.weights = "w"
    options.solver = solver
    let fitted = try FittedModel(
      Formula("y ~ x + a + (x | g) + (1 | h)"), data: [UnbalancedTable.source()], options: options)
    let rows = UnbalancedTable.rows
    let n = rows.count
    func matrix(_ value: (UnbalancedTable.Row, UnbalancedTable.Row) -> Double) -> DenseMatrix {
      DenseMatrix(rows: n, columns: n, storage: rows.flatMap { j in rows.map { value($0, j) } })
    }
    func x(_ row: UnbalancedTable.Row) -> Double { Double(row.x) }
    let X = DenseMatrix(
      rows: n, columns: 4,
      storage: rows.map { _ in 1 } + rows.map(x) + rows.map { $0.a == "q" ? 1 : 0 }
        + rows.map { $0.a == "r" ? 1 : 0 })
    let G = [
      matrix { $0.g == $1.g ? 1 : 0 }, matrix { $0.g == $1.g ? x($0) + x($1) : 0 },
      matrix { $0.g == $1.g ? x($0) * x($1) : 0 }, matrix { $0.h == $1.h ? 1 : 0 },
      DenseMatrix(diagonal: rows.map { 1 / Double($0.w) }),
    ]
    let components = fitted.fit.varianceComponents
    let (g, h) = (components.first { $0.group == "g" }!, components.first { $0.group == "h" }!)
    let sigma = fitted.fit.sigma
    let oracle = try DenseKenwardRoger(
      X: X, G: G,
      γ: [
        g.covariances[0][0], g.covariances[0][1], g.covariances[1][1], h.covariances[0][0],
        sigma * sigma,
      ])
    let tests = try fitted.coefficientTests(.kenwardRoger)
    for (k, test) in tests.enumerated() {
      let se = oracle.adjusted[k, k].squareRoot()
      #expect(abs(test.standardError - se) <= 1e-7 * se)
      let df = oracle.degreesOfFreedom(k)
      #expect(abs(test.df! - df) <= 1e-6 * df)
    }
  }

  @Test func `a singular fit has finite tables`() throws {
    let fitted = try ReferenceFit.named("dyestuff2-reml").fittedModel()
    #expect(fitted.fit.convergence.isSingular)
    let test = try fitted.coefficientTests(.kenwardRoger)[0]
    #expect(test.df!.isFinite && test.pValue!.isFinite && test.standardError.isFinite)
  }

  /// The matched F distribution has no mean there.
  ///
  /// A split plot with (3 − 1)(2 − 1) = 2 degrees of freedom between whole plots; R's aov with
  /// Error(block:harvest) gives the same F.
  @Test func `two degrees of freedom of a balanced design are exact`() throws {
    let y = [
      11.672, 12.032, 12.464, 13.035, 12.105, 12.213, 12.788, 13.496,
      12.524, 13.143, 13.53, 13.828, 12.237, 12.789, 13.064, 13.836,
      12.863, 13.521, 13.631, 14.2, 13.804, 14.323, 14.483, 14.889,
    ]
    let rows = y.enumerated().map { i, y in "\(y),b\(i / 8),h\(i / 4 % 2),s\(i % 4)" }
    let table = "y,block,harvest,sow\n" + rows.joined(separator: "\n") + "\n"
    let fitted = try FittedModel(
      Formula("y ~ block + harvest + sow + (1 | block:harvest)"),
      data: [.bytes(Array(table.utf8), name: "split plot")])
    let block = try fitted.anova(type: .marginalMeans, .kenwardRoger).rows[0]

    let means = stride(from: 0, to: 24, by: 4).map { y[$0..<$0 + 4].reduce(0, +) / 4 }
    let mean = means.reduce(0, +) / 6
    let blocks = (0..<3).map { (means[2 * $0] + means[2 * $0 + 1]) / 2 - mean }
    let harvests = (0..<2).map { (means[$0] + means[$0 + 2] + means[$0 + 4]) / 3 - mean }
    let rest = means.indices.map { means[$0] - mean - blocks[$0 / 2] - harvests[$0 % 2] }
    let F = 2 * dot(blocks, blocks) / dot(rest, rest)
    #expect(abs(block.denominatorDF! - 2) < 1e-6)
    #expect(abs(block.statistic! - F) < 1e-4 * F)
    #expect(abs(block.pValue! - 1 / (1 + F)) < 1e-4)
  }

  @Test func `an ML fit is refused`() throws {
    let fitted = try ReferenceFit.named("dyestuff-ml").fittedModel()
    #expect(throws: InferenceError.kenwardRogerNeedsREML) {
      try fitted.coefficientTests(.kenwardRoger)
    }
  }

  /// Large crossed factors are absorbed; on small models that must give what dense matrices give.
  @Test(arguments: [
    "y ~ x + a + (x | g) + (1 | h)", "y ~ x + (x | g) + (a | h)",
    "y ~ x + (1 | g) + (1 | h) + (1 | a)",
    "y ~ x + b + (x || h) + (0 + a | g) + (1 | z)", "y ~ x + (1 | g/a) + (x | h)",
  ])
  func `absorption of any group agrees with dense matrices`(formula: String) throws {
    var options = FitOptions()
    options.weights = "w"
    options.reading.categoricalColumns = ["z"]
    let fitted = try FittedModel(
      Formula(formula), data: [UnbalancedTable.source()], options: options)
    let dense = try KenwardRoger(fitted)
    let p = fitted.fit.fixedEffectCount
    let all = try LinearHypothesis(rows: .identity(p))
    let single = try LinearHypothesis(
      rows: DenseMatrix(rows: 1, columns: p, storage: (0..<p).map { $0 == 1 ? 1 : 0.25 }))
    for group in 0..<fitted.fit.groupCount {
      let absorbed = try KenwardRoger(fitted, absorbing: group)
      for (ours, expected) in zip(absorbed.covariance.storage, dense.covariance.storage) {
        #expect(abs(ours - expected) <= 1e-9 * dense.covariance.storage.map(abs).max()!)
      }
      for hypothesis in [all, single] {
        let (ours, expected) = (absorbed.denominator(hypothesis), dense.denominator(hypothesis))
        #expect(
          abs(ours.degreesOfFreedom! - expected.degreesOfFreedom!) <= 1e-7 * expected
            .degreesOfFreedom!)
        #expect(abs(ours.scaling - expected.scaling) <= 1e-8)
      }
    }
  }
}

extension Fit {
  /// Different grouping factors.
  fileprivate var groupCount: Int { Set(varianceComponents.map(\.group)).count }
}
