// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// A way to move (φ, log σ) by one number: the standard deviations of some terms, or σ, times a scale.
struct VarianceDirection {
  private enum Kind {
    /// A factor, or a summand of a logarithm.
    case multiplied, added, kept
  }
  /// Of every coordinate.
  private let kinds: [Kind]

  /// That of all directions along which a function can be made the least and the greatest; of one term where
  /// that is as good.
  static func best(
    _ covariance: RelativeCovariance, hasSigma: Bool, from x: [Double],
    _ function: ([Double]) -> Double
  ) -> VarianceDirection {
    let blocks = covariance.blocks.indices.map { [$0] } + [Array(covariance.blocks.indices)]
    var all = blocks.map { VarianceDirection(covariance, blocks: $0, hasSigma: hasSigma) }
    if hasSigma { all.append(VarianceDirection(sigmaAfter: x.count - 1)) }
    func reach(_ direction: VarianceDirection) -> Double {
      // As ranks of the ends that are reached: a function may have infinite ones.
      let values = [1e-4, 0.03, 0.3, 3, 30, 1e4].map { function(direction.moved(x, scale: $0)) }
        .filter(\.isFinite).map { atan($0) }
      return (values.max() ?? 0) - (values.min() ?? 0)
    }
    let reaches = all.map(reach)
    let farthest = reaches.max() ?? 0
    let place = reaches.firstIndex { $0 >= 0.99 * farthest } ?? 0
    return all[place]
  }

  private init(_ covariance: RelativeCovariance, blocks: [Int], hasSigma: Bool) {
    kinds =
      zip(covariance.blocks.indices, covariance.blocks).flatMap { b, block -> [Kind] in
        let isMoved = blocks.contains(b)
        guard let structure = block.structure else {
          return Array(repeating: isMoved ? .multiplied : .kept, count: block.parameterCount)
        }
        return structure.parameters.map { parameter in
          guard isMoved, parameter.isDeviation else { return .kept }
          if case .deviation = parameter { return .added }
          return .multiplied
        }
      } + (hasSigma ? [.kept] : [])
  }

  private init(sigmaAfter count: Int) {
    kinds = Array(repeating: .kept, count: count) + [.added]
  }

  func moved(_ x: [Double], scale: Double) -> [Double] {
    zip(kinds, x).map { kind, value in
      switch kind {
      case .multiplied: value * scale
      case .added: value + log(max(scale, StructureParameter.leastDeviation))
      case .kept: value
      }
    }
  }

  /// Whether a scale changes nothing, since all that is multiplied is zero.
  func isStuck(_ x: [Double]) -> Bool {
    zip(kinds, x).allSatisfy { kind, value in
      switch kind {
      case .multiplied: value == 0
      case .added: false
      case .kept: true
      }
    }
  }

  /// ∂z/∂ log scale at z.
  func slope(_ z: [Double], scale: Double) -> [Double] {
    zip(kinds, z).map { kind, value in
      switch kind {
      case .multiplied: value
      case .added: scale > StructureParameter.leastDeviation ? 1 : 0
      case .kept: 0
      }
    }
  }

  /// ∂z_j/∂x_j.
  func stretch(_ j: Int, scale: Double) -> Double {
    if case .multiplied = kinds[j] { scale } else { 1 }
  }
}

extension RelativeCovariance {
  /// φ with unit variances for the terms that have none.
  func raisingZeros(_ φ: [Double]) -> [Double] {
    blockColumns.reduce(φ) { φ, columns in
      guard columns.allSatisfy({ column in column.allSatisfy { φ[$0] == 0 } }) else { return φ }
      var raised = φ
      for column in columns { raised[column.lowerBound] = 1 }
      return raised
    }
  }
}
