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

  /// Adds what some packs of A give to the derivatives in the coefficients of the A_k, see `PartSlopes`, but for the
  /// first one.
  ///
  /// With D_j = TᵀA_jjT + I, N_j = D_j⁻¹Tᵀ and G = [K⁻¹]_xx, levels give
  ///
  ///     tr K⁻¹K̃_k = Σ_j ⟨TN_j + B_jGB_jᵀ, A_k,jj⟩ − 2⟨B_jG, A_k,jX⟩ + ⟨G, A_k,XX⟩,   B_j = TN_jA_jX,
  ///
  /// without G for ML, and b_j = TN_jA_j[X y]ζ the rest of ŵ.
  ///
  /// - Parameters:
  ///   - first: Of A.
  ///   - run: The same packs in the A_k.
  ///   - ζ: [−β; 1]
  ///   - G: p × p; nil for ML.
  ///   - scratch: `partScratch` of them, the last of which the sums are added to: Σ of log-determinants, then of squares.
  func addPartSlopes(
    _ first: UnsafePointer<SIMD8<Double>>, _ run: Range<Int>, _ T: [Double], _ ζ: [Double],
    _ G: [Double]?, _ scratch: UnsafeMutablePointer<SIMD8<Double>>
  ) {
    lmm_packs_part_slopes(
      Int32(size), Int32(width), Int32(partCount), run.count, numbers(first),
      numbers(fields.start + run.lowerBound * perPack), packCount * perPack, T, ζ,
      width == 1 ? nil : G, numbers(scratch), numbers(partTotals(scratch)))
  }

  /// Where sums over eight levels side by side are, in scratch.
  func partTotals(
    _ scratch: UnsafeMutablePointer<SIMD8<Double>>
  ) -> UnsafeMutablePointer<SIMD8<Double>> {
    scratch + partScratch - 2 * partCount
  }

  /// Room that derivatives in the coefficients take; 0 where there is one A.
  var partScratch: Int {
    partCount == 0 ? 0 : 4 * size * size + 3 * size + 3 * size * width + 2 * partCount
  }

  /// The derivatives from the sums over levels.
  ///
  /// That in the first coefficient, which is 1, follows from those that all coefficients have together.
  ///
  /// - Parameters:
  ///   - sums: Of every part of the levels, log-determinants and then squares.
  ///   - tails: [X y]ᵀW[X y] of every A_k.
  ///   - together: Σ c_k ∂/∂c_k of the log-determinant and of r².
  func partSlopes(
    _ sums: [Double], _ tails: [DenseMatrix], ζ: [Double], fixedInverse G: DenseMatrix?,
    together: (logDeterminant: Double, squares: Double)
  ) -> PartSlopes {
    let (p, count) = (width - 1, partCount)
    var slopes = PartSlopes(
      logDeterminant: tails.map { tail in
        guard let G else { return 0 }
        return (0..<p).reduce(0) { sum, j in
          sum + (0..<p).reduce(0) { $0 + G[$1, j] * tail[$1, j] }
        }
      }, squares: tails.map { dot(ζ, $0 * ζ) })
    for part in 0..<parts {
      for k in 0..<count {
        slopes.logDeterminant[k] += sums[part * 2 * count + k]
        slopes.squares[k] += sums[part * 2 * count + count + k]
      }
    }
    let others = 1..<count
    slopes.logDeterminant[0] =
      together.logDeterminant - others.reduce(0) { $0 + coefficients[$1] * slopes.logDeterminant[$1] }
    slopes.squares[0] =
      together.squares - others.reduce(0) { $0 + coefficients[$1] * slopes.squares[$1] }
    return slopes
  }
}
