// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import NumericalMethods
import TestSupport
import Testing

/// Direct and maternal effects with a covariance.
@Suite struct `Effects of two factors with a covariance` {
  /// Birth weights of beef calves, Mrode (2014), Linear Models for the Prediction of Animal Breeding Values, 3rd ed.,
  /// ex. 8.1: herd, sex and weight; the dam's permanent environment is a factor of its own.
  private static let calves = """
    animal,dam,pe,herd,sex,weight
    5,2,2,1,1,35
    6,2,2,1,2,20
    7,6,6,1,2,25
    8,5,5,1,1,40
    9,6,6,2,1,42
    10,2,2,2,2,22
    11,7,7,2,2,35
    12,7,7,3,2,34
    13,2,2,3,1,20
    14,6,6,3,2,40
    """
  private static let parents: [(individual: String, sire: String?, dam: String?)] = [
    ("1", nil, nil), ("2", nil, nil), ("3", nil, nil), ("4", nil, nil), ("5", "1", "2"), ("6", "3", "2"),
    ("7", "4", "6"), ("8", "3", "5"), ("9", "1", "6"), ("10", "3", "2"), ("11", "3", "7"), ("12", "8", "7"),
    ("13", "9", "2"), ("14", "3", "6"),
  ]
  private static let formula = "weight ~ 0 + sex + herd + (1 | animal) + (1 | dam) + (1 | pe)"

  private static func options(_ names: [String] = ["animal", "dam"]) throws -> FitOptions {
    var options = FitOptions()
    options.relationships["animal"] = try Pedigree(parents).relationship
    options.covaryingFactors = names
    options.reading.categoricalColumns = ["animal", "dam", "pe", "herd", "sex"]
    return options
  }

  private static var source: DataSource { .bytes(Array(calves.utf8), name: "calves.csv") }

  /// Variances 150 and 90 with the covariance −40, 40 for permanent environments, 350 for residuals.
  private static var published: [Double] {
    let (a, c, m, pe, e) = (150.0, -40.0, 90.0, 40.0, 350.0)
    let λ = (a / e).squareRoot()
    let below = c / e / λ
    return [λ, below, (m / e - below * below).squareRoot(), (pe / e).squareRoot()]
  }

  @Test func `have Mrode's solutions at known variances`() throws {
    var options = try Self.options()
    (options.knownTheta, options.knownSigma) = (Self.published, 350.0.squareRoot())
    options.wantsConditionalModes = true
    let fit = try Fit(Formula(Self.formula), data: [Self.source], options: options)
    #expect(
      fit.theta.names == ["animal,dam.animal", "animal,dam.dam.animal", "animal,dam.dam", "pe.(Intercept)"])
    let β = fit.fixedEffects.map { $0.estimate! }
    for (value, expected) in zip(β, [34.540, 27.691, 3.386, 1.434]) { #expect(abs(value - expected) < 6e-4) }
    // By dense matrices, which agree with the book's digits.
    #expect(abs(fit.criterion - 53.998832206) < 1e-8)
    let modes = try #require(fit.conditionalModes)
    let both = try #require(modes.first { $0.group == "animal,dam" })
    #expect(both.columns == ["animal", "dam"])
    let direct = [
      0.564, -1.244, 1.165, -0.484, 0.630, -0.859, -1.156, 1.917, -0.553, -1.055, 0.385, 0.863, -2.980, 1.751,
    ]
    let maternal = [
      0.262, -1.583, 0.736, 0.586, -0.507, 0.841, 1.299, -0.158, 0.660, -0.153, 0.916, 0.442, 0.093, 0.362,
    ]
    for k in 0..<14 {
      let level = try #require(both.levels.firstIndex(of: "\(k + 1)"))
      #expect(abs(both.mode(level: level, column: 0) - direct[k]) < 6e-4)
      #expect(abs(both.mode(level: level, column: 1) - maternal[k]) < 6e-4)
    }
    let environments = try #require(modes.first { $0.group == "pe" })
    #expect(environments.levels == ["2", "5", "6", "7"])
    for (value, expected) in zip(environments.values, [-1.701, 0.415, 0.825, 0.461]) {
      #expect(abs(value - expected) < 6e-4)
    }
  }

