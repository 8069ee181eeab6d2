// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
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
      expect(coefficient, [coefficient.estimate, coefficient.standardError, coefficient.df, coefficient.pValue], numbers)
      #expect(coefficient.completeDF == 146)
    }
    let variances = pooled.components.map { $0.covariances[0][0] }
    #expect(abs(variances[0] - 17.5514774833) < 1e-3 && abs(variances[1] - 313.0694333) < 1e-3)
    #expect(pooled.messages.isEmpty)
    // dfcom = Inf
    let normal = try PooledFits(named(try (1...3).map { try fit($0) }), .none)
    #expect(abs(normal.coefficients[3].df - 759.998816248) < 0.01)
  }

  /// mice 3.15.0: pool(as.mira(fits), dfcom = 420) of lme4's fits (bobyqa, rhoend 1e-10) of
  /// lpo ~ iqv + ses + sex + (1 | sch) to the five tables, and summary(…, conf.int = TRUE); with Satterthwaite's
  /// degrees of freedom pool.scalar(Q, U, n = dfcom + 1, k = 1) of each coefficient, dfcom the mean of lmerTest's.
  @Test func `imputations by mice are pooled as mice pools them`() throws {
    let text = try String(contentsOfFile: Files.data("brandsma.csv"), encoding: .utf8)
    let lines = text.split(separator: "\n")
    let fits = try (1...5).map { k in
      let own = [lines[0]] + lines.filter { $0.hasPrefix("\(k),") }
      return try FittedModel(
        Formula("lpo ~ iqv + ses + sex + (1 | sch)"),
        data: [.bytes(Array(own.joined(separator: "\n").utf8), name: "imputed\(k).csv")])
    }
    #expect(fits.allSatisfy { $0.fit.observations == 424 })
    let pooled = try PooledFits(named(fits), .residual)
    let expected = [
      // estimate, standard error, df, p, low, high, within, between, riv, λ, fmi
      [
        38.2615097444629, 0.8402502364753, 384.4589390286, 5.77389280174e-157, 36.6094487672965,
        39.913570721629, 0.68878763157073, 0.014360690271736, 0.0250190734215, 0.0244083979218,
        0.0294442430337,
      ],
      [
        2.4327568819101, 0.2071710181, 30.0289731993, 9.44342150845e-13, 2.0096743355611,
        2.855839428259, 0.0281383945647, 0.012317863479899, 0.5253119946801, 0.3443964228382,
        0.3840951184777,
      ],
      [
        0.0909735058991, 0.0508079548646, 28.1774680527, 8.41185383308e-02, -0.0130723487948,
        0.195019360593, 0.00166118012306, 0.000766890128722, 0.5539845689769, 0.3564929665561,
        0.3977732291069,
      ],
      [
        1.2679915062331, 0.7393594028197, 85.3071801471, 8.99782432868e-02, -0.2019766532808,
        2.737959665747, 0.44421703363183, 0.085362744088414, 0.2305973998084, 0.1873865488780,
        0.2057907930124,
      ],
    ]
    for (coefficient, numbers) in zip(pooled.coefficients, expected) {
      let (low, high) = coefficient.confidenceInterval
      expect(
        coefficient,
        [coefficient.estimate, coefficient.standardError, coefficient.df, coefficient.pValue, low, high], numbers)
      #expect(coefficient.completeDF == 420)
    }
    let variances = pooled.components.map { $0.covariances[0][0] }
    #expect(abs(variances[0] - 11.2631163275) < 1e-5 && abs(variances[1] - 44.0371521645) < 1e-5)
    let own = try PooledFits(named(fits)).coefficients.map(\.df)
    for (df, theirs) in zip(own, [29.09436400, 30.02318990, 28.07057407, 84.63147043]) {
      #expect(abs(df - theirs) < 1e-4 * theirs)
    }
  }

  /// What a table shows, and then the parts that Rubin's rules are made of.
  private func expect(_ coefficient: PooledFits.Coefficient, _ shown: [Double], _ numbers: [Double]) {
    let found =
      shown + [
        coefficient.within, coefficient.between, coefficient.relativeIncrease, coefficient.lambda,
        coefficient.missingInformation,
      ]
    for (a, b) in zip(found, numbers) {
      #expect(abs(a - b) <= 1e-5 * abs(b), "\(coefficient.name): \(a), \(b)")
    }
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
    // A square's root may be the next number.
    let error = try #require(fits[0].fit.fixedEffects[0].standardError)
    #expect(abs(twice.coefficients[0].standardError - error) <= error.ulp)
  }

  /// Rubin's rules of what each fit says, whatever its residuals are.
  @Test(arguments: ["strata", "ar1", "both", "us"])
  func `residuals of any kind are pooled`(kind: String) throws {
    func fit(_ k: Int) throws -> FittedModel {
      let text = try String(contentsOfFile: Files.data("trial.csv"), encoding: .utf8).split(separator: "\n")
      // A missing change is one of the patient's baseline less k.
      let rows = text.dropFirst().enumerated().map { i, line in
        var fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        if Double(fields[5]) == nil { fields[5] = "\(Double((i * 7 + k * 11) % 23) - 16)" }
        return fields.joined(separator: ",")
      }
      var options = FitOptions()
      if kind == "strata" || kind == "both" { options.residualBy = "week" }
      if kind != "strata" {
        options.residual = try ResidualTerm(kind == "us" ? "us(week | patient)" : "car1(week | patient)")
      }
      return try FittedModel(
        Formula("change ~ baseline + arm\(kind == "us" ? "" : " + (1 | patient)")"),
        data: [.bytes(Array(([String(text[0])] + rows).joined(separator: "\n").utf8), name: "m\(k).csv")],
        options: options)
    }
    let fits = try (1...3).map { try fit($0) }
    let pooled = try PooledFits(named(fits))
    for (c, coefficient) in pooled.coefficients.enumerated() {
      let own = fits.map { $0.fit.fixedEffects[c] }
      let mean = own.reduce(0) { $0 + $1.estimate! } / 3
      let within = own.reduce(0) { $0 + pow($1.standardError!, 2) } / 3
      let between = own.reduce(0) { $0 + pow($1.estimate! - mean, 2) } / 2
      #expect(abs(coefficient.estimate - mean) < 1e-12)
      #expect(abs(coefficient.standardError - (within + 4 / 3 * between).squareRoot()) < 1e-12)
      #expect(coefficient.df > 1 && coefficient.df < coefficient.completeDF)
    }
    let last = try #require(pooled.components.last)
    #expect(last.name == "Residual" && last.columns == (kind == "ar1" ? [""] : ["2", "4", "8", "12"]))
    let variances = fits.map { fit -> Double in
      kind == "us" ? fit.fit.residual!.components[0].covariances[3][2]
        : kind == "ar1" ? pow(fit.fit.sigma, 2) : pow(fit.fit.residualStrata!.strata[3].standardDeviation, 2)
    }
    let entry = kind == "us" ? last.covariances[3][2] : last.covariances.last!.last!
    #expect(abs(entry / (variances.reduce(0, +) / 3) - 1) < 1e-12)
    let ρ = fits.compactMap(\.fit.autocorrelation?.correlation.estimate)
    #expect((pooled.autocorrelation == nil) == (kind == "strata" || kind == "us"))
    if let mean = pooled.autocorrelation { #expect(abs(mean - ρ.reduce(0, +) / 3) < 1e-12) }
    if kind == "us" { #expect(throws: InferenceError.self) { try PooledFits(named([fits[0], self.fit(1)])) } }
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
