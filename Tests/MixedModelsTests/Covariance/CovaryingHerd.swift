// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods

/// Simulated animals in herds with their own and maternal effects, and the matrices of their model in full.
enum CovaryingHerd {
  /// Founders are their own dams, so that both effects stand at one level.
  static let animals = SimulatedPedigree(generations: 3, size: 14, seed: 8)
  static let formula = "y ~ x + (1 | animal) + (1 | dam) + (1 | herd)"

  static var source: DataSource { animals.source }

  static func options() throws -> FitOptions {
    var options = try animals.options()
    options.covaryingFactors = ["animal", "dam"]
    return options
  }

  /// With the covariance of animal and dam, or without.
  static func fitted(_ formula: String = formula, covary: Bool = true) throws -> FittedModel {
    var options = try covary ? options() : animals.options(["animal", "dam"])
    options.relationships = options.relationships.filter { formula.contains("| \($0.key))") }
    return try FittedModel(Formula(formula), data: [source], options: options)
  }

  /// y, x, animal, herd, dam
  private static let rows = animals.text.split(separator: "\n").dropFirst()
    .map { $0.split(separator: ",").map(String.init) }
  static let y = rows.map { Double($0[0])! }
  static let X = DenseMatrix(
    rows: rows.count, columns: 2, storage: rows.map { _ in 1 } + rows.map { Double($0[1])! })

  /// A by its definition, from the oldest on.
  private static let kinship: (A: DenseMatrix, place: [String: Int]) = {
    let records = animals.records
    let place = Dictionary(uniqueKeysWithValues: records.enumerated().map { ($1.individual, $0) })
    var A = DenseMatrix(rows: records.count, columns: records.count)
    for (i, record) in records.enumerated() {
      let parents = [record.sire, record.dam].compactMap { $0.flatMap { place[$0] } }
      for j in 0..<i {
        let value = parents.reduce(0) { $0 + 0.5 * A[j, $1] }
        (A[i, j], A[j, i]) = (value, value)
      }
      A[i, i] = 1 + (parents.count == 2 ? 0.5 * A[parents[0], parents[1]] : 0)
    }
    return (A, place)
  }()

  /// Z_aAZ_aᵀ, Z_aAZ_dᵀ + Z_dAZ_aᵀ, Z_dAZ_dᵀ, HHᵀ and I.
  static let components: [DenseMatrix] = {
    let (A, place) = kinship
    let (animal, dam) = (rows.map { place[$0[2]]! }, rows.map { place[$0[4]]! })
    func matrix(_ value: (Int, Int) -> Double) -> DenseMatrix {
      DenseMatrix(
        rows: rows.count, columns: rows.count,
        storage: rows.indices.flatMap { j in rows.indices.map { value($0, j) } })
    }
    return [
      matrix { A[animal[$0], animal[$1]] },
      matrix { A[animal[$0], dam[$1]] + A[dam[$0], animal[$1]] },
      matrix { A[dam[$0], dam[$1]] }, matrix { rows[$0][3] == rows[$1][3] ? 1 : 0 },
      .identity(rows.count),
    ]
  }()

  /// Relative to σ².
  static func variances(_ θ: [Double]) -> [Double] {
    [θ[0] * θ[0], θ[0] * θ[1], θ[1] * θ[1] + θ[2] * θ[2], θ[3] * θ[3], 1]
  }

  static func V(_ θ: [Double]) -> DenseMatrix {
    zip(variances(θ), components).reduce(DenseMatrix(rows: y.count, columns: y.count)) { $0 + $1.0 * $1.1 }
  }
}
