// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// What residual strata multiply the rows' prior weights by: c_s = (σ/σ_s)² of the stratum.
struct StratumWeights: Sendable {
  /// The raw cell sets that tell the strata apart.
  let cellSets: [Int]
  /// c_s of every combination of cells, those of the last set next to each other.
  private let factors: [Double]
  /// Cells of every set.
  private let counts: [Int]

  init(cellSet: Int, factors: [Double]) {
    (cellSets, self.factors, counts) = ([cellSet], factors, [factors.count])
  }

  /// - Parameter factors: rows the cells of the first set.
  init(cellSets: (Int, Int), factors: [[Double]]) {
    self.cellSets = [cellSets.0, cellSets.1]
    counts = [factors.count, factors.first?.count ?? 0]
    self.factors = factors.flatMap(\.self)
  }

  /// c_s of rows by their codes in every cell set of the basis; NaN where the stratum is missing or unknown.
  func callAsFunction(_ codes: [[Int32]]) -> [Double] {
    codes[cellSets[0]].indices.map { row in
      var place = 0
      for (set, count) in zip(cellSets, counts) {
        let code = codes[set][row]
        guard code >= 0 else { return .nan }
        place = place * count + Int(code)
      }
      return factors[place]
    }
  }
}

extension LinearMixedModel {
  /// Those of the strata at φ; nil where all rows have one residual variance.
  func stratumWeights(_ φ: [Double]) -> StratumWeights? {
    guard let strata = covariance.residual as? VarianceStrata else { return nil }
    let c = coefficients(φ)
    return StratumWeights(cellSet: strata.cellSet, factors: strata.cells.map { c[$0] })
  }

  /// With independent residuals of one variance for all rows.
  func withIndependentResiduals() -> LinearMixedModel {
    guard let parts else { return self }
    var model = weighted(by: covariance.residual?.independent ?? parts.all.map { _ in 1 })
    model.sumOfLogWeights = parts.sumOfLogWeights
    (model.parts, model.covariance.residual) = (nil, nil)
    return model
  }
}

extension FittedModel {
  /// What a row's prior weight is multiplied by so that its residual has the variance σ²/w: of strata, or
  /// of visits with variances of their own; nil where all rows have one residual variance.
  ///
  /// - Throws: `FitError`.
  func varianceWeights() throws -> StratumWeights? {
    guard let residual = products.specification.residual, let model = repeatedModel,
      let components = fit.residual?.components
    else { return model.stratumWeights(φ) }
    let builder = DesignBuilder(products: products, options: options)
    let visits = try builder.levels(of: residual.visit).rank
    func factors(_ arm: Int) -> [Double] {
      visits.map { coefficients.variance / components[arm].covariances[$0][$0] }
    }
    guard model.arms.count > 1, let arm = residual.arm, let armCells = residual.armCells else {
      return StratumWeights(cellSet: residual.visitCells, factors: factors(0))
    }
    return StratumWeights(
      cellSets: (armCells, residual.visitCells),
      factors: try builder.levels(of: arm).rank.map(factors))
  }
}
