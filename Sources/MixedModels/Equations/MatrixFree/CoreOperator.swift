// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// The core S = UᵀBU + I for one θ, B = A_oo − Σ_j A_ojH_jA_jo with H_j = T D_j⁻¹Tᵀ, as an operator: it is
/// never formed.
///
/// Its diagonal blocks P_c = L_cL_cᵀ are exact; in their coordinates S is I + E, and E has zero
/// diagonal blocks:
///
///     (I + E) q = L⁻¹(UᵀBU + I)L⁻ᵀq = R B Rᵀq + J q,   R = L⁻¹Uᵀ,   J = L⁻¹L⁻ᵀ.
final class CoreOperator {
  let system: CrossedSystem
  let team: ThreadTeam
  /// Of each leading level, ℓ × ℓ.
  let H: OwnedBuffer<Double>
  /// Diagonal blocks of B, of P's factor and of R and J, m × m, group after group, place after place.
  let B: OwnedBuffer<Double>
  let L: OwnedBuffer<Double>
  let R: OwnedBuffer<Double>
  let J: OwnedBuffer<Double>
  let blockStarts: [Int]
  /// The leading levels' blocks with each core group, and the group's first scalar.
  let leadingViews: OwnedBuffer<(rows: BlockRowsView, first: Int)>
  /// E where it is worth being written out.
  let entries: CoreEntries?
  /// Λ of the last update.
  private(set) var factors: [[Double]]
  /// Σ log |D_j| and log |P|.
  private(set) var leadingLogDeterminant = Double.nan
  private(set) var diagonalLogDeterminant = Double.nan
  /// Rᵀq of the last vectors, and HA_jo of these.
  private let w: Panel
  private var h: Panel?
  private let scratch: OwnedBuffer<Double>
  private let scratchStride: Int
  private let sums: OwnedBuffer<Double>

  /// - Parameter written: Whether E is to be written out; nil: where it pays.
  init(_ system: CrossedSystem, _ team: ThreadTeam, written: Bool? = nil) {
    (self.system, self.team) = (system, team)
    entries = written == false ? nil : CoreEntries(system, team, always: written == true)
    let views = system.crossed.enumerated().compactMap { member, crossed in
      crossed.map { (rows: $0.rows(of: system.leading).view, first: system.core[member].first) }
    }
    precondition(!views.isEmpty, "every row has a level of each group")
    leadingViews = OwnedBuffer(repeating: views[0], count: views.count)
    for (k, view) in views.enumerated() { leadingViews.start[k] = view }
    let blocks = system.blockStarts
    blockStarts = blocks
    H = OwnedBuffer(repeating: 0, count: system.leadingPlaces.count * system.size * system.size)
    B = OwnedBuffer(repeating: 0, count: blocks.last!)
    L = OwnedBuffer(repeating: 0, count: blocks.last!)
    R = OwnedBuffer(repeating: 0, count: blocks.last!)
    J = OwnedBuffer(repeating: 0, count: blocks.last!)
    factors = system.model.covariance.emptyFactors
    w = Panel(count: system.coreSize)
    let widest = system.model.groups.map(\.size).max() ?? 1
    scratchStride = 3 * widest * widest
    scratch = OwnedBuffer(repeating: 0, count: scratchStride * team.count)
    sums = OwnedBuffer(
      repeating: 0, count: max(system.leadingParts.count, system.coreParts.count))
  }

  /// - Throws: `CholmodError.notPositiveDefinite` where a block is not finite.
  func update(_ factors: [[Double]]) throws {
    self.factors = factors
    leadingLogDeterminant = updateLeading(factors[system.leading])
    diagonalLogDeterminant = leadingLogDeterminant.isFinite ? updateCore() : .nan
    guard leadingLogDeterminant.isFinite, diagonalLogDeterminant.isFinite else {
      throw CholmodError.notPositiveDefinite(column: 0)
    }
    entries?.update(self)
  }

  private func updateLeading(_ T: [Double]) -> Double {
    let (ℓ, parts) = (system.size, system.leadingParts)
    team.forEach(parts.count, pays: system.pays) { worker, part in
      let L = scratch.start + worker * scratchStride
      let P = L + ℓ * ℓ
      var pivots = ScalarPivotProduct()
      for j in parts[part] {
        factorizeLevel(ℓ, system.leadingZZ.start + j * ℓ * ℓ, T, L, P, &pivots)
        let own = H.start + j * ℓ * ℓ
        for c in 0..<ℓ {
          for r in 0..<ℓ {
            own[c * ℓ + r] = (0..<ℓ).reduce(0.0) { $0 + P[r * ℓ + $1] * P[c * ℓ + $1] }
          }
        }
      }
      sums.start[part] = pivots.logarithm
    }
    return (0..<parts.count).reduce(0) { $0 + sums.start[$1] }
  }

  private func updateCore() -> Double {
    let parts = system.coreParts
    team.forEach(parts.count, pays: system.pays) { worker, part in
      sums.start[part] = updateCore(parts[part], scratch.start + worker * scratchStride)
    }
    return (0..<parts.count).reduce(0) { $0 + sums.start[$1] }
  }

