// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Vectors z with E[zzᵀ] = I for stochastic traces: ±1, drawn for every scalar from its own level's
/// number, so that neither threads nor the order of levels matter.
struct ProbeVectors {
  let system: CrossedSystem
  let seed: UInt64
  private static let purpose: UInt64 = 0x7072_6f62_6573

  /// Vectors 8b ..< 8b + 8.
  func fill(_ panel: Panel, block b: Int, _ team: ThreadTeam) {
    let parts = system.coreParts
    team.forEach(parts.count, pays: system.pays) { _, part in
      let own = system.core[parts[part].member]
      for place in parts[part].places {
        let level = Int(own.places.levels[place])
        for i in 0..<own.size {
          let scalar = own.first + level * own.size + i
          panel[own.first + place * own.size + i] = Self.entries(of: scalar, block: b, seed: seed)
        }
      }
    }
  }

  /// Those of one scalar in vectors 8b ..< 8b + 8.
  static func entries(of scalar: Int, block b: Int, seed: UInt64) -> Lanes {
    var stream = RandomStream(
      seed: seed, purpose: purpose &+ UInt64(b / 8), block: UInt64(scalar))
    let bits = stream.next() >> UInt64(8 * (b % 8))
    var lanes = Lanes(repeating: 1)
    for lane in 0..<8 where bits >> UInt64(lane) & 1 == 1 { lanes[lane] = -1 }
    return lanes
  }
}
