// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// M = ΛᵀZᵀWZΛ + I of random effects and fixed levels together, for one Λ at a time: what answers it gives.
///
/// Scalars are numbered group after group, level after level.
protocol LevelSystem: AnyObject {
  /// - Throws: `FitError`, `CholmodError`.
  func update(_ Λ: [[Double]]) throws
  /// M⁻¹Λᵀa for columns a.
  ///
  /// - Throws: `FitError`, `CholmodError`.
  func answers(to a: DenseMatrix) throws -> DenseMatrix
  /// The diagonal of M⁻¹ for the levels of the groups from `first` on, and its entries for pairs of scalars of one level.
  ///
  /// - Throws: `FitError`, `CholmodError`.
  func entries(from first: Int, _ pairs: [(Int, Int)]) throws -> (diagonal: [Double], joint: [Double])
  /// For every group the relative standard error of the last diagonal, root mean square; nil where it is exact.
  var diagonalErrors: [Double]? { get }
}

/// By a sparse factor, and its inverse on the factor's own pattern.
final class FactoredLevelSystem: LevelSystem {
  private let equations: WholeEquations
  private let model: LinearMixedModel
  private var Λ: [[Double]] = []
  /// Scalars' places in the factor.
  private let places: [Int]
  var diagonalErrors: [Double]? { nil }

  /// - Parameter names: Of the factors whose levels' variances are wanted, for messages.
  /// - Throws: `FitError` where memory ends, `CholmodError`.
  init(_ model: LinearMixedModel, names: [String]) throws {
    let graph = NodeGraph(model)
    let equations = try WholeEquations(
      model,
      graph.largestGroupFirst().map { WholePattern(model, graph, order: $0, leading: graph.sizes.count) }
        ?? WholePattern(model))
    do throws(MemoryShortage) {
      try requireMemory(
        2 * Double(equations.factor.factorBytes) + Double(equations.factor.updateBytes),
        for: "the variances of the effects of \(names.joined(separator: ", "))",
        remedy: "Absorb these factors, y ~ x | factor, if their coefficients are not wanted.")
    } catch { throw FitError.memoryShortage(error.description) }
    let layout = equations.layout
    places = model.groups.indices.flatMap { g in
      let (group, node) = (model.groups[g], layout.firstNode[g])
      return (0..<group.levelCount).flatMap { level in
        (0..<group.size).map { layout.scalarStart[node + level] + $0 }
      }
    }
    (self.model, self.equations) = (model, equations)
  }

  func update(_ Λ: [[Double]]) throws {
    self.Λ = Λ
    try equations.update(Λ)
  }

  func answers(to a: DenseMatrix) throws -> DenseMatrix {
    let given = model.transposedFactors(Λ, times: a)
    var b = DenseMatrix(rows: equations.q + 1, columns: a.columns)
    for c in 0..<a.columns { for (k, place) in places.enumerated() { b[place, c] = given[k, c] } }
    try equations.factor.solve(&b)
    return b.submatrix(rows: places, columns: Array(0..<a.columns))
  }

  func entries(from first: Int, _ pairs: [(Int, Int)]) throws -> (diagonal: [Double], joint: [Double]) {
    let inverse = try equations.factor.inverseSubset(leading: equations.q)
    let start = model.groups.prefix(first).reduce(0) { $0 + $1.size * $1.levelCount }
    return (
      places[start...].map { inverse.lookup($0, $0)! },
      // A level's columns meet in the level, if only by a zero.
      pairs.map { inverse.lookup(places[$0], places[$1])! }
    )
  }
}

/// Of absorbed factors without random effects: as their fit was solved.
final class LeastSquaresLevelSystem: LevelSystem {
  private let levels: FixedLevels
  private let solver: String
  private let threads: Int
  var diagonalErrors: [Double]? { nil }

  init(_ levels: FixedLevels, solver: String, threads: Int) {
    (self.levels, self.solver, self.threads) = (levels, solver, threads)
  }

  /// Λ is 1.
  func update(_ Λ: [[Double]]) {}

  func answers(to a: DenseMatrix) throws -> DenseMatrix {
    // X is orthogonal to the levels.
    guard a.storage.contains(where: { $0 != 0 }) else { return a }
    return try levels.products.solved(a, solver: solver, threads: threads).answers
  }

  func entries(from first: Int, _ pairs: [(Int, Int)]) throws -> (diagonal: [Double], joint: [Double]) {
    precondition(pairs.isEmpty, "absorbed factors have no slopes")
    return (try levels.inverseDiagonal(), [])
  }
}

/// By conjugate gradients, and the diagonal by random vectors, whose error is stated.
final class MatrixFreeLevelSystem: LevelSystem {
  private let equations: MatrixFreeEquations
  private var Λ: [[Double]] = []
  private(set) var diagonalErrors: [Double]?

  init(_ model: LinearMixedModel, seed: UInt64, threads: Int) {
    var accuracy = MatrixFreeAccuracy.modest(nil)
    accuracy.seed = seed
    equations = MatrixFreeEquations(
      model, leading: model.leadingGroups[0], accuracy: accuracy, threads: threads)
  }

  func update(_ Λ: [[Double]]) throws {
    self.Λ = Λ
    try equations.prepareAnswers(Λ)
  }

  func answers(to a: DenseMatrix) throws -> DenseMatrix { try equations.answers(to: a) }

  func entries(from first: Int, _ pairs: [(Int, Int)]) throws -> (diagonal: [Double], joint: [Double]) {
    precondition(pairs.isEmpty, "models with slopes have exact equations")
    try equations.update(Λ)
    let blocks = try equations.conditionalCovariances()
    diagonalErrors = equations.description.conditionalErrors
    return (blocks.dropFirst(first).flatMap(\.self), [])
  }
}

extension LinearMixedModel {
  /// Λᵀa for columns a of the levels' scalars, group after group, level after level.
  func transposedFactors(_ Λ: [[Double]], times a: DenseMatrix) -> DenseMatrix {
    var b = DenseMatrix(rows: a.rows, columns: a.columns)
    for c in 0..<a.columns {
      var first = 0
      for (g, group) in groups.enumerated() {
        let (ℓ, T) = (group.size, Λ[g])
        for _ in 0..<group.levelCount {
          for j in 0..<ℓ {
            b[first + j, c] = (j..<ℓ).reduce(0.0) { $0 + T[j * ℓ + $1] * a[first + $1, c] }
          }
          first += ℓ
        }
      }
    }
    return b
  }

  /// ZᵀWX of all groups, their scalars × p.
  var randomByFixed: DenseMatrix {
    let p = fixedEffectCount
    var a = DenseMatrix(rows: randomEffectCount, columns: p)
    var first = 0
    for group in groups {
      let ℓ = group.size
      for level in 0..<group.levelCount {
        for x in 0..<p {
          for i in 0..<ℓ { a[first + i, x] = group.zx[(level * (p + 1) + x) * ℓ + i] }
        }
        first += ℓ
      }
    }
    return a
  }
}
