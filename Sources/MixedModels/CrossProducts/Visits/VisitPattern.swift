// SPDX-License-Identifier: GPL-2.0-or-later

/// Subjects of one arm that were seen at the same visits, with Σ_i x_is x_itᵀ over them for every two of
/// these, x the row of [y X] in raw columns.
///
/// Visits and arms are codes of their cells in `CrossProducts`, and places among the levels in a
/// `RepeatedModel`.
struct VisitPattern: Sendable {
  let arm: Int
  /// Ascending.
  let visits: [Int]
  let subjects: Int
  /// Of every visit the raw columns that its rows have entries in.
  let columns: [[Int32]]
  /// Of visits s ≤ t at `pair(s, t)`: rows the columns of s, row-major.
  let blocks: [[Double]]

  /// The place of two visits s ≤ t of a pattern of m.
  static func pair(_ s: Int, _ t: Int, of m: Int) -> Int { s * (2 * m - s - 1) / 2 + t }

  func block(_ s: Int, _ t: Int) -> [Double] { blocks[Self.pair(s, t, of: visits.count)] }
}

extension VisitPattern {
  /// The same where visits and arms are counted otherwise.
  ///
  /// - Parameters:
  ///   - place: Of every visit here its number there.
  ///   - arms: Of every arm; nil: as it is.
  func placed(visits place: [Int], arms: [Int]? = nil) -> VisitPattern {
    let places = visits.map { place[$0] }
    let order = places.indices.sorted { places[$0] < places[$1] }
    let m = order.count
    var blocks = [[Double]](repeating: [], count: m * (m + 1) / 2)
    for s in 0..<m {
      for t in s..<m {
        let (a, b) = (order[s], order[t])
        blocks[Self.pair(s, t, of: m)] = a <= b ? block(a, b) : turnedBlock(b, a)
      }
    }
    return VisitPattern(
      arm: arms.map { $0[arm] } ?? arm, visits: order.map { places[$0] }, subjects: subjects,
      columns: order.map { columns[$0] }, blocks: blocks)
  }

  /// The sums of visits s ≤ t, rows the columns of t.
  private func turnedBlock(_ s: Int, _ t: Int) -> [Double] {
    let (block, rows, width) = (block(s, t), columns[t].count, columns[s].count)
    return (0..<rows * width).map { block[$0 % width * rows + $0 / width] }
  }
}
