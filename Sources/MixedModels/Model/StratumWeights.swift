// SPDX-License-Identifier: GPL-2.0-or-later

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
    guard let (strata, own) = covariance.strata(φ) else { return nil }
    let c = strata.coefficients(own)
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

  /// The same model, relative to another stratum than the first one.
  func exchangingFirstStratum(with s: Int) -> LinearMixedModel {
    guard s > 0 else { return self }
    var model = self
    model.covariance.residual = covariance.residual?.exchangingFirst(with: s)
    model.parts?.all.swapAt(0, s)
    return model
  }
}
