// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The derivative of log |S| in the blocks U of the core's groups, and what the leading group needs
/// for its own.
///
/// With S̄ = L⁻ᵀĒL⁻¹ + the block-diagonal matrix S̄_c, the derivative in S, log |S| changes by ⟨S̄, Ṡ⟩, so
/// that a group's slope is the sum of the blocks [B U S̄]_cc. Since E = L⁻¹SL⁻ᵀ − I and V = LᵀX₀G⁻ᵀ
/// feel L as well, which P = LLᵀ moves,
///
///     S̄_c = L⁻ᵀ(I + sym low Z)L⁻¹,   Z = −2[Ē(I + E)]_cc + 2V_cV̂_cᵀ,
///
/// where low keeps the lower triangle with half the diagonal (Murray 2016, arXiv 1602.07527).
final class CoreSlopes {
  /// U S̄_cUᵀ, m × m, group after group, place after place.
  let W: OwnedBuffer<Double>
  let core: CoreOperator
  let square: Int
  /// [Ē(I + E)]_cc, m × m, and the sums of each part.
  let N: OwnedBuffer<Double>
  let sums: OwnedBuffer<Double>
  let scratch: OwnedBuffer<Double>
  private let lanes: OwnedBuffer<Lanes>
  var system: CrossedSystem { core.system }

  init(_ core: CoreOperator) {
    self.core = core
    let widest = core.system.core.map(\.size).max() ?? 1
    square = widest * widest
    W = OwnedBuffer(repeating: 0, count: core.blockStarts.last!)
    N = OwnedBuffer(repeating: 0, count: core.blockStarts.last!)
    sums = OwnedBuffer(repeating: 0, count: core.system.coreParts.count * square)
    scratch = OwnedBuffer(repeating: 0, count: core.team.count * 5 * square)
    lanes = OwnedBuffer(repeating: .zero, count: core.team.count * widest)
  }

  /// Takes in a part of Ē.
  func add(_ krylov: KrylovSlopes) {
    let parts = system.coreParts
    core.team.forEach(parts.count, pays: system.pays) { worker, k in
      let (part, inverse) = (parts[k], scratch.start + worker * 5 * square)
      let own = system.core[part.member]
      let m = own.size
      for place in part.places {
        let at = core.blockStarts[part.member] + place * m * m
        invertLower(m, core.L.start + at, into: inverse)
        add(
          krylov, own.first + place * m, m, at, inverse, N.start + at, sums.start + k * square,
          lanes.start + worker * lanes.count / core.team.count)
      }
    }
  }

  /// Adds the slopes of log |S| and writes W, once all of Ē was taken in.
  func finish(V: Panel, Vhat: Panel, _ slopes: inout CovarianceSlopes) {
    let parts = system.coreParts
    core.team.forEach(parts.count, pays: system.pays) { worker, part in
      finish(
        parts[part], V, Vhat, sums.start + part * square, scratch.start + worker * 5 * square)
    }
    for (k, part) in parts.enumerated() {
      let own = system.core[part.member]
      for x in 0..<own.size * own.size {
        slopes.logDeterminant[own.group][x] += sums.start[k * square + x]
      }
    }
  }

  private func finish(
    _ part: CrossedSystem.CorePart, _ V: Panel, _ Vhat: Panel,
    _ sum: UnsafeMutablePointer<Double>, _ scratch: UnsafeMutablePointer<Double>
  ) {
    let own = system.core[part.member]
    let m = own.size
    let square = m * m
    let U = core.factors[own.group]
    let (inverse, inner) = (scratch, scratch + square)
    let (S, half) = (scratch + 2 * square, scratch + 3 * square)
    for place in part.places {
      let (s, at) = (own.first + place * m, core.blockStarts[part.member] + place * square)
      invertLower(m, core.L.start + at, into: inverse)
      // I + sym low Z
      for c in 0..<m {
        for r in c..<m {
          let z = (V[s + r] * Vhat[s + c]).sum() - N.start[at + c * m + r]
          inner[c * m + r] = r == c ? 1 + z : z
          inner[r * m + c] = inner[c * m + r]
        }
      }
      congruent(m, inverse, inner, half, into: S)  // L⁻ᵀ · L⁻¹
      // U S̄, B U S̄ and U S̄ Uᵀ
      multiplyBlocks(m, m, m, U, S, into: half)
      let (B, W) = (core.B.start + at, W.start + at)
      for c in 0..<m {
        for r in 0..<m {
          var (slope, product) = (0.0, 0.0)
          for k in 0..<m {
            slope += B[k * m + r] * half[c * m + k]
            product += half[k * m + r] * U[k * m + c]
          }
          sum[c * m + r] += slope
          W[c * m + r] = product
        }
      }
    }
  }

  /// Adds Σ_ij D_ij q_i((I + E)q_j)ᵀ to N, and Σ_ij D_ij y_i(L⁻ᵀq_j)ᵀ to the group's sum.
  @inline(__always)
  private func add(
    _ slopes: KrylovSlopes, _ s: Int, _ m: Int, _ at: Int, _ inverse: UnsafePointer<Double>,
    _ N: UnsafeMutablePointer<Double>, _ sum: UnsafeMutablePointer<Double>,
    _ lanes: UnsafeMutablePointer<Lanes>
  ) {
    let lanczos = slopes.lanczos
    let (R, J) = (core.R.start + at, core.J.start + at)
    for i in 0..<lanczos.steps {
      slopes.combined(i, lanczos.q, s, m, into: lanes)
      let (q, y) = (lanczos.q[i].start + s, lanczos.y[i].start + s)
      for c in 0..<m {
        var (image, scaled) = (Lanes.zero, Lanes.zero)
        for k in 0..<m {
          image += R[k * m + c] * y[k] + J[k * m + c] * q[k]
          scaled += inverse[c * m + k] * lanes[k]
        }
        for r in 0..<m {
          N[c * m + r] += (lanes[r] * image).sum()
          sum[c * m + r] += (y[r] * scaled).sum()
        }
      }
    }
  }

  /// XᵀAX
  @inline(__always)
  private func congruent(
    _ m: Int, _ X: UnsafePointer<Double>, _ A: UnsafePointer<Double>,
    _ half: UnsafeMutablePointer<Double>, into result: UnsafeMutablePointer<Double>
  ) {
    multiplyBlocks(m, m, m, A, X, into: half)
    for c in 0..<m {
      for r in 0..<m {
        result[c * m + r] = (0..<m).reduce(0.0) { $0 + X[r * m + $1] * half[c * m + $1] }
      }
    }
  }
}
