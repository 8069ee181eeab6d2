// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// One A_k of a model with several, in its working coordinates, on the patterns of the whole.
struct ModelPart: Sendable {
  var groups: [RandomEffectsGroup]
  var pairs: [CoOccurrence]
  var tail: DenseMatrix
}

/// The A_k of a model whose residuals have parameters.
struct ModelParts: Sendable {
  var all: [ModelPart]
  /// Σ log w of the prior weights alone.
  var sumOfLogWeights: Double
}

extension ModelParts {
  /// Σ c_k A_k of [X y] alone.
  func tail(_ c: [Double]) -> DenseMatrix {
    var sum = all[0].tail
    sum.storage = combination(all.map(\.tail.storage), c)
    return sum
  }
}

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

/// Σ c_k a_k
private func combination(_ arrays: [[Double]], _ c: [Double]) -> [Double] {
  var sum = arrays[0]
  let first = c[0]
  if first != 1 { for i in sum.indices { sum[i] *= first } }
  for (array, factor) in zip(arrays, c).dropFirst() {
    array.withUnsafeBufferPointer { array in
      sum.withUnsafeMutableBufferPointer { sum in
        for i in sum.indices { sum[i] += factor * array[i] }
      }
    }
  }
  return sum
}

extension RandomEffectsGroup {
  func with(zz: [Double], zx: [Double]) -> RandomEffectsGroup {
    RandomEffectsGroup(
      size: size, levels: levels, zz: zz, zx: zx, rank: rank, B: B, precision: precision)
  }
}

extension CoOccurrence {
  func with(_ blocks: [Double]) -> CoOccurrence {
    CoOccurrence(
      rowGroup: rowGroup, columnGroup: columnGroup, rowLevels: rowLevels,
      columnLevels: columnLevels, blocks: blocks)
  }
}
