// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// A model's blocks as the matrix-free strategy works with them: one group leads, the others are
/// the core; the core's scalars are numbered group after group, place after place.
final class CrossedSystem: Sendable {
  let model: LinearMixedModel
  let leading: Int
  /// ℓ of the leading group.
  let size: Int
  /// The other groups.
  let core: [CoreGroup]
  let leadingPlaces: LevelPlaces
  /// A_jj and A_j[X y] of the leading levels.
  let leadingZZ: OwnedBuffer<Double>
  let leadingZX: OwnedBuffer<Double>
  /// Leading levels against each core group; nil where they do not occur together.
  let crossed: [CrossBlocks?]
  /// Core groups against each other.
  let direct: [CrossBlocks]
  /// Leading levels, and places of core groups, in parts of about equal work.
  let leadingParts: [Range<Int>]
  let coreParts: [CorePart]
  /// Scalars of the core.
  let coreSize: Int

  struct CoreGroup: Sendable {
    let group: Int
    /// m, scalars of each level.
    let size: Int
    let places: LevelPlaces
    /// First scalar in the core.
    let first: Int
    /// A_cc and A_c[X y], level after level by places.
    let zz: SharedValues
    let zx: SharedValues
  }

  /// Some places of one core group.
  struct CorePart: Sendable {
    /// Index among the core groups.
    let member: Int
    let places: Range<Int>
  }

  /// Numbers that several structures refer to.
  final class SharedValues: Sendable {
    let own: OwnedBuffer<Double>
    init(_ own: consuming OwnedBuffer<Double>) { self.own = own }
    var start: UnsafeMutablePointer<Double> { own.start }
  }

  private static let parts = 64

  init(_ model: LinearMixedModel, leading: Int) {
    (self.model, self.leading) = (model, leading)
    let width = model.tail.columns
    let places =
      LevelNeighbourhoods(model, leading: leading)?.places
      ?? model.groups.enumerated().map { g, group in
        LevelPlaces(levelCount: group.levelCount, pairs: model.pairs, group: g)
      }
    let leader = model.groups[leading]
    size = leader.size
    leadingPlaces = places[leading]
    leadingZZ = places[leading].arranged(leader.zz, width: leader.size * leader.size)
    leadingZX = places[leading].arranged(leader.zx, width: leader.size * width)
    var first = 0
    var core: [CoreGroup] = []
    for (g, group) in model.groups.enumerated() where g != leading {
      core.append(
        CoreGroup(
          group: g, size: group.size, places: places[g], first: first,
          zz: SharedValues(places[g].arranged(group.zz, width: group.size * group.size)),
          zx: SharedValues(places[g].arranged(group.zx, width: group.size * width))))
      first += group.levelCount * group.size
    }
    self.core = core
    coreSize = first
    let blocks = model.pairs.map { pair in
      CrossBlocks(
        pair, rows: places[pair.rowGroup], columns: places[pair.columnGroup],
        sizes: (model.groups[pair.rowGroup].size, model.groups[pair.columnGroup].size))
    }
    let contains = { (b: CrossBlocks, g: Int) in b.rowGroup == g || b.columnGroup == g }
    crossed = core.map { member in
      blocks.first { contains($0, leading) && contains($0, member.group) }
    }
    direct = blocks.filter { !contains($0, leading) }

    func work(_ group: Int) -> [Int] {
      var work = [Int](repeating: 8, count: model.groups[group].levelCount)
      for b in blocks where contains(b, group) {
        let starts = b.rows(of: group).starts.start
        for place in work.indices { work[place] += starts[place + 1] - starts[place] }
      }
      return work
    }
    leadingParts = Self.cut(work(leading))
    coreParts = core.enumerated().flatMap { member, own in
      Self.cut(work(own.group)).map { CorePart(member: member, places: $0) }
    }
  }

  /// Ranges of about equal work.
  private static func cut(_ work: [Int]) -> [Range<Int>] {
    let share = work.reduce(0, +) / parts + 1
    var (result, first, sum): ([Range<Int>], Int, Int) = ([], 0, 0)
    for place in work.indices {
      sum += work[place]
      if sum >= share || place == work.count - 1 {
        result.append(first..<place + 1)
        (first, sum) = (place + 1, 0)
      }
    }
    return result
  }

  /// Whether a sweep over all pairs is worth more than one thread.
  var pays: Bool { coreSize + leadingPlaces.count * size > 2000 }

  /// The scalars of one part.
  func scalars(_ part: CorePart) -> Range<Int> {
    let own = core[part.member]
    return own.first + part.places.lowerBound * own.size..<own.first + part.places.upperBound
      * own.size
  }

  /// Where the m × m blocks of each core group begin when those of all are stored one after
  /// another, and their whole length.
  var blockStarts: [Int] {
    var starts = [0]
    for own in core { starts.append(starts.last! + own.places.count * own.size * own.size) }
    return starts
  }
}
