// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension CovarianceMoments {
  /// Bytes that one of the matrices between a component's random effects may take.
  static let largestMatrix = 2 << 30

  /// Several grouping factors: a dense B for every set of connected levels.
  ///
  /// - Throws: `InferenceError.kenwardRogerTooLarge`; `NotPositiveDefinite`.
  static func connected(
    _ model: LinearMixedModel, _ parameters: [CovarianceParameter], factors: [[Double]],
    threads: Int
  ) throws -> CovarianceMoments {
    let levels = ConnectedLevels(model)
    let largest = levels.sizes.max() ?? 0
    let memory = physicalMemory()
    let limit = memory > 0 ? min(largestMatrix, memory / 6) : largestMatrix
    guard largest * largest <= limit / 8 else {
      throw InferenceError.kenwardRogerTooLarge(
        group: model.terms.map(\.groupName).joined(separator: ", "), effects: largest,
        bytes: 8 * largest * largest, limit: limit)
    }
    let pairs = PairsByComponent(model, levels)
    // Large components one by one, each on all threads; small ones on a thread each.
    let isLarge = largest > 500
    if isLarge { setBLASThreads(threads) }
    defer { setBLASThreads(1) }
    let share = max(isLarge ? 1 : 16, (levels.components.count + 63) / 64)
    let parts = (levels.components.count + share - 1) / share
    let total = sum(
      p: model.fixedEffectCount, count: parameters.count, parts: parts,
      threads: isLarge ? 1 : threads
    ) { part in
      var moments = CovarianceMoments(p: model.fixedEffectCount, count: parameters.count)
      for c in part * share..<min((part + 1) * share, levels.components.count) {
        ComponentMatrices(model, levels, pairs, component: c, factors: factors)?
          .add(parameters, to: &moments) ?? moments.spoil()
      }
      return moments
    }
    guard total.traces.allSatisfy(\.isFinite) else { throw NotPositiveDefinite(column: 0) }
    return total
  }

  private mutating func spoil() { traces = traces.map { _ in .nan } }
}

/// Which co-occurring pairs of levels lie in which component.
struct PairsByComponent: Sendable {
  /// For every pair of groups: component → its pairs' indices, as ranges of `order`.
  let starts: [[Int32]]
  let order: [[Int32]]

  init(_ model: LinearMixedModel, _ levels: ConnectedLevels) {
    var (starts, order): ([[Int32]], [[Int32]]) = ([], [])
    for pair in model.pairs {
      let component = pair.rowLevels.map {
        Int(levels.component[levels.starts[pair.rowGroup] + Int($0)])
      }
      var next = [Int32](repeating: 0, count: levels.components.count + 1)
      for c in component { next[c + 1] += 1 }
      for c in 0..<levels.components.count { next[c + 1] += next[c] }
      starts.append(next)
      var sorted = [Int32](repeating: 0, count: component.count)
      for (index, c) in component.enumerated() {
        sorted[Int(next[c])] = Int32(index)
        next[c] += 1
      }
      order.append(sorted)
    }
    (self.starts, self.order) = (starts, order)
  }
}
