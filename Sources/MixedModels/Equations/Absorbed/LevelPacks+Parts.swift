// SPDX-License-Identifier: GPL-2.0-or-later
import CPanelKernels
import NumericalMethods

// Several A_k of the only grouping factor's levels.

extension LevelPacks {
  /// `target` ← Σ c_k A_k, of some packs.
  func combine(_ packs: Range<Int>, _ target: UnsafeMutablePointer<SIMD8<Double>>) {
    lmm_packs_combine(
      packs.count * perPack, Int32(partCount), numbers(fields.start + packs.lowerBound * perPack),
      packCount * perPack, coefficients, numbers(target))
  }

  /// The derivatives in the coefficients of the A_k, see `PartSlopes`.
  ///
  /// With D_j = TᵀA_jjT + I, N_j = D_j⁻¹Tᵀ and G = [K⁻¹]_xx, levels give
  ///
  ///     tr K⁻¹K̃_k = Σ_j ⟨TN_j + B_jGB_jᵀ, A_k,jj⟩ − 2⟨B_jG, A_k,jX⟩ + ⟨G, A_k,XX⟩,   B_j = TN_jA_jX,
  ///
  /// without G for ML, and b_j = TN_jA_j[X y]ζ the rest of ŵ.
  ///
  /// - Parameters:
  ///   - tails: [X y]ᵀW[X y] of every A_k.
  ///   - ζ: [−β; 1]
  ///   - fixedInverse: G, p × p; nil for ML.
  func partSlopes(
    _ tails: [DenseMatrix], _ T: [Double], ζ: [Double], fixedInverse G: DenseMatrix?,
    _ team: ThreadTeam
  ) -> PartSlopes {
    let (ℓ, p, count) = (size, width - 1, partCount)
    let stride = 2 * count
    let sums = OwnedBuffer(repeating: 0.0, count: parts * stride)
    let own = 4 * ℓ * ℓ + 3 * ℓ + 3 * ℓ * width + stride
    let scratch = OwnedBuffer(repeating: SIMD8<Double>.zero, count: own * team.count)
    nonisolated(unsafe) let (sumStart, scratchStart) = (sums.start, scratch.start)
    team.forEach(parts, pays: packCount * ℓ * ℓ * width * width > 10_000) { worker, part in
      let packs = part * packCount / parts..<(part + 1) * packCount / parts
      let (work, target) = (scratchStart + worker * own, sumStart + part * stride)
      addPartSlopes(packs, worker, T, ζ, width == 1 ? nil : G?.storage, work, target)
    }
    var slopes = PartSlopes(
      logDeterminant: tails.map { tail in
        guard let G else { return 0 }
        return (0..<p).reduce(0) { sum, j in
          sum + (0..<p).reduce(0) { $0 + G[$1, j] * tail[$1, j] }
        }
      }, squares: tails.map { dot(ζ, $0 * ζ) })
    for part in 0..<parts {
      for k in 0..<count {
        slopes.logDeterminant[k] += sums.start[part * stride + k]
        slopes.squares[k] += sums.start[part * stride + count + k]
      }
    }
    return slopes
  }

  private func addPartSlopes(
    _ packs: Range<Int>, _ worker: Int, _ T: [Double], _ ζ: [Double], _ G: [Double]?,
    _ scratch: UnsafeMutablePointer<SIMD8<Double>>, _ sums: UnsafeMutablePointer<Double>
  ) {
    let totals = scratch + 4 * size * size + 3 * size + 3 * size * width
    totals.update(repeating: .zero, count: 2 * partCount)
    forEachRun(of: packs, worker: worker) { first, run in
      lmm_packs_part_slopes(
        Int32(size), Int32(width), Int32(partCount), run.count, numbers(first),
        numbers(fields.start + run.lowerBound * perPack), packCount * perPack, T, ζ, G, numbers(scratch),
        numbers(totals))
    }
    for x in 0..<2 * partCount { sums[x] = totals[x].sum() }
  }
}
