// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension FittedModel {
  /// F tests of all terms, each adjusted for all others, where factors are set apart: these are in no other
  /// term, so that types 2 and 3 and single-term deletions are one for them.
  ///
  /// - Parameters:
  ///   - others: The tests of the other terms.
  ///   - areDeletions: Whether terms are left out that are contained in others.
  /// - Throws: `InferenceError`, `FitError`, `CholmodError`.
  func withSetApartTests(
    _ others: [FTest], _ method: DegreesOfFreedomMethod, areDeletions: Bool
  ) throws -> [FTest] {
    guard let written = formula.writtenFixed, let levels = model.fixedLevels else { return others }
    guard areDeletions || !levels.hasSlopes && !levels.areCells else {
      throw InferenceError.refused(
        "terms are not tested one by one where levels have slopes with sparse columns, or are those of an interaction (\(levels.factors.last!.name)). Take single-term deletions, or compare models with and without a term."
      )
    }
    guard written.hasIntercept else {
      throw InferenceError.refused(
        "terms are not tested where factors are kept as sparse columns without an intercept. Write the formula with an intercept, whose model is the same."
      )
    }
    return try written.terms.compactMap { term -> FTest? in
      if areDeletions, written.terms.contains(where: { $0 != term && Set($0).isSuperset(of: term) }) { return nil }
      let label = written.label(of: term)
      if let k = levels.factors.firstIndex(where: { $0.name.hasBytes(of: label) }) {
        return try setApartTest(k, method)
      }
      return others.first { $0.name == label }
    }
  }

  /// Terms of more rows have degrees of freedom from some of their combinations.
  private static let largestSatterthwaiteRank = 300

  /// The F test of a factor that is set apart: of all its coefficients.
  ///
  /// The numerator is by how much r² falls at the same θ, over σ² what the quadratic form of the
  /// coefficients is.
  private func setApartTest(_ k: Int, _ method: DegreesOfFreedomMethod) throws -> FTest {
    let (levels, columns) = (model.fixedLevels!, model.reportedColumns!)
    let coding = levels.reported!.codings[k]
    let coordinates = Set(coding.coordinates(ofTerm: coding.terms.last!.term))
    let own = columns.indices.filter { c in
      guard columns[c].isKept, case .coordinate(k, let coordinate) = columns[c].place else { return false }
      return coordinates.contains(coordinate)
    }
    if own.count <= Self.largestSatterthwaiteRank, levels.isConnected || levels.hasSlopes {
      let forms = try SetApartForms(
        self,
        own.map { c in
          var form = [Double](repeating: 0, count: columns.count)
          form[c] = 1
          return (columns[c].name, form)
        }, checks: false)
      let tests = try LevelTests(self, method, functions: forms.functions, areJoint: true)
      var L = DenseMatrix(rows: own.count, columns: tests.estimates.count)
      for (i, row) in forms.rows.map({ tests.turned($0) }).enumerated() { for j in row.indices { L[i, j] = row[j] } }
      return test(
        levels.factors[k].name, try LinearHypothesis(rows: L), tests.ddf, estimates: tests.estimates)
    }
    if let kind = robustCovariance {
      throw InferenceError.refused(
        "\(levels.factors[k].name) has \(own.count) coefficients, and terms of more than \(Self.largestSatterthwaiteRank), or of levels that no row connects, are not tested by \(kind.rawValue). Test the hypotheses that matter."
      )
    }
    guard !levels.areCells else {
      throw InferenceError.refused(
        "\(levels.factors[k].name) has \(own.count) coefficients, and interactions of more than \(Self.largestSatterthwaiteRank) with sparse columns are not tested as a whole. Compare models with and without it by likelihood ratio."
      )
    }
    guard levels.hasSlopes ? k == levels.factors.count - 1 : levels.factors.count <= 2 else {
      throw InferenceError.refused(
        "\(levels.factors[k].name) is not tested as a whole beside two other terms with sparse columns. Compare models with and without it by likelihood ratio."
      )
    }
    let reduced = try SetApartReduction(
      model, without: k, φ: φ,
      solver: optimum.solver.strategy == StrategyEstimate.Strategy.matrixFree.rawValue ? "auto" : "exact",
      threads: threads)
    let rank = reduced.lostRank
    let s = model.fixed.responseScale
    let meanSquare = s * s * reduced.increase / Double(rank)
    let statistic = meanSquare / coefficients.variance
    var df: Double?
    switch actual(method) {
    case .none: df = .infinity
    case .residual: df = Double(model.observations - model.fixedRank)
    case .satterthwaite: df = levels.isConnected || levels.hasSlopes ? try sampledDegreesOfFreedom(k, method) : nil
    case .kenwardRoger, .kenwardRogerLinear:
      try model.requireNoAbsorbedFactors(ForSomeModels.kenwardRoger.name)
    }
    return FTest(
      name: levels.factors[k].name, sumOfSquares: meanSquare * Double(rank), meanSquare: meanSquare,
      numeratorDF: rank, denominatorDF: df, statistic: statistic, scaling: 1,
      pValue: df.map {
        FisherF(numerator: Double(rank), denominator: $0).cumulative(statistic, tail: .upper)
      })
  }
}

