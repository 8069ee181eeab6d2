// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods
import TestSupport

/// Records of related animals in herds, and what they are by the tabular method (Emik & Terrill 1949).
struct AnimalTable {
  struct Row {
    let y: Double
    let x: Double
    let animal: String
    let herd: Int
  }
  let rows: [Row]
  let pedigree: Pedigree
  private let kinships: [String: [String: Double]]

  /// Three generations; one animal is inbred, and the founders a, b and e have no records.
  static let records: [(individual: String, sire: String?, dam: String?)] = [
    ("h", "f", "g"), ("c", "a", "b"), ("d", "a", "b"), ("f", "c", "d"), ("g", "c", "e"),
    ("i", "c", "e"), ("k", "f", "e"), ("l", nil, nil), ("m", "l", "h"), ("n", "l", "k"),
  ]

  init(seed: UInt64 = 7) {
    var random = SplitMix64(seed: seed)
    var rows: [Row] = []
    let herds = (0..<4).map { _ in 1.5 * random.normal() }
    for animal in "cdfghiklmn" {
      let effect = 2 * random.normal()
      for k in 0..<6 {
        let (x, herd) = (random.normal(), k % 4)
        let y = 1 + 0.5 * x + effect + herds[herd] + random.normal()
        rows.append(Row(y: y, x: x, animal: "\(animal)", herd: herd))
      }
    }
    self.rows = rows
    guard let pedigree = try? Pedigree(Self.records) else { preconditionFailure("no pedigree") }
    self.pedigree = pedigree
    kinships = Self.tabular(pedigree.individuals)
  }

  private static func tabular(_ names: [String]) -> [String: [String: Double]] {
    var A: [String: [String: Double]] = [:]
    for (k, i) in names.enumerated() {
      let record = records.first { $0.individual == i }
      let parents = [record?.sire, record?.dam].compactMap { $0 }
      for j in names[..<k] {
        let value = parents.reduce(0.0) { $0 + 0.5 * A[j]![$1]! }
        A[i, default: [:]][j] = value
        A[j]![i] = value
      }
      A[i, default: [:]][i] = 1 + (parents.count == 2 ? 0.5 * A[parents[0]]![parents[1]]! : 0)
    }
    return A
  }

  /// Of the relationship matrix.
  func kinship(_ a: String, _ b: String) -> Double { kinships[a]![b]! }

  var source: DataSource {
    let text = rows.map { "\($0.y),\($0.x),\($0.animal),h\($0.herd)" }.joined(separator: "\n")
    return .bytes(Array("y,x,animal,herd\n\(text)\n".utf8), name: "animals.csv")
  }

  var unrelated: LevelRelationship? {
    try? LevelRelationship(
      precision: pedigree.individuals.map { (row: $0, column: $0, value: 1) })
  }

  func fitted(_ formula: String) throws -> FittedModel {
    try fitted(formula, pedigree.relationship)
  }

  func fitted(_ formula: String, _ relationship: LevelRelationship?) throws -> FittedModel {
    var options = FitOptions()
    options.threads = 1
    options.relationships["animal"] = relationship
    return try FittedModel(Formula(formula), data: [source], options: options)
  }
}
