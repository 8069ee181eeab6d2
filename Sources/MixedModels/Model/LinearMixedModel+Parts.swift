// SPDX-License-Identifier: GPL-2.0-or-later

extension LinearMixedModel {
  /// c_k of every A_k; none where there is one A.
  func coefficients(_ φ: [Double]) -> [Double] {
    covariance.residual?.coefficients(covariance.residualCoordinates(φ)) ?? []
  }

  /// The model in which φ's parameters of residuals and of correlations between levels are known: its A is
  /// A(φ), as if c_k had multiplied the rows' weights, and its Q is Q(φ).
  func weighted(at φ: [Double]) -> LinearMixedModel {
    let related = related(by: covariance.precisions(φ))
    guard let residual = covariance.residual, let parts else { return related }
    let own = covariance.residualCoordinates(φ)
    var model = related.weighted(by: residual.coefficients(own))
    model.sumOfLogWeights = parts.sumOfLogWeights - residual.logDeterminant(own)
    return model
  }

  /// The same with other Q of some groups.
  func related(by precisions: [Int: SparsePrecision]) -> LinearMixedModel {
    guard !precisions.isEmpty else { return self }
    var model = self
    for (g, Q) in precisions { model.groups[g] = groups[g].with(.sparse(Q)) }
    return model
  }

  /// The same for the A of Σ c_k A_k; Σ log w stays what it is.
  func weighted(by c: [Double]) -> LinearMixedModel {
    guard let parts else { return self }
    var model = self
    model.groups = groups.indices.map { g in
      let blocks = parts.all.map(\.groups[g])
      return groups[g].with(
        zz: combination(blocks.map(\.zz), c), zx: combination(blocks.map(\.zx), c))
    }
    model.pairs = pairs.indices.map { k in
      pairs[k].with(combination(parts.all.map(\.pairs[k].blocks), c))
    }
    model.tail = parts.tail(c)
    if fixedLevels != nil {
      model.fixedLevels?.weighted = FixedLevelsPart(parts.all.map { $0.fixedLevels! }, c)
    }
    return model
  }
}
