// SPDX-License-Identifier: GPL-2.0-or-later

extension MatrixFreeEquations {
  /// u = ξ_y − Σ ξ_xβ_x for the core, and u_j = D_j⁻¹Tᵀ(A_jy − A_jXβ − A_joUu) for the leading levels.
  package func solution() throws -> (u: [Double], β: [Double]) {
    var u = model.groups.map { [Double](repeating: 0, count: $0.levelCount * $0.size) }
    for (b, answer) in tail.answers.enumerated() { addCore(answer, tail.residualLanes(b), to: &u) }
    addLeading(to: &u)
    return (u.flatMap { $0 }, tail.coefficients)
  }

  /// L⁻ᵀw of the combination of columns.
  private func addCore(
    _ answer: CoreSolver.Answer, _ combination: Lanes, to u: inout [[Double]]
  ) {
    for (member, own) in system.core.enumerated() {
      let m = own.size
      for place in 0..<own.places.count {
        let level = Int(own.places.levels[place])
        let L = core.L.start + core.blockStarts[member] + place * m * m
        var x = (0..<m).map { (answer.w[own.first + place * m + $0] * combination).sum() }
        for i in (0..<m).reversed() {
          for k in (i + 1)..<max(m, i + 1) { x[i] -= L[i * m + k] * x[k] }
          x[i] /= L[i * (m + 1)]
          u[own.group][level * m + i] += x[i]
        }
      }
    }
  }

  private func addLeading(to u: inout [[Double]]) {
    let (ℓ, T) = (system.size, core.factors[system.leading])
    var rest = [Double](repeating: 0, count: system.leadingPlaces.count * ℓ)
    for (b, answer) in tail.answers.enumerated() {
      let combination = tail.residualLanes(b)
      for j in 0..<system.leadingPlaces.count {
        for i in 0..<ℓ {
          let own = tail.leading(b, j, i) - core.leadingImage(answer, j, i)
          rest[j * ℓ + i] += (own * combination).sum()
        }
      }
    }
    var scratch = [Double](repeating: 0, count: 3 * ℓ * ℓ)
    var (N, F) = ([Double](repeating: 0, count: ℓ * ℓ), [Double](repeating: 0, count: ℓ * ℓ))
    for place in 0..<system.leadingPlaces.count {
      MixedModels.respond(
        ℓ, .inverse, system.leadingZZ.start + place * ℓ * ℓ, T, &scratch, N: &N, F: &F)
      let level = Int(system.leadingPlaces.levels[place])
      for i in 0..<ℓ {
        u[system.leading][level * ℓ + i] =
          (0..<ℓ).reduce(0) { $0 + N[$1 * ℓ + i] * rest[place * ℓ + $1] }
      }
    }
  }
}
