// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension CoreEntries {
  /// Which levels of one core group meet which of another: with the same leading level, or in a row.
  struct Pattern {
    /// Index among the core groups of rows and of columns.
    let rows: Int
    let columns: Int
    var pattern: BlockRows.Pattern
  }

  /// A row of the core is written once, a sweep of the operator goes over all pairs twice: more entries
  /// than so many times those of a sweep are not worth their memory.
  static let mostEntries = 2.0

  /// The patterns of all pairs of core groups that meet, diagonal blocks left out; nil where they would
  /// take much more than the pairs of levels themselves.
  ///
  /// - Parameter always: Whether nothing is too much.
  static func patterns(
    _ system: CrossedSystem, _ team: ThreadTeam, always: Bool
  ) -> [Pattern]? {
    let counts = (0..<system.leadingPlaces.count).reduce(into: (pairs: 0.0, meetings: 0.0)) {
      sums, j in
      let degree = system.crossed.reduce(0) { sum, crossed in
        sum + (crossed.map { $0.rows(of: system.leading).degree(j) } ?? 0)
      }
      sums.pairs += Double(degree)
      sums.meetings += Double(degree * degree)
    }
    guard always || counts.meetings <= LevelNeighbourhoods.mostMeetings * counts.pairs else { return nil }
    var limit = Double(system.leadingPlaces.count * system.size)
    for blocks in system.crossed.compactMap({ $0 }) + system.direct {
      limit += 2 * mostEntries * Double(blocks.byRow.valueCount)
    }
    var (patterns, entries) = ([Pattern](), 0.0)
    for rows in system.core.indices {
      for columns in system.core.indices {
        let pattern = pattern(system, team, rows, columns)
        guard !pattern.partners.isEmpty else { continue }
        entries += Double(
          pattern.partners.count * system.core[rows].size * system.core[columns].size)
        guard always || entries <= limit else { return nil }
        patterns.append(Pattern(rows: rows, columns: columns, pattern: pattern))
      }
    }
    return patterns
  }

  /// The partners of every row, in order.
  private static func pattern(
    _ system: CrossedSystem, _ team: ThreadTeam, _ rows: Int, _ columns: Int
  ) -> BlockRows.Pattern {
    let (own, other) = (system.core[rows], system.core[columns])
    let parts = system.coreParts.filter { $0.member == rows }
    let found = Found(parts.count)
    // The row at which a column was met last.
    let columnCount = other.places.count
    let metRows = OwnedBuffer(repeating: Int32(-1), count: team.count * columnCount)
    let crossed = system.crossed[rows].flatMap { first in
      system.crossed[columns].map { (first.rows(of: own.group), $0.rows(of: system.leading)) }
    }
    let direct = system.direct.first {
      rows != columns && ($0.rowGroup, $0.columnGroup) == (own.group, other.group)
        || ($0.columnGroup, $0.rowGroup) == (own.group, other.group)
    }?.rows(of: own.group)
    team.forEach(parts.count, pays: system.pays) { worker, part in
      let met = metRows.start + worker * columnCount
      var (counts, partners) = ([Int](), [Int32]())
      for i in parts[part].places {
        let first = partners.count
        if rows == columns { met[i] = Int32(i) }
        func meet(_ k: Int32) {
          guard met[Int(k)] != Int32(i) else { return }
          met[Int(k)] = Int32(i)
          partners.append(k)
        }
        if let (leaders, partnersOf) = crossed {
          leaders.forEachPartner(i) { j, _ in partnersOf.forEachPartner(Int(j)) { k, _ in meet(k) }
          }
        }
        direct?.forEachPartner(i) { k, _ in meet(k) }
        partners[first...].sort()
        counts.append(partners.count - first)
      }
      found.set(part, counts, partners)
    }
    return found.pattern
  }

  /// What threads have found, part by part.
  ///
  /// `@unchecked Sendable`: every part is written by one thread.
  private final class Found: @unchecked Sendable {
    private let parts: UnsafeMutablePointer<(counts: [Int], partners: [Int32])>
    private let count: Int

    init(_ count: Int) {
      self.count = count
      parts = .allocate(capacity: max(count, 1))
      parts.initialize(repeating: ([], []), count: count)
    }

    deinit {
      parts.deinitialize(count: count)
      parts.deallocate()
    }

    func set(_ part: Int, _ counts: [Int], _ partners: [Int32]) { parts[part] = (counts, partners) }

    var pattern: BlockRows.Pattern {
      var pattern = BlockRows.Pattern(starts: [0], partners: [])
      for part in 0..<count {
        for n in parts[part].counts { pattern.starts.append(pattern.starts.last! + n) }
        pattern.partners += parts[part].partners
        parts[part].partners = []
      }
      return pattern
    }
  }
}

extension BlockRows {
  /// Numbers stored, or that would be.
  var valueCount: Int { partners.count * height * width }

  /// Partners of a row.
  func degree(_ row: Int) -> Int { starts.start[row + 1] - starts.start[row] }

  /// Calls `body` with the partners of a row and the places of their blocks.
  @inline(__always)
  func forEachPartner(_ row: Int, _ body: (_ partner: Int32, _ block: Int) -> Void) {
    for k in starts.start[row]..<starts.start[row + 1] { body(partners.start[k], k) }
  }

  /// Copies block k, or the number 1.
  @inline(__always)
  func copyBlock(_ k: Int, to target: UnsafeMutablePointer<Double>) {
    guard !isUnit else { return target[0] = 1 }
    for x in 0..<height * width { target[x] = values.start[k * height * width + x] }
  }
}
