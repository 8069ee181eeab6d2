// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension LevelPacks {
  /// u_j = D_j⁻¹Tᵀ[A_jX A_jy]ζ for every level, with ζ = [−β; 1].
  func modes(_ T: [Double], ζ: [Double], levels: Int, _ team: ThreadTeam) -> [Double] {
    let (ℓ, triangle) = (size, size * (size + 1) / 2)
    return forEachLevel(T, levels: levels, values: ℓ, team) { pack, N, _, target in
      for i in 0..<ℓ { target[i] = .zero }
      for h in 0..<ℓ {
        var sum = SIMD8<Double>.zero
        for x in 0..<ζ.count { sum += pack[triangle + x * ℓ + h] * ζ[x] }
        for i in 0..<ℓ { target[i] += N[h * ℓ + i] * sum }
      }
    }
  }

  /// [M⁻¹]_jj = D_j⁻¹ for every level, ℓ × ℓ.
  func conditionalCovariances(_ T: [Double], levels: Int, _ team: ThreadTeam) -> [Double] {
    let ℓ = size
    return forEachLevel(T, levels: levels, values: ℓ * ℓ, team) { _, _, F, target in
      for x in 0..<ℓ * ℓ { target[x] = F[x] }
    }
  }

  /// So many values for every level, computed for eight at a time from N and F in the inverse form
  /// (see `respond`).
  private func forEachLevel(
    _ T: [Double], levels: Int, values: Int, _ team: ThreadTeam,
    _ body: (
      _ pack: UnsafePointer<SIMD8<Double>>, _ N: UnsafePointer<SIMD8<Double>>,
      _ F: UnsafePointer<SIMD8<Double>>, _ target: UnsafeMutablePointer<SIMD8<Double>>
    ) -> Void
  ) -> [Double] {
    let ℓ = size
    let own = 5 * ℓ * ℓ + ℓ + values
    let scratch = OwnedBuffer(repeating: SIMD8<Double>.zero, count: own * team.count)
    nonisolated(unsafe) let scratchStart = scratch.start
    nonisolated(unsafe) let body = body
    return [Double](unsafeUninitializedCapacity: levels * values) { buffer, count in
      nonisolated(unsafe) let result = buffer.baseAddress!
      team.forEach(parts, pays: packCount > 100) { worker, part in
        let (N, F) = (scratchStart + worker * own, scratchStart + worker * own + ℓ * ℓ)
        let (work, target) = (F + ℓ * ℓ, F + 4 * ℓ * ℓ + ℓ)
        let packs = part * packCount / parts..<(part + 1) * packCount / parts
        forEachRun(of: packs, worker: worker) { first, run in
          for k in run {
            let pack = first + (k - run.lowerBound) * perPack
            respond(ℓ, .inverse, pack, T, N: N, F: F, work)
            body(pack, N, F, target)
            for lane in 0..<min(8, levels - 8 * k) {
              for x in 0..<values { result[(8 * k + lane) * values + x] = target[x][lane] }
            }
          }
        }
      }
      count = levels * values
    }
  }
}