  /// B_c, L_c, R_c and J_c of some levels; returns their log |P_c|.
  private func updateCore(
    _ part: CrossedSystem.CorePart, _ scratch: UnsafeMutablePointer<Double>
  ) -> Double {
    let own = system.core[part.member]
    let (m, U, first) = (own.size, factors[own.group], blockStarts[part.member])
    let range = part.places.lowerBound * m * m..<part.places.upperBound * m * m
    (B.start + first + range.lowerBound).update(
      from: own.zz.start + range.lowerBound, count: range.count)
    if let crossed = system.crossed[part.member] {
      crossed.rows(of: own.group)
        .addSandwiches(part.places, H.start, scale: -1, to: B.start + first, scratch)
    }
    var pivots = ScalarPivotProduct()
    for place in part.places {
      let at = first + place * m * m
      let (L, R, J) = (L.start + at, R.start + at, J.start + at)
      factorizeLevel(m, B.start + at, U, L, R, &pivots)
      invertLower(m, L, into: scratch)
      for c in 0..<m {
        for r in 0..<m {
          var sum = 0.0
          for k in 0...min(r, c) { sum += scratch[k * m + r] * scratch[k * m + c] }
          J[c * m + r] = sum
        }
      }
    }
    return pivots.logarithm
  }

  /// `result` = (I + E) q for eight vectors; also y = B Rᵀq and t = A_joRᵀq, which derivatives need.
  func apply(_ q: Panel, y: Panel, t: Panel, result: Panel) {
    scale(q)
    toLeading(w, t: t)
    toCore(w, y: y)
    forEachPart { part in
      let own = system.core[part.member]
      let (m, first) = (own.size, blockStarts[part.member])
      for place in part.places {
        let (s, at) = (own.first + place * m, first + place * m * m)
        for i in 0..<m {
          var sum = Lanes.zero
          for k in 0..<m {
            sum += R.start[at + k * m + i] * y[s + k] + J.start[at + k * m + i] * q[s + k]
          }
          result[s + i] = sum
        }
      }
    }
  }

  /// t = A_joRᵀq alone.
  func project(_ q: Panel, t: Panel) {
    scale(q)
    toLeading(w, t: t)
  }

  /// w = Rᵀq
  private func scale(_ q: Panel) { scale(q, into: w) }

  /// w = Rᵀq
  func scale(_ q: Panel, into w: Panel) {
    forEachPart { part in
      let own = system.core[part.member]
      let (m, first) = (own.size, blockStarts[part.member])
      for place in part.places {
        let (s, at) = (own.first + place * m, first + place * m * m)
        for i in 0..<m {
          var sum = Lanes.zero
          for k in 0..<m { sum += R.start[at + i * m + k] * q[s + k] }
          w[s + i] = sum
        }
      }
    }
  }

  /// t = A_jow and h = Ht
  private func toLeading(_ w: Panel, t: Panel) {
    let (ℓ, parts, h) = (system.size, system.leadingParts, roomForImages)
    team.forEach(parts.count, pays: system.pays) { _, part in
      let levels = parts[part]
      (t.start + levels.lowerBound * ℓ).update(repeating: .zero, count: levels.count * ℓ)
      for (member, crossed) in system.crossed.enumerated() {
        crossed?.rows(of: system.leading)
          .addProducts(levels, w.start + system.core[member].first, to: t.start)
      }
      multiply(levels, t, into: h)
    }
  }

  /// There is none before it is needed.
  private var roomForImages: Panel {
    let room = h ?? Panel(count: system.leadingPlaces.count * system.size)
    h = room
    return room
  }

  /// h = Ht for some leading levels.
  private func multiply(_ levels: Range<Int>, _ t: Panel, into h: Panel) {
    let ℓ = system.size
    for j in levels {
      for i in 0..<ℓ {
        var sum = Lanes.zero
        for k in 0..<ℓ { sum += H.start[(j * ℓ + k) * ℓ + i] * t[j * ℓ + k] }
        h[j * ℓ + i] = sum
      }
    }
  }

  /// y = A_oow − A_ojh; without w, −A_ojh.
  private func toCore(_ w: Panel?, y: Panel) {
    let h = roomForImages
    forEachPart { part in
      let own = system.core[part.member]
      let (m, scalars) = (own.size, system.scalars(part))
      (y.start + scalars.lowerBound).update(repeating: .zero, count: scalars.count)
      system.crossed[part.member]?.rows(of: own.group)
        .addProducts(part.places, h.start, to: y.start + own.first)
      for s in scalars { y[s] = -y[s] }
      guard let w else { return }
      for place in part.places {
        let s = own.first + place * m
        for k in 0..<m {
          for i in 0..<m { y[s + i] += own.zz.start[(place * m + k) * m + i] * w[s + k] }
        }
      }
      for blocks in system.direct
      where blocks.rowGroup == own.group || blocks.columnGroup == own.group {
        let other = system.core.first { $0.group == blocks.partner(of: own.group) }!
        blocks.rows(of: own.group)
          .addProducts(part.places, w.start + other.first, to: y.start + own.first)
      }
    }
  }

  /// A_ox − A_ojH A_jx for eight columns x, given A_jx in `t` and A_ox in `target`.
  func reduce(_ t: Panel, target: Panel, scratch y: Panel) {
    let (parts, h) = (system.leadingParts, roomForImages)
    team.forEach(parts.count, pays: system.pays) { _, part in multiply(parts[part], t, into: h) }
    toCore(nil, y: y)
    forEachPart { part in for s in system.scalars(part) { target[s] += y[s] } }
  }

  /// R x of the core's blocks.
  func whiten(_ x: Panel, into result: Panel) {
    forEachPart { part in
      let own = system.core[part.member]
      let (m, first) = (own.size, blockStarts[part.member])
      for place in part.places {
        let (s, at) = (own.first + place * m, first + place * m * m)
        for i in 0..<m {
          var sum = Lanes.zero
          for k in 0..<m { sum += R.start[at + k * m + i] * x[s + k] }
          result[s + i] = sum
        }
      }
    }
  }

  func forEachPart(_ body: (CrossedSystem.CorePart) -> Void) {
    let parts = system.coreParts
    team.forEach(parts.count, pays: system.pays) { _, part in body(parts[part]) }
  }
}
