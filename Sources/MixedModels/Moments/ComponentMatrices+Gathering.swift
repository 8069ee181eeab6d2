// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension ComponentMatrices {
  /// nil if the equations are not positive definite, that is, not finite.
  init?(
    _ model: LinearMixedModel, _ levels: ConnectedLevels, _ pairs: PairsByComponent,
    component: Int, factors: [[Double]]
  ) {
    let p = model.fixedEffectCount
    let sizes = model.groups.map(\.size)
    let nodes = levels.components[component].map { node -> (group: Int, level: Int, row: Int) in
      let g = levels.starts.lastIndex { $0 <= node }!
      return (g, node - levels.starts[g], Int(levels.position[node]))
    }
    let q = levels.sizes[component]
    var A = DenseMatrix(rows: q, columns: q)
    var C = DenseMatrix(rows: q, columns: p)
    for node in nodes {
      let (group, ℓ) = (model.groups[node.group], model.groups[node.group].size)
      for j in 0..<ℓ {
        for i in 0..<ℓ {
          A[node.row + i, node.row + j] = group.zz[(node.level * ℓ + j) * ℓ + i]
        }
      }
      for c in 0..<p {
        for i in 0..<ℓ { C[node.row + i, c] = group.zx[(node.level * (p + 1) + c) * ℓ + i] }
      }
    }
    for (k, pair) in model.pairs.enumerated() {
      let (rowSize, columnSize) = (sizes[pair.rowGroup], sizes[pair.columnGroup])
      let end = component + 1 < pairs.starts[k].count ? Int(pairs.starts[k][component + 1]) : 0
      for index in pairs.order[k][Int(pairs.starts[k][component])..<end].lazy.map({ Int($0) }) {
        let row = Int(levels.position[levels.starts[pair.rowGroup] + Int(pair.rowLevels[index])])
        let column = Int(
          levels.position[levels.starts[pair.columnGroup] + Int(pair.columnLevels[index])])
        for j in 0..<columnSize {
          for i in 0..<rowSize {
            let value = pair.blocks[(index * columnSize + j) * rowSize + i]
            A[row + i, column + j] = value
            A[column + j, row + i] = value
          }
        }
      }
    }
    self.init(
      A, C, blocks: nodes.map { ($0.group, $0.row) }, sizes: sizes, factors: factors)
  }
}
