// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension CovarianceMoments {
  /// Bytes that one of the dense matrices may take.
  static let largestMatrix = 2 << 30

  /// Several grouping factors: a dense B for every set of connected levels, or, where one set is
  /// large, with the levels of the largest group absorbed.
  ///
  /// With `limit`, bytes that one matrix may take, whatever the sizes.
  ///
  /// - Throws: `InferenceError.kenwardRogerTooLarge`; `NotPositiveDefinite`.
  static func crossed(
    _ model: LinearMixedModel, _ parameters: [CovarianceParameter], factors: [[Double]],
    threads: Int, limit given: Int? = nil
  ) throws -> CovarianceMoments {
    let levels = ConnectedLevels(model)
    let largest = levels.sizes.max() ?? 0
    if largest <= smallComponent, given == nil {
      return try connected(model, levels, parameters, factors: factors, threads: threads)
    }
    let sizes = model.groups.map { $0.levelCount * $0.size }
    let leading = sizes.indices.max { sizes[$0] < sizes[$1] }!
    let core = model.randomEffectCount - sizes[leading]
    let limit = given ?? denseLimit
    guard core * core <= limit / 8 else {
      throw InferenceError.kenwardRogerTooLarge(
        group: model.terms.filter { $0.group != leading }.map(\.name).joined(separator: ", "),
        effects: core, bytes: 8 * core * core, limit: limit)
    }
    return try absorbed(
      model, parameters, factors: factors, leading: leading)
  }

  /// Bytes that one of the dense matrices may take on this machine.
  static var denseLimit: Int {
    let memory = min(physicalMemory() / 10, availableMemory() / 4)
    return memory > 0 ? min(largestMatrix, memory) : largestMatrix
  }

  /// Random effects of connected levels that are few enough for dense matrices of all.
  private static let smallComponent = 400

  /// - Throws: `NotPositiveDefinite`.
  static func connected(
    _ model: LinearMixedModel, _ levels: ConnectedLevels, _ parameters: [CovarianceParameter],
    factors: [[Double]], threads: Int
  ) throws -> CovarianceMoments {
    let pairs = PairsByComponent(model, levels)
    let share = max(16, (levels.components.count + 63) / 64)
    let parts = (levels.components.count + share - 1) / share
    let total = sum(
      p: model.fixedEffectCount, count: parameters.count, parts: parts, threads: threads
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
