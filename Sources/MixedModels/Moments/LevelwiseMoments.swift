// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension CovarianceMoments {
  /// One grouping factor: B is block-diagonal by levels, and the work is O(levels).
  ///
  /// - Throws: `NotPositiveDefinite` if a level's matrix is not finite.
  static func levelwise(
    _ model: LinearMixedModel, _ parameters: [CovarianceParameter], factor λ: [Double],
    threads: Int
  ) throws -> CovarianceMoments {
    let group = model.groups[0]
    // As many shares on any number of threads, and not so many that they take much memory.
    let share = max(4096, (group.levelCount + 63) / 64)
    let parts = (group.levelCount + share - 1) / share
    let total = sum(
      p: model.fixedEffectCount, count: parameters.count, parts: parts, threads: threads
    ) {
      part in
      var moments = CovarianceMoments(p: model.fixedEffectCount, count: parameters.count)
      var kernel = LevelKernel(group.size, p: model.fixedEffectCount, parameters, λ)
      for level in part * share..<min((part + 1) * share, group.levelCount) {
        kernel.load(group, level: level)
        kernel.add(to: &moments)
      }
      return moments
    }
    guard total.traces.allSatisfy(\.isFinite) else { throw NotPositiveDefinite(column: 0) }
    return total
  }
}
