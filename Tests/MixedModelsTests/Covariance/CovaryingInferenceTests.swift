// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods
import Testing

/// What is derived from fits in which the effects of two factors have a covariance.
@Suite struct `Inference with effects of two factors that have a covariance` {
  private static let θ = [0.7, -0.2, 0.4, 0.3]

  /// Var(η̂ − η) = I − P for the rows of the fit, P = V⁻¹ − V⁻¹X(XᵀV⁻¹X)⁻¹XᵀV⁻¹, in units of σ².
  @Test func `predictions have the errors of the dense covariance matrix`() throws {
    var known = try CovaryingHerd.options()
    known.knownTheta = Self.θ
    let predictor = try LinearPredictor(
      Formula(CovaryingHerd.formula), data: [CovaryingHerd.source], options: known)
    var options = PredictionOptions()
    options.wantsStandardErrors = true
    var variances: [Double] = []
    try predictor.predict([CovaryingHerd.source], options: options) { variances += $0.relativeVariance }
    var V = CovaryingHerd.V(Self.θ)
    try DenseCholesky.factorize(&V)
    let inverse = DenseCholesky.inverse(factor: V)
    let right = inverse * CovaryingHerd.X
    var gram = CovaryingHerd.X.transposed * right
    try DenseCholesky.factorize(&gram)
    let P = inverse - right * (DenseCholesky.inverse(factor: gram) * right.transposed)
    #expect(variances.count == CovaryingHerd.y.count)
    for (k, variance) in variances.enumerated() { #expect(abs(variance - (1 - P[k, k])) < 1e-9) }
  }

  /// Parts of the random effects in a prediction: all are the fixed part and each factor's.
  @Test func `predictions of one factor's effects add up`() throws {
    let predictor = try LinearPredictor(CovaryingHerd.fitted())
    func predicted(_ random: RandomPart) throws -> [Double] {
      var options = PredictionOptions()
      options.random = random
      var values: [Double] = []
      try predictor.predict([CovaryingHerd.source], options: options) { values += $0.fitted }
      return values
    }
    let (all, none) = (try predicted(.all), try predicted(.none))
    let parts = try ["animal", "dam", "herd"].map { try predicted(.terms("~ (1 | \($0))")) }
    for k in all.indices {
      #expect(abs(parts.reduce(none[k]) { $0 + $1[k] - none[k] } - all[k]) < 1e-9)
    }
    #expect(parts.allSatisfy { part in zip(part, none).contains { abs($0 - $1) > 1e-3 } })
  }

  @Test func `Kenward and Roger's adjustment is that of dense matrices`() throws {
    let fitted = try CovaryingHerd.fitted()
    let σ² = fitted.fit.sigma * fitted.fit.sigma
    let γ = CovaryingHerd.variances(fitted.fit.theta.values).map { σ² * $0 }
    #expect(γ[0] > 0 && γ[3] > 0)
    let oracle = try DenseKenwardRoger(X: CovaryingHerd.X, G: CovaryingHerd.components, γ: γ)
    for (k, test) in try fitted.coefficientTests(.kenwardRoger).enumerated() {
      #expect(abs(test.standardError / oracle.adjusted[k, k].squareRoot() - 1) < 1e-7)
      #expect(abs(test.df! / oracle.degreesOfFreedom(k) - 1) < 1e-6)
    }
  }

  @Test func `deletions are the fits without`() throws {
    let rows = try CovaryingHerd.fitted().randomTermDeletions().rows
    #expect(
      rows.map(\.name) == [nil, "(1 | animal)", "(1 | dam)", "(1 | herd)", "covariance of animal and dam"])
    let others = [
      try CovaryingHerd.fitted("y ~ x + (1 | dam) + (1 | herd)", covary: false),
      try CovaryingHerd.fitted("y ~ x + (1 | animal) + (1 | herd)", covary: false),
      try CovaryingHerd.fitted("y ~ x + (1 | animal) + (1 | dam)"),
      try CovaryingHerd.fitted(covary: false),
    ]
    for (row, other) in zip(rows.dropFirst(), others) {
      #expect(abs(row.logLikelihood - other.fit.logLikelihood) < 1e-6, "\(row.name!)")
      #expect(row.parameterCount == other.fit.parameterCount)
    }
    #expect(rows.map(\.test?.df) == [nil, 2, 2, 1, 1])
    #expect(rows[2].test?.mixture?.description == "½χ²(1) + ½χ²(2)" && rows[4].test?.mixture == nil)
  }

