// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods
import Synchronization

extension FittedModel {
  /// - Throws: `InferenceError`, `DataError`, `FitError`.
  func rowRobust(_ kind: CoefficientCovariance) throws -> HeteroscedasticityRobust {
    try robust.withLock { known in
      if let made = known[kind] { return made }
      let made = try HeteroscedasticityRobust(self, kind)
      known[kind] = made
      return made
    }
  }
}

extension HeteroscedasticityRobust {
  /// A row of this leverage has no residual of its own.
  private static let whole = 1 - 1e-10

  /// - Parameters:
  ///   - functions: ρ as combinations of fixed levels' effects, factor after factor, levels × r; nil for β alone.
  ///   - shares: Of (β, ρ) in every level's effect; nil: variances of the levels are not wanted.
  /// - Throws: `InferenceError` where the rows cannot be read again; `DataError`, `FitError`, `CholmodError`.
  init(
    _ fitted: FittedModel, _ kind: CoefficientCovariance, functions: DenseMatrix? = nil, shares: DenseMatrix? = nil
  ) throws {
    try Self.check(fitted.model, kind)
    let model = fitted.model
    try fitted.requireRows(kind)
    let pass = try fitted.residualPass()
    let rows = WorkingColumnsOfRows(fitted.products, model)
    let needsLeverages = kind == .hc2 || kind == .hc3
    let levels = needsLeverages ? try model.fixedLevels.map { try LevelsOfRows(fitted, $0) } : nil
    let (p, r) = (model.fixedEffectCount, functions?.columns ?? 0)
    let ofFunctions = try functions.flatMap { F in
      try F.columns > 0 ? FunctionsOfRows(fitted, model.fixedLevels!, F) : nil
    }
    var sums = shares.flatMap { SumsOfLevels(fitted, model.fixedLevels!, $0) }
    let size = p + r
    var (meat, squares, count) = ([Double](repeating: 0, count: size * size), 0.0, 0)
    var alone = 0
    let cellSet = sums?.cellSet
    try pass.forEach(with: { block, codes in
      let x = rows(block, codes)
      return (x: x, z: ofFunctions?(x, codes) ?? x, ofLevels: levels?(codes), codes: cellSet.map { codes[$0] })
    }) { part, own in
      let (x, z) = (own.x, own.z)
      for (i, e) in part.residuals.enumerated() {
        let w = part.weights[i]
        squares += w * e * e
        count += 1
        let ofColumns = w * (i * p..<(i + 1) * p).reduce(0.0) { $0 + x[$1] * x[$1] }
        let h = ofColumns + w * (own.ofLevels?[i] ?? 0)
        var factor = w * w * e * e
        if needsLeverages {
          if h > Self.whole {
            // A row that is alone in a level has no part in the coefficients.
            if ofColumns > 1 - Self.whole { alone += 1 }
            continue
          }
          factor /= kind == .hc2 ? 1 - h : (1 - h) * (1 - h)
        }
        for a in 0..<size {
          let own = factor * z[i * size + a]
          for b in 0...a { meat[a * size + b] += own * z[i * size + b] }
        }
        if let codes = own.codes { sums!.add(factor, z[i * size..<(i + 1) * size], code: codes[i]) }
      }
    }
    try fitted.requireSameRows(kind.rawValue, count: count, squares: squares)
    let df = Double(model.observations - model.fixedRank)
    let scale = kind == .hc1 ? Double(model.observations) / df : 1
    var C = DenseMatrix(rows: size, columns: size)
    for a in 0..<size {
      for b in 0...a { (C[a, b], C[b, a]) = (scale * meat[a * size + b], scale * meat[a * size + b]) }
    }
    guard C.isFinite else {
      throw InferenceError.refused(
        "the covariance \(kind.rawValue) of the coefficients is not finite. Take \(Setting.coefficientCovariance(["model"]))."
      )
    }
    covariance = C
    self.levels = sums?.variances(C, scale: scale) ?? []
    description = RobustDescription(
      kind: kind, clusters: nil, clusterCount: nil, determining: alone == 0 ? [] : ["\(alone)"])
  }
}

/// What absorbed factors' levels have of the rows' leverages, before their weights.
private struct LevelsOfRows: Sendable {
  private let leverages: LeveragesOfLevels
  /// Of every factor, and its levels' places.
  private let factors: [(cellSet: Int, rank: [Int])]

  /// - Throws: `CholmodError`; `FitError` where memory ends.
  init(_ fitted: FittedModel, _ levels: FixedLevels) throws {
    leverages = try LeveragesOfLevels(levels)
    let (groups, first) = (fitted.products.basis.groups, fitted.model.groups.count)
    factors = levels.factors.enumerated().map { (groups[first + $0].cellSet, $1.rank) }
  }

  func callAsFunction(_ codes: [[Int32]]) -> [Double] {
    codes[factors[0].cellSet].indices.map { row in
      leverages(factors.map { $0.rank[Int(codes[$0.cellSet][row])] })
    }
  }
}
