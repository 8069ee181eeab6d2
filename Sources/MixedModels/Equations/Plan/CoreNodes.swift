// SPDX-License-Identifier: GPL-2.0-or-later

/// The levels of all groups but a leading one, numbered group after group.
struct CoreNodes {
  /// First node of every group; the leading group has none.
  let firstNode: [Int]
  let groupOfNode: [Int32]

  init(_ model: LinearMixedModel, leading: Int) {
    var firstNode: [Int] = []
    var groupOfNode: [Int32] = []
    for (g, group) in model.groups.enumerated() {
      firstNode.append(groupOfNode.count)
      if g != leading { groupOfNode += repeatElement(Int32(g), count: group.levelCount) }
    }
    (self.firstNode, self.groupOfNode) = (firstNode, groupOfNode)
  }
}
