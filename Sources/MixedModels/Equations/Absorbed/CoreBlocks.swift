// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The blocks of A below and on the diagonal of the core, by places: a node's own, those of pairs
/// among the groups that are not absorbed, and the tail's.
struct CoreBlocks {
  struct Block {
    /// First row in the core.
    let row: Int
    let rows: Int
    /// Where its values begin, by columns.
    let start: Int
  }
  /// Blocks of place k: `starts[k]..<starts[k + 1]`.
  let starts: [Int]
  let blocks: [Block]
  let values: [Double]

  init(_ model: LinearMixedModel, _ layout: CoreLayout) {
    let incidence = layout.incidence
    var below: [[(place: Int, pair: Int, k: Int)]] = Array(repeating: [], count: layout.order.count)
    for (p, pair) in model.pairs.enumerated() where !pair.contains(layout.leading) {
      for k in pair.rowLevels.indices {
        let row = layout.place[incidence.firstNode[pair.rowGroup] + Int(pair.rowLevels[k])]
        let column = layout.place[incidence.firstNode[pair.columnGroup] + Int(pair.columnLevels[k])]
        below[min(row, column)].append((max(row, column), p, k))
      }
    }
    var starts = [0]
    var blocks: [Block] = []
    var values: [Double] = []
    for (place, node) in layout.order.enumerated() {
      let group = model.groups[Int(incidence.groupOfNode[node])]
      let level = incidence.level(of: node)
      let m = group.size
      func append(row: Int, rows: Int, _ entry: (Int, Int) -> Double) {
        blocks.append(Block(row: row, rows: rows, start: values.count))
        for j in 0..<m { for i in 0..<rows { values.append(entry(i, j)) } }
      }
      append(row: layout.scalarStart[place], rows: m) { group.zz[(level * m + $1) * m + $0] }
      for (other, p, k) in below[place] {
        let pair = model.pairs[p]
        let isRow = pair.rowGroup == Int(incidence.groupOfNode[node])  // of the pair's own orientation
        let n = layout.scalarStart[other + 1] - layout.scalarStart[other]
        append(row: layout.scalarStart[other], rows: n) { i, j in
          isRow ? pair.blocks[(k * n + i) * m + j] : pair.blocks[(k * m + j) * n + i]
        }
      }
      append(row: layout.size, rows: model.tail.columns) { x, i in
        group.zx[(level * model.tail.columns + x) * m + i]
      }
      starts.append(blocks.count)
    }
    (self.starts, self.blocks, self.values) = (starts, blocks, values)
  }

  /// Adds the blocks of one place to `columns`, whose rows begin with the core's.
  @inline(__always)
  func add(
    place: Int, width: Int, to columns: UnsafeMutablePointer<Double>, stride: Int
  ) {
    for b in starts[place]..<starts[place + 1] {
      let block = blocks[b]
      for j in 0..<width {
        for i in 0..<block.rows {
          columns[j * stride + block.row + i] += values[block.start + j * block.rows + i]
        }
      }
    }
  }
}
