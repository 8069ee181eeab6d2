// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// How the core is stored and in which order it is eliminated: what is left of the system when the
/// levels of the leading group are absorbed, that is the levels of the other groups (nodes), then
/// X, then y.
package struct CoreLayout: Sendable {
  let incidence: Incidence
  /// Node (by its number in `incidence`) at each place.
  let order: [Int]
  /// Place of every node; −1 for leaves, which are no part of the core.
  let place: [Int]
  /// First scalar of each place, and their number at the end.
  let scalarStart: [Int]
  /// From this place on, products of W go through the BLAS; before, entry by entry.
  let firstFrequent: Int
  /// Blocks of the core by places; nil where it is dense.
  let pattern: SymmetricPattern?
  /// Multiplications that assemble the columns of each place entry by entry.
  let work: [Double]

  /// Scalars without the tail.
  var size: Int { scalarStart[order.count] }
  var leading: Int { incidence.leading }

  init(
    _ model: LinearMixedModel, _ incidence: Incidence, order: [Int], pattern: SymmetricPattern?
  ) {
    self.incidence = incidence
    self.order = order
    self.pattern = pattern
    var place = [Int](repeating: -1, count: incidence.nodeCount)
    var scalarStart = [0]
    for (position, node) in order.enumerated() {
      place[node] = position
      let size = model.groups[Int(incidence.groupOfNode[node])].size
      scalarStart.append(scalarStart[position] + size)
    }
    self.place = place
    self.scalarStart = scalarStart

    let leader = model.groups[incidence.leading]
    var left = [Int](repeating: model.tail.columns, count: leader.levelCount)
    for node in order {
      let size = scalarStart[place[node] + 1] - scalarStart[place[node]]
      for e in incidence.starts[node]..<incidence.starts[node + 1] {
        left[Int(incidence.partners[e])] += size
      }
    }
    work = order.indices.map { position in
      let node = order[position]
      let size = scalarStart[position + 1] - scalarStart[position]
      var entries = 0
      for e in incidence.starts[node]..<incidence.starts[node + 1] {
        let j = Int(incidence.partners[e])
        entries += left[j]
        left[j] -= size
      }
      return Double(entries * size * leader.size)
    }
    firstFrequent =
      pattern == nil
      ? Self.cut(
        work, scalarStart, tail: model.tail.columns, inner: leader.size * leader.levelCount)
      : order.count
  }

  /// Where products through the BLAS, zeros included, become cheaper than entry by entry.
  private static func cut(_ work: [Double], _ scalarStart: [Int], tail: Int, inner: Int) -> Int {
    let count = work.count
    var best = (place: count, seconds: work.reduce(0, +) * Cost.scatter)
    var before = 0.0
    for place in 0..<count {
      let columns = scalarStart[count] - scalarStart[place]
      let bytes = Double(columns + tail) * Double(inner) * 8
      if bytes <= Cost.panelBytes {
        let products = Double(columns) * (Double(columns) / 2 + Double(tail)) * Double(inner)
        let seconds = before * Cost.scatter + products * Cost.product + bytes * Cost.byte
        if seconds < best.seconds { best = (place, seconds) }
      }
      before += work[place]
    }
    return best.place
  }
}
