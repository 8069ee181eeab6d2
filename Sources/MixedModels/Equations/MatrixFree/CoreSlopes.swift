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
  private let core: CoreOperator
  private let krylov: [KrylovSlopes]
  private let V: Panel
  private let Vhat: Panel
  private var system: CrossedSystem { core.system }

  init(_ core: CoreOperator, _ krylov: [KrylovSlopes], V: Panel, Vhat: Panel) {
    (self.core, self.krylov, self.V, self.Vhat) = (core, krylov, V, Vhat)
    W = OwnedBuffer(repeating: 0, count: core.blockStarts.last!)
  }

  /// Adds the slopes of log |S| and writes W.
  func add(to slopes: inout CovarianceSlopes) {
    let parts = system.coreParts
    let stride = (system.core.map(\.size).max() ?? 1)
    let square = stride * stride
    let sums = OwnedBuffer(repeating: 0.0, count: parts.count * square)
    let scratch = OwnedBuffer(repeating: 0.0, count: core.team.count * 6 * square)
    let lanes = OwnedBuffer(repeating: Lanes.zero, count: core.team.count * 2 * stride)
    core.team.forEach(parts.count, pays: system.pays) { worker, part in
      add(
        parts[part], sums.start + part * square, scratch.start + worker * 6 * square,
        lanes.start + worker * 2 * stride)
    }
    for (k, part) in parts.enumerated() {
      let own = system.core[part.member]
      for x in 0..<own.size * own.size {
        slopes.logDeterminant[own.group][x] += sums.start[k * square + x]
      }
    }
  }

  private func add(
    _ part: CrossedSystem.CorePart, _ sum: UnsafeMutablePointer<Double>,
    _ scratch: UnsafeMutablePointer<Double>, _ lanes: UnsafeMutablePointer<Lanes>
  ) {
    let own = system.core[part.member]
    let m = own.size
    let square = m * m
    let U = core.factors[own.group]
    let (N, inverse, inner) = (scratch, scratch + square, scratch + 2 * square)
    let (S, half) = (scratch + 3 * square, scratch + 4 * square)
    for place in part.places {
      let (s, at) = (own.first + place * m, core.blockStarts[part.member] + place * square)
      invertLower(m, core.L.start + at, into: inverse)
      N.update(repeating: 0, count: square)
      for slopes in krylov { add(slopes, s, m, at, inverse, N, sum, lanes) }
      // I + sym low Z
      for c in 0..<m {
        for r in c..<m {
          let z = (V[s + r] * Vhat[s + c]).sum() - N[c * m + r]
          inner[c * m + r] = r == c ? 1 + z : z
          inner[r * m + c] = inner[c * m + r]
        }
      }
      congruent(m, inverse, inner, half, into: S)  // L⁻ᵀ · L⁻¹
      // U S̄, B U S̄ and U S̄ Uᵀ
      multiply(m, U, S, into: half)
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
    multiply(m, A, X, into: half)
    for c in 0..<m {
      for r in 0..<m {
        result[c * m + r] = (0..<m).reduce(0.0) { $0 + X[r * m + $1] * half[c * m + $1] }
      }
    }
  }

  @inline(__always)
  private func multiply(
    _ m: Int, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>,
    into product: UnsafeMutablePointer<Double>
  ) {
    for c in 0..<m {
      for r in 0..<m {
        product[c * m + r] = (0..<m).reduce(0.0) { $0 + a[$1 * m + r] * b[c * m + $1] }
      }
    }
  }
}