extension FittedModel {
  private static let sampledCombinations = 64

  /// Satterthwaite's degrees of freedom of a factor with many levels.
  ///
  /// Of r combinations that least squares would leave uncorrelated the F statistic is the mean of squared t's,
  /// E / r the mean of ν / (ν − 2), and 2E / (E − r) its degrees of freedom. The mean is taken over combinations
  /// drawn at random: with S = DᵀWD on the diagonal, d of the levels with S^½z for normal z, made a contrast, has
  /// the least-squares variance zᵀz if levels are alone in the model.
  ///
  /// - Returns: nil where an effect has two degrees of freedom or fewer.
  fileprivate func sampledDegreesOfFreedom(_ k: Int, _ method: DegreesOfFreedomMethod) throws -> Double? {
    let levels = model.fixedLevels!
    let (factor, start) = (levels.factors[k], levels.starts[k])
    let squares = zip(factor.squares, factor.isRedundant).map { levels.hasSlopes && $1 ? 0 : $0 }
    let total = squares.reduce(0, +)
    let count = Self.sampledCombinations
    var functions = DenseMatrix(rows: levels.starts.last!, columns: count)
    for c in 0..<count {
      var stream = RandomStream(seed: options.probeSeed, purpose: 9, block: UInt64(c))
      var z = squares.map { _ in 0.0 }
      stream.fillNormal(&z)
      for j in z.indices { z[j] *= squares[j].squareRoot() }
      let mean = z.reduce(0, +) / total
      for j in z.indices { functions[start + j, c] = z[j] - mean * squares[j] }
    }
    let tests = try LevelTests(self, method, functions: functions)
    var rows = DenseMatrix(rows: tests.estimates.count, columns: count)
    for c in 0..<count {
      var unit = tests.estimates.map { _ in 0.0 }
      unit[unit.count - count + c] = 1
      for (k, value) in tests.turned(unit).enumerated() { rows[k, c] = value }
    }
    let ν = try tests.ddf.denominators(rows).compactMap(\.degreesOfFreedom)
    guard ν.count == count, ν.allSatisfy({ $0 > 2 }) else { return nil }
    let mean = ν.reduce(0) { $0 + ($1.isFinite ? $1 / ($1 - 2) : 1) } / Double(count)
    return mean > 1 ? 2 * mean / (mean - 1) : .infinity
  }
}

/// By how much r² rises at one θ if a factor that is set apart is left out.
struct SetApartReduction {
  let increase: Double
  /// Columns that are lost.
  let lostRank: Int

  /// - Throws: `FitError`, `CholmodError`.
  init(
    _ model: LinearMixedModel, without k: Int, φ: [Double], solver: String, threads: Int
  ) throws {
    let levels = model.fixedLevels!
    let reduced = ReducedModel(model, levels, without: k)
    let rank = reduced.rank
    lostRank = model.fixedRank - rank
    var Λ = model.covariance.emptyFactors
    model.covariance.factors(φ, into: &Λ)
    func squares(_ model: LinearMixedModel, _ Λ: [[Double]]) throws -> Double {
      let p = model.fixedEffectCount
      guard !model.groups.isEmpty else {
        var tail = model.tail
        try DenseCholesky.factorize(&tail)
        return tail[p, p] * tail[p, p]
      }
      // r² has no part in what random vectors estimate.
      let equations = try EquationsPlan(model, solver: solver, threads: threads).choice
        .equations(model, threads: threads)
      try equations.update(Λ)
      return equations.penalizedResidualSumOfSquares
    }
    let all = Λ + levels.factors.map { _ in [1] }
    let whole = try squares(model.joined, all)
    increase = try squares(reduced.model, Λ + reduced.otherFactors) - whole
  }
}

/// The model without a factor that is set apart, its intercept, and columns that only the factor explained, in X.
private struct ReducedModel {
  let model: LinearMixedModel
  /// Λ of the factors that are left.
  let otherFactors: [[Double]]
  let rank: Int

