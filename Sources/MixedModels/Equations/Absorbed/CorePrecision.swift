// SPDX-License-Identifier: GPL-2.0-or-later

/// Q of the groups in the core, by places.
struct CorePrecision {
  /// Q's diagonal at every place.
  let diagonal: [Double]
  /// Entries below the diagonal of place k's column: `starts[k]..<starts[k + 1]`; other place, value.
  let starts: [Int]
  let entries: [(place: Int, value: Double)]

  init(_ model: LinearMixedModel, _ layout: CoreLayout) {
    let incidence = layout.incidence
    diagonal = layout.order.map { node in
      model.groups[Int(incidence.groupOfNode[node])].precision.diagonal(incidence.level(of: node))
    }
    var found: [(first: Int, second: Int, value: Double)] = []
    for (g, group) in model.groups.enumerated() where g != layout.leading {
      for edge in group.precision.edges {
        let row = layout.place[incidence.firstNode[g] + Int(edge.row)]
        let column = layout.place[incidence.firstNode[g] + Int(edge.column)]
        found.append((min(row, column), max(row, column), edge.value))
      }
    }
    found.sort { ($0.first, $0.second) < ($1.first, $1.second) }
    var starts = [Int](repeating: 0, count: layout.order.count + 1)
    for entry in found { starts[entry.first + 1] += 1 }
    for place in layout.order.indices { starts[place + 1] += starts[place] }
    self.starts = starts
    entries = found.map { ($0.second, $0.value) }
  }

  /// Calls `body` with the places after one that its levels hang together with.
  @inline(__always)
  func forEachLater(_ place: Int, _ body: (_ other: Int, _ value: Double) -> Void) {
    for k in starts[place]..<starts[place + 1] { body(entries[k].place, entries[k].value) }
  }
}
