// SPDX-License-Identifier: GPL-2.0-or-later

/// Levels of several groups by connected components: two levels belong together if a chain of rows
/// leads from one to the other.
///
/// Nested factors give one component per level of the outermost; crossed ones usually a single one.
struct ConnectedLevels {
  /// Levels of every group before group g: level j of group g is node `starts[g]` + j.
  let starts: [Int]
  /// Nodes by component, each ascending.
  let components: [[Int]]
  /// Node → component, and the node's first row among the component's random effects.
  let component: [Int32]
  let position: [Int32]
  /// Random effects of every component.
  let sizes: [Int]

  init(_ model: LinearMixedModel) {
    var starts = [0]
    for group in model.groups { starts.append(starts.last! + group.levelCount) }
    var parent = [Int32](0..<Int32(starts.last!))
    func root(_ node: Int) -> Int {
      var node = node
      while Int(parent[node]) != node {
        parent[node] = parent[Int(parent[node])]
        node = Int(parent[node])
      }
      return node
    }
    for pair in model.pairs {
      for (row, column) in zip(pair.rowLevels, pair.columnLevels) {
        let a = root(starts[pair.rowGroup] + Int(row))
        let b = root(starts[pair.columnGroup] + Int(column))
        if a != b { parent[max(a, b)] = Int32(min(a, b)) }
      }
    }
    var index = [Int32](repeating: -1, count: parent.count)
    var components: [[Int]] = []
    var (component, position) = (index, index)
    var sizes: [Int] = []
    for (g, group) in model.groups.enumerated() {
      for node in starts[g]..<starts[g + 1] {
        let top = root(node)
        if index[top] < 0 {
          index[top] = Int32(components.count)
          components.append([])
          sizes.append(0)
        }
        let c = Int(index[top])
        component[node] = index[top]
        position[node] = Int32(sizes[c])
        components[c].append(node)
        sizes[c] += group.size
      }
    }
    (self.starts, self.components, self.sizes) = (starts, components, sizes)
    (self.component, self.position) = (component, position)
  }
}