  init(_ model: LinearMixedModel, _ levels: FixedLevels, without k: Int) {
    let (starts, first, p) = (levels.starts, model.groups.count, model.fixedEffectCount)
    let reported = levels.reported!
    let others = levels.factors.indices.filter { $0 != k }
    // Columns that the other factors do not explain.
    let own = (0..<reported.effects.columns).filter { c in
      others.isEmpty || levels.hasSlopes && (starts[k]..<starts[k + 1]).contains { reported.effects[$0, c] != 0 }
    }
    let effects = reported.effects.submatrix(rows: Array(0..<starts.last!), columns: own)
    let ofLevels = levels.within?.working(effects) ?? effects
    // Columns [V X y] = their rest + D · these, in working levels.
    let V = own.count
    let width = V + p + 1
    var g = DenseMatrix(rows: starts.last!, columns: width)
    for c in 0..<V {
      for level in 0..<starts.last! { g[level, c] = ofLevels[level, c] / levels.unit }
    }
    let G = levels.regressionOfColumns(model.fixed.B)
    let fitted = model.fixed.B * model.fixed.leastSquares
    for level in 0..<starts.last! {
      for j in 0..<p { g[level, V + j] = G[level, j] }
      g[level, V + p] = fitted.indices.reduce(levels.regression[level, 0]) {
        $0 - levels.regression[level, $1 + 1] * fitted[$1]
      }
    }
    // DᵀWD g
    var image = g
    let squares = levels.factors.flatMap(\.squares)
    for c in 0..<width { for level in squares.indices { image[level, c] *= squares[level] } }
    for pair in levels.pairs where pair.rowGroup >= first {
      let (a, b) = (starts[pair.rowGroup - first], starts[pair.columnGroup - first])
      for (place, (i, j)) in zip(pair.rowLevels, pair.columnLevels).enumerated() {
        for c in 0..<width {
          image[a + Int(i), c] += pair.blocks[place] * g[b + Int(j), c]
          image[b + Int(j), c] += pair.blocks[place] * g[a + Int(i), c]
        }
      }
    }
    var tail = g.multipliedByTransposeOnLeft(image)
    for j in 0...p { for i in 0...p { tail[V + i, V + j] += model.tail[i, j] } }
    for j in 0..<width { for i in 0..<j { tail[i, j] = tail[j, i] } }
    let random = model.groups.enumerated().map { h, group in
      group.widened(
        by: V, levels.pairs.filter { $0.rowGroup == h && $0.columnGroup >= first }, g
      ) { starts[$0 - first] }
    }
    let left = others.map { o in
      let factor = levels.factors[o]
      var zx = [Double](repeating: 0, count: width * factor.levels.count)
      for level in factor.levels.indices {
        for c in 0..<width { zx[level * width + c] = image[starts[o] + level, c] }
      }
      return RandomEffectsGroup(
        size: 1, levels: factor.levels, zz: factor.squares.map { $0 - 1 }, zx: zx, rank: factor.rank,
        B: DenseMatrix(rows: 1, columns: 1, storage: [levels.unit]), precision: .identity)
    }
    let pairs = levels.pairs.filter {
      $0.rowGroup < first && others.contains($0.columnGroup - first)
    }.map {
      $0.mapped(
        by: .identity(model.groups[$0.rowGroup].size), .identity(1),
        groups: ($0.rowGroup, first + others.firstIndex(of: $0.columnGroup - first)!))
    }
    let none = [Double](repeating: 0, count: width - 1)
    let fixed = model.fixed
    self.model = LinearMixedModel(
      observations: model.observations, sumOfLogWeights: model.sumOfLogWeights, groups: random + left,
      fixedLevels: nil, pairs: model.pairs + pairs, tail: tail,
      covariance: RelativeCovariance(
        blocks: model.covariance.blocks, groupSizes: model.covariance.groupSizes + others.map { _ in 1 }),
      fixed: FixedCoordinates(
        names: none.indices.map { "\($0)" }, kept: Array(none.indices), R: .identity(none.count),
        B: DenseMatrix(rows: fixed.B.rows, columns: none.count), leastSquares: none, predictor: none,
        level: 0, rawPredictor: fixed.rawPredictor.map { _ in 0 },
        responseScale: fixed.responseScale, responseSize: fixed.responseSize),
      terms: model.terms, knownVariance: model.knownVariance)
    otherFactors = others.map { _ in [1] }
    rank = width - 1 + others.reduce(0) {
      $0 + (levels.hasSlopes ? levels.factors[$1].estimatedCount : levels.factors[$1].levels.count)
    }
  }
}

extension RandomEffectsGroup {
  /// ZᵀW[V X y], where [V X y] are the old columns, behind `count` zeros, and D g.
  ///
  /// - Parameters:
  ///   - pairs: Of this group's levels and those of fixed factors.
  ///   - start: The first row of `g` for a group.
  fileprivate func widened(
    by count: Int, _ pairs: [CoOccurrence], _ g: DenseMatrix, _ start: (Int) -> Int
  ) -> RandomEffectsGroup {
    let (ℓ, width) = (size, g.columns)
    let old = width - count
    var new = [Double](repeating: 0, count: levelCount * width * ℓ)
    for level in 0..<levelCount {
      for x in 0..<old * ℓ { new[(level * width + count) * ℓ + x] = zx[level * old * ℓ + x] }
    }
    for pair in pairs {
      let first = start(pair.columnGroup)
      for (place, (j, l)) in zip(pair.rowLevels, pair.columnLevels).enumerated() {
        for c in 0..<width {
          let value = g[first + Int(l), c]
          for i in 0..<ℓ { new[(Int(j) * width + c) * ℓ + i] += value * pair.blocks[place * ℓ + i] }
        }
      }
    }
    return RandomEffectsGroup(
      size: ℓ, levels: levels, zz: zz, zx: new, rank: rank, B: B, precision: precision)
  }
}
