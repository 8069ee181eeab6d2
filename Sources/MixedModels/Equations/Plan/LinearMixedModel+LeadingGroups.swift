// SPDX-License-Identifier: GPL-2.0-or-later

extension LinearMixedModel {
  /// Groups worth absorbing, the largest first: those that leave not much more of a core than that
  /// one. Levels that hang together stay in the core.
  var leadingGroups: [Int] {
    let sizes = groups.map { $0.precision.isIdentity ? $0.levelCount * $0.size : 0 }
    let largest = sizes.max() ?? 0
    return sizes.indices.filter { sizes[$0] > 0 && 2 * sizes[$0] >= largest }
      .sorted { (-sizes[$0], $0) < (-sizes[$1], $1) }
  }
}
