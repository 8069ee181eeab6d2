// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// M⁻¹ and H of a model with one grouping factor: D_j⁻¹ and D_j⁻¹TᵀA_jX, D_j = TᵀA_jjT + I.
struct SingleGroupInverse {
  /// Level after level, ℓ × ℓ.
  let own: [Double]
  /// Level after level, ℓ × p by columns.
  let fixed: [Double]

  init(_ model: LinearMixedModel, _ T: [Double], threads: Int) {
    let (group, p) = (model.groups[0], model.fixedEffectCount)
    let (ℓ, levels) = (group.size, group.levelCount)
    let parts = 64
    var fixed: [Double] = []
    own = [Double](unsafeUninitializedCapacity: levels * ℓ * ℓ) { owns, ownCount in
      fixed = [Double](unsafeUninitializedCapacity: levels * ℓ * p) { fixeds, fixedCount in
        // Every level is written by one thread.
        nonisolated(unsafe) let (owns, fixeds) = (owns, fixeds)
        inParallel(parts, threads: threads) { part in
          var scratch = [Double](repeating: 0, count: 3 * ℓ * ℓ)
          var (N, F) = (DenseMatrix(rows: ℓ, columns: ℓ), DenseMatrix(rows: ℓ, columns: ℓ))
          for j in part * levels / parts..<(part + 1) * levels / parts {
            group.zz.withUnsafeBufferPointer { zz in
              respond(
                ℓ, .inverse, zz.baseAddress! + j * ℓ * ℓ, T, &scratch, N: &N.storage,
                F: &F.storage)
            }
            for k in 0..<ℓ * ℓ { owns[j * ℓ * ℓ + k] = F.storage[k] }
            for x in 0..<p {
              for i in 0..<ℓ {
                var sum = 0.0
                for h in 0..<ℓ {
                  sum += N.storage[h * ℓ + i] * group.zx[(j * (p + 1) + x) * ℓ + h]
                }
                fixeds[(j * p + x) * ℓ + i] = sum
              }
            }
          }
        }
        fixedCount = levels * ℓ * p
      }
      ownCount = levels * ℓ * ℓ
    }
    self.fixed = fixed
  }
}
