// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

/// Rows of some levels of a grouping factor, a bounded number of each, from one pass.
struct GroupRows: Sendable {
  struct Row: Sendable {
    /// The covariate; NaN without one.
    var x: Double
    /// The response.
    var y: Double
    /// Xβ + Zb + offset.
    var fitted: Double
    /// Xβ + offset.
    var fixed: Double
  }

  /// Of every level that was asked for.
  private(set) var rows: [[Row]]
  /// All there were.
  private(set) var counts: [Int]
  /// x and response of all rows, of any level; empty unless they were asked for.
  private(set) var all = HexagonalCounts()
  /// Every so many rows one is kept.
  private var strides: [Int]

  private static let rowLimit = 150

  /// Levels are places in R's order of those of the term's group; the axis decides what x is: a
  /// number, or the place of a factor's level.
  ///
  /// With `countsAll` the rows of other levels are counted, too, which needs an axis.
  ///
  /// - Throws: `DataError`, `FitError`, `FigureError.otherRows`.
  init(
    _ source: FigureSource, data: [any TableSource], term: Int, levels: [Int], axis: DataAxis?,
    countsAll: Bool = false
  ) throws {
    rows = levels.map { _ in [] }
    counts = levels.map { _ in 0 }
    strides = levels.map { _ in 1 }
    let basis = source.fitted.products.basis
    let g = source.model.terms[term].group
    let group = source.model.groups[g]
    var slots = [Int32](repeating: -1, count: group.levelCount)
    for (slot, level) in levels.enumerated() { slots[level] = Int32(slot) }
    let (cellSet, rank) = (basis.groups[g].cellSet, group.rank)
    let x: @Sendable (RowBlock, [[Int32]], Int) -> Double =
      switch axis {
      case .number(let atom)?:
        { [shift = basis.atoms[atom].shift, scale = basis.atoms[atom].scale] block, _, row in
          block.polynomials[atom][0][row] * scale + shift
        }
      case .factor(let levels)?:
        { [set = levels.cellSet, places = levels.places] _, codes, row in
          Double(places[Int(codes[set][row])])
        }
      case nil: { _, _, _ in .nan }
      }
    try source.forEachRows(
      of: data,
      with: { [slots] block, codes in
        let level = codes[cellSet]
        return level.indices.compactMap { row -> (row: Int, slot: Int, x: Double)? in
          let slot = Int(slots[rank[Int(level[row])]])
          guard slot >= 0 || countsAll else { return nil }
          return (row, slot, x(block, codes, row))
        }
      }
    ) { rows, chosen in
      for (row, slot, x) in chosen {
        let fitted = rows.fitted[row]
        if countsAll { all.add(x, fitted + rows.residuals[row]) }
        guard slot >= 0 else { continue }
        add(
          Row(x: x, y: fitted + rows.residuals[row], fitted: fitted, fixed: rows.fixed[row]),
          to: slot)
      }
    }
  }

  private mutating func add(_ row: Row, to slot: Int) {
    defer { counts[slot] += 1 }
    guard counts[slot].isMultiple(of: strides[slot]) else { return }
    rows[slot].append(row)
    guard rows[slot].count > Self.rowLimit else { return }
    rows[slot] = rows[slot].enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
    strides[slot] *= 2
  }
}
