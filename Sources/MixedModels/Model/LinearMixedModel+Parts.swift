// SPDX-License-Identifier: GPL-2.0-or-later

extension LinearMixedModel {
  /// c_k of every A_k; none where there is one A.
  func coefficients(_ φ: [Double]) -> [Double] {
    covariance.residual?.coefficients(covariance.residualCoordinates(φ)) ?? []
  }

  /// The model in which φ's residual parameters are known: its A is A(φ), as if c_k had multiplied the rows'
  /// weights.
  func weighted(at φ: [Double]) -> LinearMixedModel {
    guard let residual = covariance.residual, let parts else { return self }
    let own = covariance.residualCoordinates(φ)
    var model = weighted(by: residual.coefficients(own))
    model.sumOfLogWeights = parts.sumOfLogWeights - residual.logDeterminant(own)
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
    return model
  }
}
