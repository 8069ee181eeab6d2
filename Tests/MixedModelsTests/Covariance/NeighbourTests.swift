// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import NumericalMethods
import TestSupport
import Testing

/// Effects of regions that are correlated with their neighbours: a conditional autoregression.
@Suite struct `Neighbours` {
  /// A map of 5 × 5 regions whose neighbours have a side in common; two of them have no rows.
  private static let names: [String] = (0..<25).map { "r\($0)" }
  private static let pairs: [(String, String)] = {
    var pairs: [(String, String)] = []
    for k in 0..<25 {
      if k % 5 < 4 { pairs.append((names[k], names[k + 1])) }
      if k < 20 { pairs.append((names[k + 5], names[k])) }
    }
    return pairs
  }()
  private struct Row {
    let y: Double
    let x: Double
    let region: Int
  }
  /// The same numbers as in the reference's program: no generator but arithmetic.
  private static let rows = (0..<23).flatMap { region in
    (0..<3).map { k in
      let n = 3 * region + k
      let x = Double((7 * n) % 11) / 5
      let wave = 0.3 * cos(0.9 * Double(region % 5)) + 0.3 * sin(0.7 * Double(region / 5))
      let own = Double((5 * region * region + 3 * region) % 17) / 8
      return Row(y: 1 + 0.5 * x + wave + own + Double((37 * n) % 29) / 20, x: x, region: region)
    }
  }
  private static let text =
    "y,x,region\n" + rows.map { "\($0.y),\($0.x),\(names[$0.region])\n" }.joined()
  private static var source: DataSource { .bytes(Array(text.utf8), name: "map.csv") }

  private func options(_ kind: CriterionKind = .reml) throws -> FitOptions {
    var options = FitOptions()
    options.criterion = kind
    options.relationships["region"] = try LevelRelationship(neighbours: Self.pairs)
    return options
  }

  /// −2 log-likelihood with V = θ²Z(D − ρW)⁻¹Zᵀ + I in full.
  private func dense(_ θ: Double, _ ρ: Double, _ kind: CriterionKind) throws -> Double {
    var Q = DenseMatrix(rows: 25, columns: 25)
    let place = Dictionary(uniqueKeysWithValues: Self.names.enumerated().map { ($1, $0) })
    for (a, b) in Self.pairs {
      let (i, j) = (place[a]!, place[b]!)
      (Q[i, j], Q[j, i]) = (-ρ, -ρ)
      Q[i, i] += 1
      Q[j, j] += 1
    }
    try DenseCholesky.factorize(&Q)
    let A = DenseCholesky.inverse(factor: Q)
    let (rows, p) = (Self.rows, 2)
    let n = rows.count
    var V = DenseMatrix.identity(n)
    for i in 0..<n { for j in 0..<n { V[i, j] += θ * θ * A[rows[i].region, rows[j].region] } }
    var X = DenseMatrix(rows: n, columns: 3)
    for i in 0..<n { (X[i, 0], X[i, 1], X[i, 2]) = (1, rows[i].x, rows[i].y) }
    try DenseCholesky.factorize(&V)
    DenseCholesky.solveLower(V, &X)
    var gram = X.transposed * X
    try DenseCholesky.factorize(&gram)
    let logX = (0..<p).reduce(0) { $0 + 2 * log(gram[$1, $1]) }
    let df = Double(kind == .reml ? n - p : n)
    return DenseCholesky.logDeterminant(factor: V) + (kind == .reml ? logX : 0)
      + df * (1 + log(2 * .pi * gram[p, p] * gram[p, p] / df))
  }

  @Test(arguments: [CriterionKind.reml, .ml], [(0.4, 0.3), (1.5, 0.9), (0.8, -0.6)])
  func `the criterion is that of the dense covariance matrix`(
    kind: CriterionKind, values: (θ: Double, ρ: Double)
  ) throws {
    let criterion = try Criterion(
      Formula("y ~ x + (1 | region)"), data: [Self.source], options: options(kind))
    #expect(criterion.thetaNames == ["region.sd", "region.rho"])
    let expected = try dense(values.θ, values.ρ, kind)
    #expect(abs(try criterion([values.θ, values.ρ]) - expected) < 1e-9)
    try expectExactGradient(criterion, at: [values.θ, values.ρ])
  }

  /// By scipy's optimizer on the dense criterion.
  @Test func `the estimates are those of the dense criterion's minimum`() throws {
    let fit = try Fit(Formula("y ~ x + (1 | region)"), data: [Self.source], options: options())
    #expect(fit.convergence.converged)
    #expect(abs(fit.criterion - 127.224912407) < 1e-6)
    #expect(abs(fit.theta.values[0] - 2.289171620) < 1e-4)
    #expect(abs(fit.theta.values[1] - 0.644899174) < 1e-4)
    #expect(abs(fit.sigma - 0.438180932) < 1e-5)
    let structure = try #require(fit.varianceComponents[0].structure)
    #expect(structure.word == "car" && structure.parameters.map(\.name) == ["rho"])
  }

  @Test func `a saved fit keeps its neighbours, and shards add up`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("map.lmm")
    let model = try FittedModel(
      Formula("y ~ x + (1 | region)"), data: [Self.source], options: options())
    try model.save(to: path)
    let again = try FittedModel(contentsOf: path)
    #expect(again.fit.criterion == model.fit.criterion)
    #expect(again.fit.theta.values == model.fit.theta.values)
    #expect(again.fit.randomEffectCount == 25)
    let lines = Self.text.split(separator: "\n")
    let halves = [lines[..<30], [lines[0]] + lines[30...]].map {
      DataSource.bytes(Array(($0.joined(separator: "\n") + "\n").utf8), name: "half.csv")
    }
    let both = try Fit(Formula("y ~ x + (1 | region)"), data: halves, options: options())
    #expect(abs(both.criterion - model.fit.criterion) < 1e-8)
  }

  @Test func `lists of neighbours are read, and what is none is refused`() throws {
    let folder = try TemporaryFolder()
    func read(_ text: String) throws -> LevelRelationship {
      let path = folder.file("neighbours.csv")
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      return try RelationshipFile(path).neighbours()
    }
    let list = try read("a,b\nx,y\ny,z\ny,x\n")
    let square = try read("m,x,y,z\nx,0,1,0\ny,1,0,1\nz,0,1,0\n")
    #expect(list.levels == ["x", "y", "z"])
    #expect(list.precision.diagonal == [1, 2, 1])
    #expect(list.isNeighbourhood)
    #expect(Set(square.levels) == ["x", "y", "z"])
    let own = #expect(throws: DelimitedTextError.self) { try read("a,b\nx,y\ny,y\n") }
    #expect(own?.line == 3)
    #expect(throws: DelimitedTextError.self) { try read("a,b\nx\n") }
    #expect(throws: DelimitedTextError.self) { try read("a,b\n") }
  }

  @Test func `levels without neighbours and terms with slopes are refused`() throws {
    var options = FitOptions()
    options.relationships["region"] = try LevelRelationship(neighbours: Array(Self.pairs.prefix(5)))
    #expect(throws: RelationshipError.self) {
      try Fit(Formula("y ~ x + (1 | region)"), data: [Self.source], options: options)
    }
    #expect(throws: FitError.self) {
      try Fit(Formula("y ~ x + (x | region)"), data: [Self.source], options: self.options())
    }
    #expect(throws: RelationshipError.ownNeighbour("a")) { try LevelRelationship(neighbours: [("a", "a")]) }
  }
}
