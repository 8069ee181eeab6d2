// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension MatrixFreeEquations {
  /// Takes Λ for `answers`, without an estimate of the criterion.
  ///
  /// - Throws: `CholmodError.notPositiveDefinite` where a block is not finite.
  func prepareAnswers(_ factors: [[Double]]) throws { try core.update(factors) }

  /// M⁻¹Λᵀa for columns a of the levels' scalars, group after group, level after level: the core by conjugate
  /// gradients, S ξ = Uᵀ(a_o − A_ojH a_j), and x_j = N(a_j − A_joUξ) for the leading levels.
  ///
  /// - Throws: `FitError.slowSpectrum`.
  func answers(to a: DenseMatrix) throws -> DenseMatrix {
    let starts = model.groups.reduce(into: [0]) { $0.append($0.last! + $1.levelCount * $1.size) }
    var x = DenseMatrix(rows: a.rows, columns: a.columns)
    guard a.columns > 0 else { return x }
    let solver = CoreSolver(
      core: core, space: DeflationSpace(system, team, isEmpty: true), written: nil)
    let answer = CoreSolver.Answer(system, isWritten: core.entries != nil)
    let scratch = CoreSolver.Scratch(system)
    let (c, whitened) = (Panel(count: system.coreSize), Panel(count: system.coreSize))
    let t = Panel(count: system.leadingPlaces.count * system.size)
    for first in stride(from: 0, to: a.columns, by: 8) {
      let lanes = min(8, a.columns - first)
      func values(_ row: Int) -> Lanes {
        var result = Lanes.zero
        for lane in 0..<lanes { result[lane] = a[row, first + lane] }
        return result
      }
      for own in system.core {
        for (place, level) in own.places.levels.enumerated() {
          let row = starts[own.group] + Int(level) * own.size
          for i in 0..<own.size { c[own.first + place * own.size + i] = values(row + i) }
        }
      }
      let ℓ = system.size
      for (place, level) in system.leadingPlaces.levels.enumerated() {
        let row = starts[system.leading] + Int(level) * ℓ
        for i in 0..<ℓ { t[place * ℓ + i] = values(row + i) }
      }
      core.reduce(t, target: c, scratch: scratch.p)
      core.whiten(c, into: whitened)
      try solver.solve(whitened, answer, scratch)
      forEachAnswer(answer, t, starts) { row, value in
        for lane in 0..<lanes { x[row, first + lane] = value[lane] }
      }
    }
    return x
  }

  /// ξ = L⁻ᵀw, and the leading levels' answers to `t`, a_j.
  private func forEachAnswer(
    _ answer: CoreSolver.Answer, _ t: Panel, _ starts: [Int], _ body: (_ row: Int, _ value: Lanes) -> Void
  ) {
    var ξ: [Lanes] = []
    for (member, own) in system.core.enumerated() {
      let m = own.size
      for (place, level) in own.places.levels.enumerated() {
        let L = core.L.start + core.blockStarts[member] + place * m * m
        ξ = (0..<m).map { answer.w[own.first + place * m + $0] }
        for i in (0..<m).reversed() {
          for k in (i + 1)..<max(m, i + 1) { ξ[i] -= L[i * m + k] * ξ[k] }
          ξ[i] /= L[i * (m + 1)]
          body(starts[own.group] + Int(level) * m + i, ξ[i])
        }
      }
    }
    let (ℓ, T) = (system.size, core.factors[system.leading])
    var scratch = [Double](repeating: 0, count: 3 * ℓ * ℓ)
    var (N, F) = ([Double](repeating: 0, count: ℓ * ℓ), [Double](repeating: 0, count: ℓ * ℓ))
    for (place, level) in system.leadingPlaces.levels.enumerated() {
      MixedModels.respond(
        ℓ, .inverse, system.leadingZZ.start + place * ℓ * ℓ, T, &scratch, N: &N, F: &F)
      for i in 0..<ℓ {
        var sum = Lanes.zero
        for k in 0..<ℓ {
          sum += N[k * ℓ + i] * (t[place * ℓ + k] - core.leadingImage(answer, place, k))
        }
        body(starts[system.leading] + Int(level) * ℓ + i, sum)
      }
    }
  }
}
