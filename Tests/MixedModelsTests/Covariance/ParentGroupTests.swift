// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import NumericalMethods
import TestSupport
import Testing

/// Groups of unknown parents in pedigrees.
@Suite struct `Groups of unknown parents` {
  private static let groups = ["G1", "G2"]
  /// a to d have unknown parents, of one group or of both; h is inbred.
  private static let records: [(individual: String, sire: String?, dam: String?)] = [
    ("a", "G1", "G1"), ("b", "G1", "G2"), ("c", "G2", "G2"), ("d", nil, "G2"), ("e", "a", "b"),
    ("f", "a", "c"), ("g", "b", "G2"), ("h", "e", "f"), ("i", "d", "g"), ("k", "h", "c"),
  ]
  private static let names = records.map(\.individual)

  /// What each individual has of each group: half of what its parents have.
  private static var shares: [String: [Double]] {
    var shares = ["G1": [1.0, 0], "G2": [0, 1.0]]
    for record in records {
      let parents = [record.sire, record.dam].map { $0.flatMap { shares[$0] } ?? [0, 0] }
      shares[record.individual] = [0, 1].map { 0.5 * (parents[0][$0] + parents[1][$0]) }
    }
    return shares
  }

  /// A of the same pedigree without groups.
  private static func relationships() throws -> DenseMatrix {
    let plain = records.map { record in
      func known(_ name: String?) -> String? { name.flatMap { groups.contains($0) ? nil : $0 } }
      return (individual: record.individual, sire: known(record.sire), dam: known(record.dam))
    }
    let pedigree = try Pedigree(plain)
    let order = names.map { pedigree.individuals.firstIndex(of: $0)! }
    return try inverse(pedigree.relationship.precision).submatrix(rows: order, columns: order)
  }

  private static func inverse(_ Q: SparsePrecision) throws -> DenseMatrix {
    var factor = DenseMatrix(diagonal: Q.diagonal)
    for edge in Q.edges { factor[Int(edge.row), Int(edge.column)] = edge.value }
    try DenseCholesky.factorize(&factor)
    #expect(abs(DenseCholesky.logDeterminant(factor: factor) - Q.logDeterminant) < 1e-10)
    return DenseCholesky.inverse(factor: factor)
  }

  /// Qg + a with g ~ N(0, γI): A + γQQᵀ between individuals, γQ between them and groups.
  @Test(arguments: [1, 3.5])
  func `the inverse is that of the breeding values with the groups' means`(γ: Double) throws {
    let pedigree = try Pedigree(Self.records, groups: Self.groups, groupVariance: γ)
    let (A, shares) = (try Self.relationships(), Self.shares)
    let relationship = pedigree.relationship
    #expect(Set(relationship.levels) == Set(Self.names + Self.groups))
    let C = try Self.inverse(relationship.precision)
    for (j, b) in relationship.levels.enumerated() {
      for (i, a) in relationship.levels.enumerated() {
        var expected = γ * dot(shares[a]!, shares[b]!)
        if let i = Self.names.firstIndex(of: a), let j = Self.names.firstIndex(of: b) {
          expected += A[i, j]
        }
        #expect(abs(C[i, j] - expected) < 1e-12, "\(a) \(b)")
      }
    }
    #expect(pedigree.inbreeding.max()! > 0)
  }

  private static let table: (csv: String, rows: [(y: Double, animal: String)]) = {
    var random = SplitMix64(seed: 9)
    var (csv, rows) = ("y,animal\n", [(y: Double, animal: String)]())
    for animal in names.dropFirst(2) {
      for _ in 0..<3 {
        let y = 10 + 2 * shares[animal]![0] + random.normal()
        rows.append((y, animal))
        csv += "\(y),\(animal)\n"
      }
    }
    return (csv, rows)
  }()

  /// With a large variance the difference of the groups is the coefficient of the first one's share, and
  /// breeding values are those beside it.
  @Test func `a large variance leaves groups as good as fixed`() throws {
    func fit(_ formula: String, _ csv: String, _ pedigree: Pedigree) throws -> Fit {
      var options = FitOptions()
      options.relationships["animal"] = pedigree.relationship
      (options.knownTheta, options.knownSigma) = ([0.8], 1)
      options.wantsConditionalModes = true
      return try Fit(
        Formula(formula), data: [.bytes(Array(csv.utf8), name: "animals")], options: options)
    }
    func modes(_ fit: Fit) throws -> [String: Double] {
      let modes = try #require(fit.conditionalModes?.first)
      return Dictionary(uniqueKeysWithValues: zip(modes.levels, modes.values))
    }
    // d has one parent of no group; it and its offspring would need the base's mean.
    let records = Self.records.map {
      (individual: $0.individual, sire: $0.individual == "d" ? "G1" : $0.sire, dam: $0.dam)
    }
    let grouped = try fit(
      "y ~ 1 + (1 | animal)", Self.table.csv, Pedigree(records, groups: Self.groups, groupVariance: 1e6))
    let b = try modes(grouped)
    let plain = records.map { record in
      func known(_ name: String?) -> String? {
        name.flatMap { Self.groups.contains($0) ? nil : $0 }
      }
      return (individual: record.individual, sire: known(record.sire), dam: known(record.dam))
    }
    // The same table with the shares of the changed pedigree.
    var shares = ["G1": [1.0, 0], "G2": [0, 1.0]]
    for record in records {
      shares[record.individual] = [0, 1].map {
        0.5 * (shares[record.sire!]![$0] + shares[record.dam!]![$0])
      }
    }
    let csv = "y,animal,q\n"
      + Self.table.rows.map { "\($0.y),\($0.animal),\(shares[$0.animal]![0])\n" }.joined()
    let explicit = try fit("y ~ q + (1 | animal)", csv, Pedigree(plain))
    let slope = try #require(explicit.fixedEffects[1].estimate)
    #expect(abs(b["G1"]! - b["G2"]! - slope) < 1e-4)
    let a = try modes(explicit)
    for name in Self.names {
      let own = a[name]! + slope * (shares[name]![0] - shares["c"]![0])
      #expect(abs(b[name]! - b["c"]! - (own - a["c"]!)) < 1e-4, "\(name)")
    }
  }

  @Test func `groups that are none are refused`() {
    #expect(throws: RelationshipError.groupAmongIndividuals("a")) {
      try Pedigree([("a", "G1", nil), ("b", "a", nil)], groups: ["G1", "a"])
    }
    #expect(throws: RelationshipError.groupWithoutOffspring("G2")) {
      try Pedigree([("a", "G1", nil)], groups: ["G1", "G2"])
    }
    #expect(throws: RelationshipError.groupTwice("G1")) {
      try Pedigree([("a", "G1", nil)], groups: ["G1", "G1"])
    }
    #expect(throws: RelationshipError.groupVariance(0)) {
      try Pedigree([("a", "G1", nil)], groups: ["G1"], groupVariance: 0)
    }
  }
}