  @Test func `comparisons know what lies in what`() throws {
    let full = ("full", try CovaryingHerd.fitted())
    let apart = ("apart", try CovaryingHerd.fitted(covary: false))
    let direct = ("direct", try CovaryingHerd.fitted("y ~ x + (1 | animal) + (1 | herd)", covary: false))
    let rows = try ModelComparison([full, direct, apart], boundary: .mixture).rows
    #expect(rows.map(\.name) == ["direct", "apart", "full"])
    #expect(rows.map(\.test?.df) == [nil, 1, 1])
    #expect(rows[1].test?.mixture?.description == "½χ²(0) + ½χ²(1)" && rows[2].test?.mixture == nil)
    let at = try ModelComparison([full, direct], boundary: .mixture).rows[1].test
    #expect(at?.mixture?.description == "½χ²(1) + ½χ²(2)")
    // The covariance is nothing of a model with other factors.
    var options = try CovaryingHerd.options()
    options.covaryingFactors = []
    let other = try FittedModel(
      Formula("y ~ x + (1 | animal) + (1 | dam) + (1 + x | herd)"), data: [CovaryingHerd.source],
      options: CovaryingHerd.animals.options(["animal", "dam"]))
    #expect(throws: InferenceError.self) { try ModelComparison([full, ("other", other)]) }
  }

  @Test func `selections take out the covariance, or a factor with it`() throws {
    var options = try CovaryingHerd.options()
    options.keepsCrossProducts = true
    let fitted = try FittedModel(
      Formula(CovaryingHerd.formula), data: [CovaryingHerd.source], options: options)
    let all = try fitted.randomPartSelection(by: .aic)
    // Seven sets of factors, and both effects of an animal with and without their covariance.
    #expect(all.rows.count == 9 && all.rows.count { !$0.covaryingFactors.isEmpty } == 2)
    for row in all.rows where row.randomPart.contains("dam") {
      let other = try CovaryingHerd.fitted(row.formula, covary: !row.covaryingFactors.isEmpty)
      #expect(abs(row.aic - other.fit.aic) < 1e-6, "\(row.randomPart)")
    }
    let back = try fitted.randomPartSelection(by: .lrt)
    let deletions = try fitted.randomTermDeletions().rows.dropFirst()
    let first = back.rows.filter { $0.step == 1 }
    #expect(first.map(\.parameterCount).sorted() == deletions.map(\.parameterCount).sorted())
    for row in first {
      #expect(deletions.contains { abs($0.logLikelihood - row.logLikelihood) < 1e-6 }, "\(row.randomPart)")
    }
    #expect(back.messages.contains { $0.contains("covary") } == !back.selected.covaryingFactors.isEmpty)
  }

