// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import MixedModels
import ModelFrames
import Testing

@Suite struct `Pooling of imputations` {
  /// The table with x of every seventh row replaced: by (x (k + 3) + 11 k) mod 101 in version k.
  private func fit(_ k: Int, _ formula: String = "y ~ a + x + (1 | g)") throws -> FittedModel {
    let rows = UnbalancedTable.rows
    let x = rows.indices.map { i in
      Double(i % 7 == 2 ? (rows[i].x * (k + 3) + 11 * k) % 101 : rows[i].x)
    }
    let table = try ColumnTable(
      [
        "g": .numbers(rows.map { Double($0.g) }), "a": .labels(rows.map(\.a)), "x": .numbers(x),
        "y": .numbers(rows.map { Double($0.y) }),
      ], name: "imputed\(k).csv")
    return try FittedModel(Formula(formula), data: [table])
  }

  private func named(_ fits: [FittedModel]) -> [(name: String, model: FittedModel)] {
    fits.enumerated().map { ("m\($0 + 1)", $1) }
  }

  /// R 4.2.2 and lme4: the formulae of mice::pool (mice:::barnard.rubin with dfcom = 150 − 4) written
  /// out for lmer(y ~ a + x + (1 | g)) of the three tables.
  @Test func `agrees with mice's formulae`() throws {
    let pooled = try PooledFits(named(try (1...3).map { try fit($0) }), .residual)
    let expected = [
      // estimate, standard error, df, p, within, between, riv, λ, fmi
      [
        29.229131232974, 3.5716104357649, 115.779561680, 4.03034557948e-13, 12.10127478821852,
        0.491344737484476, 0.0541369672296, 0.0513566727214, 0.0673298471272,
      ],
      [
        10.382463125918, 3.1920037910730, 108.137297413, 1.52560081786e-03, 9.56832883530208,
        0.465419525191668, 0.0648555643941, 0.0609055035845, 0.0778052216499,
      ],
      [
        32.257773927434, 4.8966433553604, 130.570341788, 9.97891554627e-10, 23.22537091352429,
        0.563808927053049, 0.0323674157399, 0.0313526126904, 0.0458565418463,
      ],
      [
        0.359949050052, 0.0515461412521, 115.825258436, 1.93953217703e-10, 0.00252070310778,
        0.000102226177649, 0.0540728377644, 0.0512989575551, 0.0672669605694,
      ],
    ]
    for (coefficient, numbers) in zip(pooled.coefficients, expected) {
      let found = [
        coefficient.estimate, coefficient.standardError, coefficient.df, coefficient.pValue,
        coefficient.within, coefficient.between, coefficient.relativeIncrease, coefficient.lambda,
        coefficient.missingInformation,
      ]
      for (a, b) in zip(found, numbers) {
        #expect(abs(a - b) <= 1e-5 * abs(b), "\(coefficient.name): \(a), \(b)")
      }
      #expect(coefficient.completeDF == 146)
    }
    let variances = pooled.components.map { $0.covariances[0][0] }
    #expect(abs(variances[0] - 17.5514774833) < 1e-3 && abs(variances[1] - 313.0694333) < 1e-3)
    #expect(pooled.messages.isEmpty)
    // dfcom = Inf
    let normal = try PooledFits(named(try (1...3).map { try fit($0) }), .none)
    #expect(abs(normal.coefficients[3].df - 759.998816248) < 0.01)
  }

  @Test func `the order of the fits does not matter, and a fit twice is told`() throws {
    let fits = try (1...3).map { try fit($0) }
    let (a, b) = (try PooledFits(named(fits)), try PooledFits(named([fits[2], fits[0], fits[1]])))
    for (x, y) in zip(a.coefficients, b.coefficients) {
      #expect(abs(x.estimate - y.estimate) < 1e-12 && abs(x.df - y.df) < 1e-6)
      #expect(x.df < x.completeDF)
    }
    let twice = try PooledFits(named([fits[0], fits[0]]))
    #expect(twice.messages.contains { $0.contains("there twice") })
    // A square and its root are not always the number again.
    let own = try #require(fits[0].fit.fixedEffects[0].standardError)
    #expect(abs(twice.coefficients[0].standardError - own) <= own.ulp)
  }

  @Test func `other models are refused`() throws {
    let one = try fit(1)
    #expect(throws: InferenceError.self) { try PooledFits(named([one])) }
    #expect(throws: InferenceError.self) {
      try PooledFits(named([one, try fit(2, "y ~ x + (1 | g)")]))
    }
    #expect(throws: InferenceError.self) {
      try PooledFits(named([one, try fit(2, "y ~ a + x + (x | g)")]))
    }
    #expect(throws: InferenceError.self) { try PooledFits(named([one, one.refitted(by: .ml)])) }
  }
}
