// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// What Ē = (I + E)⁻¹ − I of a core that is written out adds to the derivative of log |S|, unit vector
/// after unit vector: nothing is kept of them but sums.
///
/// With Ē = Σ e(Ēe)ᵀ the core's groups gain the blocks [Σ B Rᵀe (L⁻ᵀĒe)ᵀ]_cc. Z of `CoreSlopes` vanishes,
/// for Ē(I + E) = −E has no diagonal blocks.
final class WrittenSlopes {
  private let core: CoreOperator
  private let square: Int
  private let sums: OwnedBuffer<Double>
  private let scratch: OwnedBuffer<Double>
  /// Σ t (tĒe)ᵀ of each leading level, ℓ × ℓ, for t = A_joRᵀe.
  let products: OwnedBuffer<Double>
  private var system: CrossedSystem { core.system }

  init(_ core: CoreOperator, _ written: WrittenCore) {
    self.core = core
    let system = core.system
    let widest = system.core.map(\.size).max() ?? 1
    square = widest * widest
    sums = OwnedBuffer(repeating: 0, count: system.coreParts.count * square)
    scratch = OwnedBuffer(repeating: 0, count: core.team.count * square)
    products = OwnedBuffer(
      repeating: 0, count: system.leadingPlaces.count * system.size * system.size)
    written.forEachUnits(core) { units in
      addCore(units)
      addLeading(units)
    }
  }

  /// Adds the slopes of the core's groups.
  func add(to slopes: inout CovarianceSlopes) {
    for (k, part) in system.coreParts.enumerated() {
      let own = system.core[part.member]
      for x in 0..<own.size * own.size {
        slopes.logDeterminant[own.group][x] += sums.start[k * square + x]
      }
    }
  }

  private func addCore(_ units: WrittenCore.Units) {
    let parts = system.coreParts
    core.team.forEach(parts.count, pays: system.pays) { worker, k in
      let (part, inverse, sum) = (
        parts[k], scratch.start + worker * square, sums.start + k * square
      )
      let own = system.core[part.member]
      let m = own.size
      for place in part.places {
        let (s, at) = (own.first + place * m, core.blockStarts[part.member] + place * m * m)
        invertLower(m, core.L.start + at, into: inverse)
        for c in 0..<m {
          var scaled = Lanes.zero
          for i in c..<m { scaled += inverse[c * m + i] * units.change[s + i] }
          for r in 0..<m { sum[c * m + r] += (units.y[s + r] * scaled).sum() }
        }
      }
    }
  }

  private func addLeading(_ units: WrittenCore.Units) {
    let (ℓ, parts) = (system.size, system.leadingParts)
    core.team.forEach(parts.count, pays: system.pays) { _, part in
      for j in parts[part] {
        for c in 0..<ℓ {
          for r in 0..<ℓ {
            products.start[(j * ℓ + c) * ℓ + r] +=
              (units.changeT[j * ℓ + r] * units.t[j * ℓ + c]).sum()
          }
        }
      }
    }
  }
}
