// SPDX-License-Identifier: GPL-2.0-or-later
private import CPanelKernels
import NumericalMethods

/// Σ_ij D_ij q_iq_jᵀ of eight Krylov spaces as Σ_r ± v_rv_rᵀ: D has few eigenvalues that count, and the v_r of
/// one scalar lie side by side.
final class SlopeVectors {
  /// Vectors of each lane.
  let count: Int
  /// Of every scalar.
  let v: Panel
  private let signs: [Lanes]
  private let size: Int

  /// Eigenvalues less than this share of the largest are left out.
  private static let cut = 1e-11

  /// - Parameter former: Whose room may be written over.
  init(_ lanczos: PanelLanczos, weights: Lanes, reusing former: SlopeVectors?) throws {
    size = lanczos.size
    let k = lanczos.steps
    let kept = try (0..<8).map { lane -> [(value: Double, vector: [Double])] in
      guard weights[lane] != 0, lanczos.squaredNorms[lane] > 1e-20 else { return [] }
      let D = try lanczos.function(lane).slopes(.logarithmBeyondSquare)
      let (values, vectors) = symmetricEigenvectors(D)
      let largest = values.reduce(0) { max($0, abs($1)) }
      return values.indices.filter { abs(values[$0]) > Self.cut * largest }
        .map { (weights[lane] * lanczos.squaredNorms[lane] * values[$0], vectors.column($0)) }
    }
    let count = kept.map(\.count).max() ?? 0
    var signs = [Lanes](repeating: .zero, count: count)
    var coefficients = [Lanes](repeating: .zero, count: k * count)
    for lane in 0..<8 {
      for (r, term) in kept[lane].enumerated() {
        signs[r][lane] = term.value < 0 ? -1 : 1
        let length = abs(term.value).squareRoot()
        for i in 0..<k { coefficients[i * count + r][lane] = length * term.vector[i] }
      }
    }
    (self.count, self.signs) = (count, signs)
    let room = count * lanczos.size
    if let former, former.v.count >= room { v = former.v } else { v = Panel(count: room) }
    combine(lanczos, coefficients)
  }

  /// v_r = Σ_i C_ir q_i
  private func combine(_ lanczos: PanelLanczos, _ coefficients: [Lanes]) {
    let (k, count, target) = (lanczos.steps, count, v.start)
    let q: [UnsafePointer<Double>?] = lanczos.q[0..<k].map { numbers(UnsafePointer($0.start)) }
    guard count > 0 else { return }
    PanelAlgebra(team: lanczos.team, count: size).forEach { _, rows in
      coefficients.withUnsafeBufferPointer { coefficients in
        let coefficients = numbers(coefficients.baseAddress!)
        q.withUnsafeBufferPointer { q in
          lmm_panel_combine(
            rows.lowerBound, rows.upperBound, k, q.baseAddress!, count, coefficients,
            numbers(target))
        }
      }
    }
  }

  /// Adds Σ_r ± v_rv_rᵀ to Ē at the entries of E.
  func add(to entries: CoreEntries) {
    let system = entries.system
    let parts = system.coreParts
    let widest = system.core.map(\.size).max() ?? 1
    let scratch = OwnedBuffer(repeating: Lanes.zero, count: entries.team.count * widest * count)
    entries.team.forEach(parts.count, pays: system.pays) { worker, part in
      let (part, signed) = (parts[part], scratch.start + worker * widest * count)
      let own = system.core[part.member]
      for place in part.places {
        let s = own.first + place * own.size
        for i in 0..<own.size {
          for r in 0..<count { signed[i * count + r] = signs[r] * v[(s + i) * count + r] }
        }
        for pair in entries.pairs where pair.rows == part.member {
          add(pair, place, signed, firstColumn: system.core[pair.columns].first)
        }
      }
    }
  }

  /// Adds the same to Ē of rows of scalars.
  func add(to slopes: UnsafeMutablePointer<Double>, _ E: BlockRows, _ rows: Range<Int>) {
    let signed = OwnedBuffer(repeating: Lanes.zero, count: count)
    for i in rows {
      for r in 0..<count { signed.start[r] = signs[r] * v[i * count + r] }
      lmm_panel_add_inner_products(
        E.starts.start[i], E.starts.start[i + 1], E.partners.start, count, numbers(signed.start),
        numbers(v.start), slopes)
    }
  }

  @inline(__always)
  private func add(
    _ pair: CoreEntries.Pair, _ place: Int, _ signed: UnsafePointer<Lanes>, firstColumn: Int
  ) {
    let (m, n, count) = (pair.E.height, pair.E.width, count)
    let from = v.start + firstColumn * count
    guard m > 1 || n > 1 else {
      let starts = pair.E.starts.start
      return lmm_panel_add_inner_products(
        starts[place], starts[place + 1], pair.E.partners.start, count, numbers(signed),
        numbers(from),
        pair.slope.start)
    }
    pair.E.forEachPartner(place) { partner, k in
      let slope = pair.slope.start + k * m * n
      for c in 0..<n {
        let other = from + (Int(partner) * n + c) * count
        for i in 0..<m {
          var sum = Lanes.zero
          for r in 0..<count { sum += signed[i * count + r] * other[r] }
          slope[c * m + i] += sum.sum()
        }
      }
    }
  }
}
