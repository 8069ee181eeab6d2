// SPDX-License-Identifier: GPL-2.0-or-later

/// How many levels of the core the levels of a leading group bring together, from counts alone.
struct LeadingMeetings {
  /// Pairs of a leading level and one of the core.
  let pairs: Double
  /// Σ over leading levels of the square of their partners' number.
  let squares: Double
  /// The same of the partners' scalars, each level's own left out: entries of the core off its diagonal
  /// blocks, as often as they are met.
  let entries: Double
  /// The same with each level's own: products of blocks.
  let products: Double
  /// Numbers of the blocks of those pairs, and scalars of the leading levels.
  let values: Double
  let leadingScalars: Double

  init(_ model: LinearMixedModel, leading: Int) {
    let levels = model.groups[leading].levelCount
    var degrees = [Int32](repeating: 0, count: levels)
    var scalars = [Int32](repeating: 0, count: levels)
    let leadingSize = model.groups[leading].size
    var (pairs, own, values) = (0, 0, 0)
    for pair in model.pairs where pair.contains(leading) {
      let isRow = pair.rowGroup == leading
      let size = model.groups[isRow ? pair.columnGroup : pair.rowGroup].size
      for level in isRow ? pair.rowLevels : pair.columnLevels {
        degrees[Int(level)] += 1
        scalars[Int(level)] += Int32(size)
      }
      pairs += pair.rowLevels.count
      own += pair.rowLevels.count * size * size
      values += pair.rowLevels.count * size * leadingSize
    }
    let square = { (sum: Double, x: Int32) in sum + Double(x) * Double(x) }
    (self.pairs, self.values) = (Double(pairs), Double(values))
    leadingScalars = Double(levels * leadingSize)
    squares = degrees.reduce(0, square)
    products = scalars.reduce(0, square) * Double(leadingSize)
    entries = scalars.reduce(0, square) - Double(own)
  }

  /// Whether levels of the core meet so few others that they are written out for certain, see `CoreEntries`.
  var areFew: Bool {
    squares <= LevelNeighbourhoods.mostMeetings * pairs
      && entries <= leadingScalars + 2 * CoreEntries.mostEntries * values
  }
}
