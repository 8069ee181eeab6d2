// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import NumericalMethods
import TestSupport
import Testing

/// Grouping factors whose levels hang together.
@Suite struct `Relationships between levels` {
  /// Eight animals of three generations, one inbred.
  static let records: [(individual: String, sire: String?, dam: String?)] = [
    ("h", "f", "g"), ("c", "a", "b"), ("d", "a", "b"), ("e", "a", nil), ("f", "c", "d"),
    ("g", "c", "e"),
  ]

  /// A by the tabular method (Emik & Terrill 1949), from the definition.
  private func tabular(_ pedigree: Pedigree) -> DenseMatrix {
    let names = pedigree.individuals
    let parents = names.map { name in
      let record = Self.records.first { $0.individual == name }
      return [record?.sire, record?.dam].map { $0.flatMap { names.firstIndex(of: $0) } }
    }
    var A = DenseMatrix(rows: names.count, columns: names.count)
    for i in names.indices {
      for j in 0..<i {
        let value = parents[i].reduce(0.0) { $0 + ($1.map { 0.5 * A[j, $0] } ?? 0) }
        (A[i, j], A[j, i]) = (value, value)
      }
      A[i, i] = 1
      if let s = parents[i][0], let d = parents[i][1] { A[i, i] += 0.5 * A[s, d] }
    }
    return A
  }