  /// 1ᵀy* has the variance 1ᵀV1, and (x − x̄)ᵀy* its own.
  @Test func `responses have the covariances of both effects`() throws {
    let fitted = try CovaryingHerd.fitted()
    let σ² = fitted.fit.sigma * fitted.fit.sigma
    let V = σ² * CovaryingHerd.V(fitted.fit.theta.values)
    let X = CovaryingHerd.X
    let n = Double(X.rows)
    let mean = X.storage[X.rows...].reduce(0, +) / n
    let columns = [X.storage[..<X.rows].map { $0 }, X.storage[X.rows...].map { $0 - mean }]
    let expected = columns.map { column in dot(column, V * column) }
    let count = 2000
    func check(_ sums: [[Double]]) {
      for (sum, variance) in zip(sums, expected) {
        let found = sum.reduce(0) { $0 + $1 * $1 } / Double(count)
        #expect(abs(found - variance) < 5 * variance * (2 / Double(count)).squareRoot())
      }
    }
    // Rows drawn anew, less their fixed part.
    let β = fitted.fit.fixedEffects.map { $0.estimate! }
    var bytes: [UInt8] = []
    try NewResponses(LinearPredictor(fitted), count: count, seed: 3, input: .none).write([CovaryingHerd.source]) {
      bytes += $0
    }
    let rows = String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst().map {
      $0.split(separator: ",").map { Double($0)! }
    }
    check(
      columns.map { column in
        (0..<count).map { k in
          rows.indices.reduce(0) {
            $0 + column[$1] * (rows[$1][k] - β[0] - β[1] * X[$1, 1])
          }
        }
      })
    // Cross-products of responses; the working columns are orthonormal, the first of them constant.
    let simulator = try ResponseSimulator(fitted)
    let lengths = columns.map { dot($0, $0).squareRoot() }
    var sums: [[Double]] = [[], []]
    for k in 0..<count {
      var stream = RandomStream(seed: 4, block: UInt64(k))
      let products = simulator.draw(&stream)
      for c in 0..<2 { sums[c].append(products.x[c] * lengths[c] * fitted.model.fixed.responseScale) }
    }
    check(sums)
  }

  @Test func `bootstraps and tests by them run`() throws {
    let full = try CovaryingHerd.fitted()
    var options = BootstrapOptions()
    options.replicates = 10
    let bootstrap = try full.bootstrap(options)
    #expect(bootstrap.failedCount == 0)
    for (formula, covary) in [
      ("y ~ x + (1 | animal) + (1 | herd)", false), (CovaryingHerd.formula, false),
      ("y ~ 1 + (1 | animal) + (1 | dam) + (1 | herd)", true),
    ] {
      let test = try BootstrapComparison(
        ("smaller", CovaryingHerd.fitted(formula, covary: covary)), ("full", full)
      ).test(options)
      #expect(test.replicates.allSatisfy { $0.converged && $0.values[2] > -1e-6 })
    }
    let deletions = try full.randomTermDeletions(boundary: .bootstrap, replicates: options)
    #expect(deletions.rows.dropFirst().allSatisfy { $0.test?.bootstrap != nil })
  }

  /// (x | animal) is direct effects and slopes, as if two factors with the same levels.
  @Test func `two factors with the same levels are one factor with slopes`() throws {
    let lines = CovaryingHerd.animals.text.split(separator: "\n").map { line in
      let cells = line.split(separator: ",")
      return "\(line),\(cells[2] == "animal" ? "again" : cells[2])"
    }
    let data = DataSource.bytes(Array((lines.joined(separator: "\n") + "\n").utf8), name: "again")
    var options = try CovaryingHerd.animals.options()
    let one = try FittedModel(Formula("y ~ x + (x | animal) + (1 | herd)"), data: [data], options: options)
    options.covaryingFactors = ["animal", "again"]
    let two = try FittedModel(
      Formula("y ~ x + (1 | animal) + (0 + x | again) + (1 | herd)"), data: [data], options: options)
    #expect(abs(one.fit.criterion - two.fit.criterion) < 1e-7)
    let pairs = zip(try one.coefficientTests(.kenwardRoger), try two.coefficientTests(.kenwardRoger))
    for (a, b) in pairs {
      #expect(abs(a.standardError / b.standardError - 1) < 1e-5)
      #expect(abs(a.df! / b.df! - 1) < 1e-4)
    }
    var wanted = PredictionOptions()
    wanted.wantsStandardErrors = true
    var variances: [[Double]] = []
    for fitted in [one, two] {
      var own: [Double] = []
      try LinearPredictor(fitted).predict([data], options: wanted) { own += $0.relativeVariance }
      variances.append(own)
    }
    for (a, b) in zip(variances[0], variances[1]) { #expect(abs(a / b - 1) < 1e-4) }
  }
}
