// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension ScaledRemainder {
  /// Of the length of c; what is left of r² is its square.
  private static let tolerance = 1e-12
  /// What is accepted where rounding allows no better.
  private static let poorest = 1e-8
  private static let stepLimit = 2000

  /// w with (I + E)w = c for eight right-hand sides, and the rest c − (I + E)w: conjugate gradients, begun anew
  /// from the true rest until that is small.
  ///
  /// - Throws: `FitError.slowSpectrum`.
  func solve(_ c: Panel) throws(FitError) -> (w: Panel, rest: Panel, steps: Int) {
    let algebra = PanelAlgebra(team: team, count: size)
    let (w, r, p, image) = (Panel(count: size), Panel(count: size), Panel(count: size), Panel(count: size))
    let length = algebra.dot(c, c)
    algebra.copy(c, to: r)
    var (steps, before) = (0, length)
    while steps < Self.stepLimit {
      let isSolved = improve(w, r, p, image, goal: Self.tolerance * Self.tolerance * length, &steps, algebra)
      apply(w, result: r)
      algebra.forEach { _, rows in for i in rows { r[i] = c[i] - r[i] } }
      if isSolved { return (w, r, steps) }
      let rest = algebra.dot(r, r)
      if all(rest .<= Self.poorest * Self.poorest * length), !any(rest .< 0.01 * before) { return (w, r, steps) }
      before = rest
    }
    throw .slowSpectrum(steps: steps)
  }

  /// Takes w further, given the rest r; returns whether what the recurrence says is left is no more than `goal`.
  private func improve(
    _ w: Panel, _ r: Panel, _ p: Panel, _ image: Panel, goal: Lanes, _ steps: inout Int,
    _ algebra: PanelAlgebra
  ) -> Bool {
    var ρ = algebra.dot(r, r)
    var β = Lanes.zero
    p.start.update(repeating: .zero, count: p.count)
    for _ in 0..<200 where any(ρ .> goal) {
      algebra.forEach { _, rows in for i in rows { p[i] = r[i] + β * p[i] } }
      apply(p, result: image)
      let curvature = algebra.dot(p, image)
      // A column that is done stays as it is.
      var step = Lanes.zero
      for lane in 0..<8 where ρ[lane] > goal[lane] && curvature[lane] > 0 {
        step[lane] = ρ[lane] / curvature[lane]
      }
      let next = algebra.advance(step, p, image, w: w, r: r)
      β = .zero
      for lane in 0..<8 where step[lane] != 0 { β[lane] = next[lane] / ρ[lane] }
      ρ = next
      steps += 1
    }
    return !any(ρ .> goal)
  }
}
