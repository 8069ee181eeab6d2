// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension LevelRelationship {
  /// Of levels that are correlated with their neighbours, such as the regions of a map: a conditional
  /// autoregression (Besag 1974, Journal of the Royal Statistical Society B 36, 192–236),
  ///
  ///     Q(ρ) = D − ρW,
  ///
  /// with W 1 for neighbours and D the numbers of neighbours: given all others an effect has the mean ρ times that of
  /// its neighbours', and a variance that goes down with their number. ρ in (−1, 1) is estimated.
  ///
  /// - Parameter pairs: Of neighbours; a pair may stand there in one order, or in both.
  /// - Throws: `RelationshipError` for a level that is its own neighbour.
  public init(neighbours pairs: [(String, String)]) throws(RelationshipError) {
    var index: [Label: Int32] = [:]
    var levels: [String] = []
    func place(_ level: String) -> Int32 {
      if let known = index[Label(level)] { return known }
      index[Label(level)] = Int32(levels.count)
      levels.append(level)
      return Int32(levels.count - 1)
    }
    var seen: Set<UInt64> = []
    var edges: [SparsePrecision.Edge] = []
    for (a, b) in pairs {
      guard !a.hasBytes(of: b) else { throw .ownNeighbour(a) }
      let (i, j) = (place(a), place(b))
      guard seen.insert(UInt64(min(i, j)) << 32 | UInt64(max(i, j))).inserted else { continue }
      edges.append(SparsePrecision.Edge(row: max(i, j), column: min(i, j), value: -Self.startingCorrelation))
    }
    var diagonal = [Double](repeating: 0, count: levels.count)
    for edge in edges {
      diagonal[Int(edge.row)] += 1
      diagonal[Int(edge.column)] += 1
    }
    let sorted = SparsePrecision.summed(edges, levels: levels.count)
    do throws(CholmodError) {
      let factor = try PrecisionFactor(diagonal, sorted)
      self.init(
        levels, SparsePrecision(diagonal: diagonal, edges: sorted, logDeterminant: factor.logDeterminant))
    } catch { throw .memoryShortage("\(error)") }
    isNeighbourhood = true
  }

  /// ρ of the precision that stands for the neighbourhood.
  static let startingCorrelation = 0.5

  /// Where the levels stand among those of a group: those of the data in their order, then the others.
  ///
  /// - Throws: `RelationshipError` for a level of the data that is not here.
  func positions(after levels: [String], factor: String) throws(RelationshipError) -> (positions: [Int], others: [String]) {
    var place = [Label: Int](minimumCapacity: self.levels.count)
    for (k, level) in self.levels.enumerated() { place[Label(level)] = k }
    var position = [Int](repeating: -1, count: self.levels.count)
    var unknown: [String] = []
    for (k, level) in levels.enumerated() {
      if let known = place[Label(level)] { position[known] = k } else { unknown.append(level) }
    }
    if let first = unknown.first {
      throw .unknownLevel(first, factor: factor, others: unknown.count - 1)
    }
    var others: [String] = []
    for (k, level) in self.levels.enumerated() where position[k] < 0 {
      position[k] = levels.count + others.count
      others.append(level)
    }
    return (position, others)
  }
}
