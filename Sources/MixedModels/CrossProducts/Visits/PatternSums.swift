// SPDX-License-Identifier: GPL-2.0-or-later

/// Σ_i x_is x_itᵀ over the subjects i that were seen at the same visits, for every two of these, with
/// x the row of [y X] in raw columns.
///
/// Rows at one visit have entries in few of the columns that X has in all where X has factors crossed
/// with visits: every visit has its own list of columns, which grows.
struct PatternSums: Sendable {
  /// Codes, ascending.
  let visits: [Int32]
  let arm: Int32
  private(set) var subjects = 0
  /// Of every visit the columns met, in the order in which they were.
  private(set) var columns: [[Int32]]
  /// The place of a column among a visit's, −1 where it has none.
  private var places: [[Int32]]
  /// Columns that there is room for.
  private var capacities: [Int]
  /// Of visits s ≤ t at `VisitPattern.pair`: rows those of s, row-major.
  private var sums: [[Double]]
  /// What was in `sums` before the last few thousand subjects, so that sums of millions lose no digits.
  private var earlier: [[Double]] = []
  private var recent = 0

  private static let batch = 4096

  init(visits: [Int32], arm: Int32) {
    (self.visits, self.arm) = (visits, arm)
    columns = visits.map { _ in [] }
    places = columns
    capacities = visits.map { _ in 0 }
    sums = Array(repeating: [], count: visits.count * (visits.count + 1) / 2)
  }

  /// Bytes of the sums.
  var bytes: Int { (sums + earlier).reduce(0) { $0 + 8 * $1.count } }

  /// Adds a subject, whose rows have `width` entries each; `order` has its rows by ascending visits.
  mutating func add(_ rows: SubjectRows, order: [Int], width: Int) {
    let m = visits.count
    for (s, row) in order.enumerated() {
      for k in row * width..<(row + 1) * width { meet(rows.columns[k], at: s) }
    }
    var local = [Int](repeating: 0, count: m * width)
    for (s, row) in order.enumerated() {
      for k in 0..<width { local[s * width + k] = Int(places[s][Int(rows.columns[row * width + k])]) }
    }
    rows.values.withUnsafeBufferPointer { values in
      for s in 0..<m {
        for t in s..<m {
          let stride = capacities[t]
          sums[VisitPattern.pair(s, t, of: m)].withUnsafeMutableBufferPointer { sums in
            for a in 0..<width {
              let x = values[order[s] * width + a]
              let line = local[s * width + a] * stride
              for b in 0..<width {
                sums[line + local[t * width + b]] += x * values[order[t] * width + b]
              }
            }
          }
        }
      }
    }
    subjects += 1
    recent += 1
    if recent == Self.batch { settle() }
  }

  /// Puts the last sums to the earlier ones.
  private mutating func settle() {
    if earlier.isEmpty {
      earlier = sums
    } else {
      for k in sums.indices { for e in sums[k].indices { earlier[k][e] += sums[k][e] } }
    }
    sums = sums.map { $0.map { _ in 0 } }
    recent = 0
  }

  private mutating func meet(_ column: Int32, at s: Int) {
    let column = Int(column)
    while places[s].count <= column { places[s].append(-1) }
    guard places[s][column] < 0 else { return }
    places[s][column] = Int32(columns[s].count)
    columns[s].append(Int32(column))
    if columns[s].count > capacities[s] { grow(s) }
  }

  /// Makes room for more columns of a visit.
  private mutating func grow(_ s: Int) {
    let old = capacities
    capacities[s] = max(8, 2 * capacities[s])
    let m = visits.count
    for a in 0..<m {
      for b in a..<m where a == s || b == s {
        let k = VisitPattern.pair(a, b, of: m)
        let (from, to) = ((old[a], old[b]), (capacities[a], capacities[b]))
        sums[k] = Self.restrided(sums[k], from, to)
        if !earlier.isEmpty { earlier[k] = Self.restrided(earlier[k], from, to) }
      }
    }
  }

  private static func restrided(
    _ old: [Double], _ from: (rows: Int, columns: Int), _ to: (rows: Int, columns: Int)
  ) -> [Double] {
    var new = [Double](repeating: 0, count: to.rows * to.columns)
    for i in 0..<from.rows {
      for j in 0..<from.columns { new[i * to.columns + j] = old[i * from.columns + j] }
    }
    return new
  }

  /// The sums without the room for more, rows those of s, row-major.
  fileprivate func block(_ s: Int, _ t: Int) -> [Double] {
    let k = VisitPattern.pair(s, t, of: visits.count)
    var block: [Double] = []
    block.reserveCapacity(columns[s].count * columns[t].count)
    for i in columns[s].indices {
      for j in columns[t].indices {
        let entry = i * capacities[t] + j
        block.append(sums[k][entry] + (earlier.isEmpty ? 0 : earlier[k][entry]))
      }
    }
    return block
  }
}

extension VisitPattern {
  init(_ sums: PatternSums) {
    let m = sums.visits.count
    self.init(
      arm: Int(sums.arm), visits: sums.visits.map { Int($0) }, subjects: sums.subjects, columns: sums.columns,
      blocks: (0..<m).flatMap { s in (s..<m).map { sums.block(s, $0) } })
  }
}
