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

  /// - Throws: `InferenceError` where the rows cannot be read again; `DataError`, `FitError`.
  init(_ fitted: FittedModel, _ kind: CoefficientCovariance) throws {
    try Self.check(fitted.model, kind)
    let model = fitted.model
    try fitted.requireRows(kind)
    let pass = try fitted.residualPass()
    let rows = WorkingColumnsOfRows(fitted.products, model)
    let needsLeverages = kind == .hc2 || kind == .hc3
    let levels = needsLeverages ? try model.fixedLevels.map { try LevelsOfRows(fitted, $0) } : nil
    let p = model.fixedEffectCount
    var (meat, squares, count) = ([Double](repeating: 0, count: p * p), 0.0, 0)
    var alone = 0
    try pass.forEach(with: { (x: rows($0, $1), ofLevels: levels?($1)) }) { part, own in
      let x = own.x
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
        for a in 0..<p {
          let own = factor * x[i * p + a]
          for b in 0...a { meat[a * p + b] += own * x[i * p + b] }
        }
      }
    }
    try fitted.requireSameRows(kind.rawValue, count: count, squares: squares)
    let df = Double(model.observations - model.fixedRank)
    let scale = kind == .hc1 ? Double(model.observations) / df : 1
    var C = DenseMatrix(rows: p, columns: p)
    for a in 0..<p { for b in 0...a { (C[a, b], C[b, a]) = (scale * meat[a * p + b], scale * meat[a * p + b]) } }
    guard C.isFinite else {
      throw InferenceError.refused(
        "the covariance \(kind.rawValue) of the coefficients is not finite. Take \(Setting.coefficientCovariance(["model"]))."
      )
    }
    covariance = C
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
