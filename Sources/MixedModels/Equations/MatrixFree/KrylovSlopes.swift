// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The derivative of Σ_lanes ω zᵀf(E)z in E, Ē = Σ_ij D_ij q_iq_jᵀ: of the same vectors that the value
/// was made of.
struct KrylovSlopes {
  let lanczos: PanelLanczos
  /// D, row after row, the lanes' weights included.
  let D: [Lanes]

  init(_ lanczos: PanelLanczos, weights: Lanes) throws {
    self.lanczos = lanczos
    let k = lanczos.steps
    var D = [Lanes](repeating: .zero, count: k * k)
    for lane in 0..<8 where weights[lane] != 0 && lanczos.squaredNorms[lane] > 1e-20 {
      let slopes = try lanczos.function(lane).slopes(.logarithm)
      let scale = weights[lane] * lanczos.squaredNorms[lane]
      for i in 0..<k { for j in 0..<k { D[i * k + j][lane] = scale * slopes[i, j] } }
    }
    self.D = D
  }

  /// Σ_j D_ij x_j at scalars s ..< s + m.
  @inline(__always)
  func combined(
    _ i: Int, _ x: [Panel], _ s: Int, _ m: Int, into target: UnsafeMutablePointer<Lanes>
  ) {
    let k = lanczos.steps
    for r in 0..<m {
      var sum = Lanes.zero
      for j in 0..<k { sum += D[i * k + j] * x[j][s + r] }
      target[r] = sum
    }
  }
}

extension LogDeterminantEstimate {
  /// Calls `body` with the slopes in E one after another: those of the deflated vectors, then of the
  /// probes; none where E is written out. Returns V̂.
  ///
  /// When V = LᵀX₀G⁻ᵀ moves with L, the estimate changes by 2⟨V V̂ᵀ, Φ⟩ for Φ = L⁻¹L̇.
  ///
  /// Its expectation is zero, but this derivative is that of the estimate with its own probes:
  /// V̂ = (I − VVᵀ)f(E)V − Σ ω (g zᵀV + z̃ gᵀV) with z̃ = (I − VVᵀ)z, and g = (I − VVᵀ)f(E)z̃ in the
  /// first of these products.
  func forEachSlopes(
    _ core: CoreOperator, tolerance: Double, limit: Int, _ body: (KrylovSlopes) -> Void
  ) throws -> Panel {
    let algebra = space.algebra
    let (result, g) = (Panel(count: space.V.count), Panel(count: space.V.count))
    guard !isExact, core.entries == nil else { return result }
    body(try KrylovSlopes(deflated, weights: Lanes(repeating: 1)))
    try deflated.image(.logarithm, into: result)
    space.project(result)
    try forEachBlock(core, blockCount, tolerance: tolerance, limit: limit) { _, block in
      body(try KrylovSlopes(block.lanczos, weights: self.weights))
      try block.lanczos.image(.logarithm, into: g)
      let (weights, lengths) = (self.weights, block.lanczos.squaredNorms.squareRoot())
      var along = space.project(g).transposed
      var drawn = block.coordinates.transposed
      for lane in 0..<8 {
        drawn.rows[lane] *= weights[lane]
        along.rows[lane] *= weights[lane] * lengths[lane]
      }
      algebra.add(-1, g, times: drawn, to: result)
      algebra.add(-1, block.lanczos.q[0], times: along, to: result)
    }
    return result
  }
}
