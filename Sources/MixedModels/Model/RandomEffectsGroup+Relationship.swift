// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

extension RandomEffectsGroup {
  /// The same group with all levels of a relationship: those of the data in their order, then the
  /// others, of which A has nothing.
  ///
  /// - Throws: `RelationshipError` for a level of the data that it does not have.
  func related(
    by relationship: LevelRelationship, factor: String
  ) throws(RelationshipError) -> RandomEffectsGroup {
    let (position, others) = try relationship.positions(after: levels, factor: factor)
    return with(
      others, .sparse(relationship.precision.permuted(to: position)))
  }

  /// The same group with more levels, of which A has nothing, and a Q of all.
  func with(_ more: [String], _ precision: LevelPrecision) -> RandomEffectsGroup {
    RandomEffectsGroup(
      size: size, levels: levels + more, zz: zz + Array(repeating: 0, count: more.count * size * size),
      zx: zx + Array(repeating: 0, count: more.count * (zx.count / max(levels.count, 1))), rank: rank,
      B: B, precision: precision)
  }
}