  /// V = Z_aAZ_aᵀs_aa + (Z_aAZ_dᵀ + Z_dAZ_aᵀ)s_ad + Z_dAZ_dᵀs_dd + HHᵀh² + I, and what it gives.
  private static func dense(_ θ: [Double]) throws -> (criterion: Double, fitted: [Double]) {
    var V = CovaryingHerd.V(θ)
    let y = CovaryingHerd.y
    let n = y.count
    let design = CovaryingHerd.X
    var X = DenseMatrix(rows: n, columns: 3, storage: design.storage + y)
    try DenseCholesky.factorize(&V)
    DenseCholesky.solveLower(V, &X)
    var gram = X.transposed * X
    try DenseCholesky.factorize(&gram)
    let logX = (0..<2).reduce(0) { $0 + 2 * log(gram[$1, $1]) }
    let df = Double(n - 2)
    let criterion =
      DenseCholesky.logDeterminant(factor: V) + logX + df * (1 + log(2 * .pi * gram[2, 2] * gram[2, 2] / df))
    // y − V⁻¹(y − Xβ) is the fitted part, for residuals of variance 1.
    let β1 = gram[2, 1] / gram[1, 1]
    let β0 = (gram[2, 0] - gram[1, 0] * β1) / gram[0, 0]
    var rest = DenseMatrix(rows: n, columns: 1)
    for i in 0..<n { rest[i, 0] = y[i] - β0 - β1 * design[i, 1] }
    DenseCholesky.solve(factor: V, &rest)
    return (criterion, (0..<n).map { y[$0] - rest[$0, 0] })
  }

  @Test(arguments: [[0.7, -0.2, 0.4, 0.3], [0.5, 0.6, 0.1, 0.8], [0, 0.5, 0.5, 0]])
  func `have the criterion of the dense covariance matrix`(θ: [Double]) throws {
    let criterion = try Criterion(Formula(CovaryingHerd.formula), data: [CovaryingHerd.source], options: CovaryingHerd.options())
    #expect(abs(try criterion(θ) - Self.dense(θ).criterion) < 1e-8)
    if θ[0] > 0 { try expectExactGradient(criterion, at: θ) }
  }

  @Test func `have fitted values of both, also for other rows`() throws {
    let θ = [0.7, -0.2, 0.4, 0.3]
    var options = try CovaryingHerd.options()
    options.knownTheta = θ
    let fitted = try LinearPredictor(Formula(CovaryingHerd.formula), data: [CovaryingHerd.source], options: options)
    let expected = try Self.dense(θ).fitted
    var values: [Double] = []
    try fitted.predict([CovaryingHerd.source]) { values += $0.fitted }
    #expect(values.count == expected.count)
    for (a, b) in zip(values, expected) { #expect(abs(a - b) < 1e-8) }
    // A founder without records of its own in the role of a dam, and an animal of the pedigree as its calf.
    var one: [Double] = []
    try fitted.predict([.bytes(Array("x,animal,herd,dam\n0,a3,h1,a5\n".utf8), name: "one")]) { one += $0.fitted }
    #expect(one.count == 1 && one[0].isFinite)
  }

  @Test func `are the same by all strategies, in parts and from a file`() throws {
    var options = try CovaryingHerd.options()
    let whole = try Fit(Formula(CovaryingHerd.formula), data: [CovaryingHerd.source], options: options)
    options.solver = "matrix-free"
    let free = try Fit(Formula(CovaryingHerd.formula), data: [CovaryingHerd.source], options: options)
    #expect(free.solver.strategy == "matrix-free")
    #expect(abs(free.criterion - whole.criterion) < 1e-7)
    options.solver = "auto"
    let lines = CovaryingHerd.animals.text.split(separator: "\n")
    let halves = [lines[..<30], [lines[0]] + lines[30...]].map {
      DataSource.bytes(Array(($0.joined(separator: "\n") + "\n").utf8), name: "half")
    }
    let both = try Fit(Formula(CovaryingHerd.formula), data: halves, options: options)
    #expect(abs(both.criterion - whole.criterion) < 1e-7)
    let folder = try TemporaryFolder()
    let path = folder.file("herd.lmm")
    try FittedModel(Formula(CovaryingHerd.formula), data: [CovaryingHerd.source], options: options).save(to: path)
    let again = try FittedModel(contentsOf: path)
    #expect(again.fit.theta.names == whole.theta.names)
    #expect(abs(again.fit.criterion - whole.criterion) < 1e-9)
    let component = try #require(whole.varianceComponents.first { $0.group == "animal,dam" })
    #expect(component.columns == ["animal", "dam"])
    // Without the covariance the criterion is no lower.
    options.covaryingFactors = []
    options.relationships["dam"] = options.relationships["animal"]
    let apart = try Fit(Formula(CovaryingHerd.formula), data: [CovaryingHerd.source], options: options)
    #expect(apart.criterion > whole.criterion - 1e-9)
  }

  @Test func `what cannot be had with them says so`() throws {
    for names in [["animal"], ["animal", "animal"], ["animal", "nobody"], ["animal", "herd"]] {
      var options = try CovaryingHerd.options()
      options.covaryingFactors = names
      #expect(throws: (any Error).self) { try Fit(Formula(CovaryingHerd.formula), data: [CovaryingHerd.source], options: options) }
    }
    var options = try CovaryingHerd.options()
    options.relationships = [:]
    #expect(throws: FitError.self) { try Fit(Formula(CovaryingHerd.formula), data: [CovaryingHerd.source], options: options) }
  }
}