  @Test func `the inverse of a pedigree's matrix is its inverse`() throws {
    let pedigree = try Pedigree(Self.records)
    let A = tabular(pedigree)
    let Q = pedigree.relationship.precision
    var inverse = DenseMatrix(diagonal: Q.diagonal)
    for edge in Q.edges {
      inverse[Int(edge.row), Int(edge.column)] = edge.value
      inverse[Int(edge.column), Int(edge.row)] = edge.value
    }
    let product = A * inverse
    for i in 0..<8 { for j in 0..<8 { #expect(abs(product[i, j] - (i == j ? 1 : 0)) < 1e-14) } }
    for (k, F) in pedigree.inbreeding.enumerated() { #expect(abs(A[k, k] - 1 - F) < 1e-15) }
    #expect(pedigree.inbreeding.max()! > 0.2)
    var factor = A
    try DenseCholesky.factorize(&factor)
    let logDeterminant = (0..<8).reduce(0) { $0 + 2 * log(factor[$1, $1]) }
    #expect(abs(Q.logDeterminant + logDeterminant) < 1e-13)
  }

  /// The covariance matrix, and its inverse by both triangles, say the same as the pedigree.
  @Test func `a matrix in full is its inverse's relationship`() throws {
    let pedigree = try Pedigree(Self.records)
    let (names, A) = (pedigree.individuals, tabular(pedigree))
    let whole = names.indices.flatMap { i in
      names.indices.map { (row: names[i], column: names[$0], value: A[i, $0]) }
    }
    let inverse = try LevelRelationship(covariance: whole)
    let Q = pedigree.relationship.precision
    let both = Q.diagonal.enumerated().map { (row: names[$0], column: names[$0], value: $1) }
      + Q.edges.flatMap { edge in
        let (a, b) = (names[Int(edge.row)], names[Int(edge.column)])
        return [(row: a, column: b, value: edge.value), (row: b, column: a, value: edge.value)]
      }
    #expect(try LevelRelationship(precision: both).precision.edges == Q.edges)
    #expect(inverse.levels == names)
    #expect(abs(inverse.precision.logDeterminant - Q.logDeterminant) < 1e-13)
    for (a, b) in zip(inverse.precision.diagonal, Q.diagonal) { #expect(abs(a - b) < 1e-13) }
  }

  @Test func `selfed offspring have half the within-family variance`() throws {
    let pedigree = try Pedigree([("b", "a", "a"), ("c", "b", "b")])
    #expect(pedigree.individuals == ["a", "b", "c"])
    #expect(pedigree.inbreeding == [0, 0.5, 0.75])
  }

  @Test func `what is no pedigree is refused`() {
    #expect(throws: RelationshipError.individualTwice("a", otherParents: true)) {
      try Pedigree([("a", nil, nil), ("a", "b", nil)])
    }
    #expect(throws: RelationshipError.self) { try Pedigree([("a", "b", nil), ("b", "a", nil)]) }
    #expect(throws: RelationshipError.ownAncestor("a")) { try Pedigree([("a", "a", nil)]) }
  }

  private static let identity = "abcdefgh".map { (row: "\($0)", column: "\($0)", value: 1.0) }

  /// Three records an animal; animals a and b have none.
  private func data(_ seed: UInt64 = 4) -> DataSource {
    .bytes(Array(text(seed).utf8), name: "animals.csv")
  }

  private func text(_ seed: UInt64 = 4) -> String {
    var random = SplitMix64(seed: seed)
    var text = "y,x,animal,herd\n"
    for animal in "cdefgh" {
      let effect = 2 * random.normal()
      for k in 0..<5 {
        let x = random.normal()
        text += "\(1 + 0.5 * x + effect + random.normal()),\(x),\(animal),\(k % 3)\n"
      }
    }
    return text
  }

  private func options(
    _ relationship: LevelRelationship?, _ kind: CriterionKind = .reml
  ) -> FitOptions {
    var options = FitOptions()
    options.criterion = kind
    options.relationships["animal"] = relationship
    return options
  }

  /// V = ZAZᵀθ² + I in full.
  @Test(arguments: [CriterionKind.reml, .ml], [0.0, 0.4, 1.3])
  func `the criterion is that of the dense covariance matrix`(kind: CriterionKind, θ: Double) throws {
    let pedigree = try Pedigree(Self.records)
    let criterion = try Criterion(
      Formula("y ~ x + (1 | animal)"), data: [data()],
      options: options(pedigree.relationship, kind))
    let A = tabular(pedigree)
    let rows = text().split(separator: "\n").dropFirst()
      .map { $0.split(separator: ",") }
    let (n, p) = (rows.count, 2)
    let animal = rows.map { pedigree.individuals.firstIndex(of: String($0[2]))! }
    var V = DenseMatrix.identity(n)
    for i in 0..<n { for j in 0..<n { V[i, j] += θ * θ * A[animal[i], animal[j]] } }
    var X = DenseMatrix(rows: n, columns: p + 1)
    for i in 0..<n { (X[i, 0], X[i, 1], X[i, 2]) = (1, Double(rows[i][1])!, Double(rows[i][0])!) }
    try DenseCholesky.factorize(&V)
    DenseCholesky.solveLower(V, &X)
    var gram = X.transposed * X
    try DenseCholesky.factorize(&gram)
    let logV = (0..<n).reduce(0) { $0 + 2 * log(V[$1, $1]) }
    let logX = (0..<p).reduce(0) { $0 + 2 * log(gram[$1, $1]) }
    let df = Double(kind == .reml ? n - p : n)
    let expected =
      logV + (kind == .reml ? logX : 0)
      + df * (1 + log(2 * .pi * gram[p, p] * gram[p, p] / df))
    #expect(abs(try criterion([θ]) - expected) < 1e-9)
  }

  @Test(arguments: ["y ~ x + (1 | animal)", "y ~ x + (x | animal) + (1 | herd)"])
  func `gradients are those of differences`(formula: String) throws {
    let criterion = try Criterion(
      Formula(formula), data: [data()], options: options(try Pedigree(Self.records).relationship))
    let theta = criterion.thetaNames.indices.map { 0.3 + 0.2 * Double($0) }
    let gradient = try criterion.gradient(theta).gradient
    for k in theta.indices {
      func at(_ change: Double) throws -> Double {
        var there = theta
        there[k] += change
        return try criterion(there)
      }
      let slope = try (at(1e-4) - at(-1e-4)) / 2e-4
      #expect(abs(gradient[k] - slope) < 1e-6 * max(1, abs(slope)))
    }
  }

  @Test func `unrelated levels are an ordinary factor`() throws {
    let unrelated = try LevelRelationship(precision: Self.identity)
    let formula = try Formula("y ~ x + (x | animal) + (1 | herd)")
    let related = try Fit(formula, data: [data()], options: options(unrelated))
    let plain = try Fit(formula, data: [data()])
    #expect(abs(related.criterion - plain.criterion) < 1e-9)
    #expect(abs(related.sigma / plain.sigma - 1) < 1e-6)
    #expect(related.randomEffectCount == plain.randomEffectCount + 4)
    #expect(related.solver.strategy == "cholmod")
  }

  /// b̂ of an animal without records is what its relatives say: Ab's rows, as E[b_a | b_rest].
  @Test func `ancestors without records have effects`() throws {
    let pedigree = try Pedigree(Self.records)
    var options = options(pedigree.relationship)
    options.wantsConditionalModes = true
    let fit = try Fit(Formula("y ~ x + (1 | animal)"), data: [data()], options: options)
    let modes = try #require(fit.conditionalModes?.first)
    #expect(Set(modes.levels) == Set(pedigree.individuals))
    let b = Dictionary(uniqueKeysWithValues: zip(modes.levels, modes.values))
    // b's only descendants are c and d; Q b̂ is zero where there are no records.
    let Q = pedigree.relationship.precision
    let place = pedigree.individuals.firstIndex(of: "b")!
    var sum = Q.diagonal[place] * b["b"]!
    for edge in Q.edges {
      if edge.row == place { sum += edge.value * b[pedigree.individuals[Int(edge.column)]]! }
      if edge.column == place { sum += edge.value * b[pedigree.individuals[Int(edge.row)]]! }
    }
    #expect(abs(sum) < 1e-9)
    #expect(abs(b["b"]!) > 1e-3)
  }

  @Test func `a saved fit keeps its relationship`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("animals.lmm")
    let model = try FittedModel(
      Formula("y ~ x + (1 | animal)"), data: [data()],
      options: options(try Pedigree(Self.records).relationship))
    try model.save(to: path)
    let again = try FittedModel(contentsOf: path)
    #expect(again.fit.criterion == model.fit.criterion)
    #expect(again.fit.randomEffectCount == 8)
  }

  @Test func `levels and factors that are not there are named`() throws {
    let few = try LevelRelationship(precision: Array(Self.identity.prefix(4)))
    let formula = try Formula("y ~ x + (1 | animal)")
    #expect(throws: RelationshipError.unknownLevel("e", factor: "animal", others: 3)) {
      try Fit(formula, data: [data()], options: options(few))
    }
    #expect(throws: RelationshipError.noSuchFactor("animal", known: ["herd"])) {
      try Fit(Formula("y ~ x + (1 | herd)"), data: [data()], options: options(few))
    }
    #expect(throws: RelationshipError.notPositive("b", -1)) {
      try LevelRelationship(precision: [("a", "a", 1), ("b", "b", -1)])
    }
    #expect(throws: RelationshipError.self) {
      try LevelRelationship(precision: [("a", "a", 1), ("b", "b", 1), ("a", "b", 2)])
    }
    #expect(throws: RelationshipError.notPositiveDefinite("b")) {
      try LevelRelationship(covariance: [("a", "a", 1), ("b", "b", 1), ("a", "b", 2)])
    }
    #expect(throws: RelationshipError.noDiagonal("b")) {
      try LevelRelationship(precision: [("a", "a", 1), ("a", "b", 0.5)])
    }
    #expect(throws: RelationshipError.repeated("a", "b")) {
      try LevelRelationship(
        precision: [("a", "a", 1), ("b", "b", 1), ("a", "b", 0.1), ("a", "b", 0.1)])
    }
    #expect(throws: RelationshipError.asymmetric("a", "b", 0.1, 0.2)) {
      try LevelRelationship(
        precision: [("a", "a", 1), ("b", "b", 1), ("b", "a", 0.2), ("a", "b", 0.1)])
    }
  }
}
