// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension RepeatedCriterion {
  /// Σ_kl W_kl (Q_kl − P_kΦP_l − ¼ R_kl) of Kenward & Roger (1997), p × p in working columns, with
  ///
  ///     P_k = XᵀV̇⁻¹_kX,   Q_kl = XᵀV̇⁻¹_k V V̇⁻¹_lX,   R_kl = XᵀV⁻¹ V̈_kl V⁻¹X.
  ///
  /// The sums over k and l are taken between visits first, so that no Q_kl is ever made.
  ///
  /// - Parameters:
  ///   - W: The covariance matrix of the parameters.
  ///   - P: Of every parameter.
  ///   - isLinear: Without R, as where V is linear in the parameters.
  func adjustment(
    _ at: Solution, W: DenseMatrix, P informationSlopes: [DenseMatrix], isLinear: Bool
  ) -> DenseMatrix {
    let (p, m) = (model.fixedEffectCount, model.visits.count)
    let derivatives = at.entries.map(derivatives)
    let curvatures = at.entries.enumerated().map { arm, entries in
      let first = model.range(arm).lowerBound
      return VisitCovariance.matrix(
        entries.map { entry in
          entry.curvatures.reduce(0) { sum, curvature in
            let (a, b, value) = curvature
            return sum + (a == b ? 1 : 2) * W[first + a, first + b] * value
          }
        }, m)
    }
    let A = model.weightedProducts { index in
      let (pattern, P) = (model.patterns[index], at.inverses[index])
      let first = model.range(pattern.arm).lowerBound
      let own = derivatives[pattern.arm].map { pattern.submatrix($0) }
      var middle = (isLinear ? 0 : -0.25) * pattern.submatrix(curvatures[pattern.arm])
      for k in own.indices {
        // Σ_l W_kl Σ̇_l
        var sum = DenseMatrix(rows: own[k].rows, columns: own[k].columns)
        for l in own.indices {
          let w = W[first + k, first + l]
          for e in sum.storage.indices { sum.storage[e] += w * own[l].storage[e] }
        }
        middle = middle + own[k] * (P * sum)
      }
      return (P * (middle * P)).symmetricPart
    }
    var total = A.submatrix(rows: Array(0..<p), columns: Array(0..<p))
    let ΦP = informationSlopes.map { at.Φ * $0 }
    for k in ΦP.indices {
      var sum = DenseMatrix(rows: p, columns: p)
      for l in ΦP.indices {
        for e in sum.storage.indices { sum.storage[e] += W[k, l] * ΦP[l].storage[e] }
      }
      total = total - informationSlopes[k] * sum
    }
    return total.symmetricPart
  }
}
