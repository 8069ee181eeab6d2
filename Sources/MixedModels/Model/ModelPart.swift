// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// One A_k of a model with several, in its working coordinates, on the patterns of the whole.
struct ModelPart: Sendable {
  var groups: [RandomEffectsGroup]
  var pairs: [CoOccurrence]
  var tail: DenseMatrix
  /// What it has of absorbed factors; nil where there are none.
  var fixedLevels: FixedLevelsPart?
}

/// Of absorbed factors in one A_k: DᵀW_kD and DᵀW_k[X y] of every factor, and what levels share with those of others and
/// of random groups, on the patterns of `FixedLevels`.
struct FixedLevelsPart: Sendable {
  var groups: [RandomEffectsGroup]
  var pairs: [CoOccurrence]
}

/// The A_k of a model whose residuals have parameters.
struct ModelParts: Sendable {
  var all: [ModelPart]
  /// Σ log w of the prior weights alone.
  var sumOfLogWeights: Double
}

extension FixedLevelsPart {
  /// Σ c_k of them.
  init(_ parts: [FixedLevelsPart], _ c: [Double]) {
    groups = parts[0].groups.indices.map { g in
      let own = parts.map(\.groups[g])
      return own[0].with(zz: combination(own.map(\.zz), c), zx: combination(own.map(\.zx), c))
    }
    pairs = parts[0].pairs.indices.map { k in
      parts[0].pairs[k].with(combination(parts.map(\.pairs[k].blocks), c))
    }
  }
}

extension ModelParts {
  /// Σ c_k A_k of [X y] alone.
  func tail(_ c: [Double]) -> DenseMatrix {
    var sum = all[0].tail
    sum.storage = combination(all.map(\.tail.storage), c)
    return sum
  }
}

/// Σ c_k a_k
func combination(_ arrays: [[Double]], _ c: [Double]) -> [Double] {
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
