// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

/// P_r, Q_rs and tr(V⁻¹G_rV⁻¹G_s) of all parameters, σ² last.
package struct ParameterSums {
  package var P: [DenseMatrix]
  /// Lower triangle: Q[r][s] for s ≤ r.
  package var Q: [[DenseMatrix]]
  package var T: DenseMatrix

  init(P: [DenseMatrix], Q: [[DenseMatrix]], T: DenseMatrix) { (self.P, self.Q, self.T) = (P, Q, T) }

  package init(
    _ moments: CovarianceMoments, _ parameters: [CovarianceParameter], _ information: DenseMatrix,
    observations: Int
  ) {
    let m = parameters.count
    let γ = parameters.map(\.γ)
    P = (0..<m).map { -1 * moments.matrix(moments.HEH, $0) }
    Q = (0..<m).map { r in
      (0...r).map { moments.matrix(moments.HEBEH, CovarianceMoments.pair(r, $0)) }
    }
    T = DenseMatrix(rows: m + 1, columns: m + 1)
    for r in 0..<m {
      for s in 0...r {
        T[r, s] = moments.traces[CovarianceMoments.pair(r, s)]
        T[s, r] = T[r, s]
      }
    }
    // G_e = V − Σγ_rG_r
    var Pe = -1 * information
    for r in 0..<m { Pe = Pe - γ[r] * P[r] }
    var row: [DenseMatrix] = []
    for s in 0..<m {
      var Qes = -1 * P[s]
      T[m, s] = moments.singleTraces[s]
      for r in 0..<m {
        Qes = Qes - γ[r] * (r >= s ? Q[r][s] : Q[s][r].transposed)
        T[m, s] -= γ[r] * T[r, s]
      }
      T[s, m] = T[m, s]
      row.append(Qes)
    }
    var Qee = -1 * Pe
    T[m, m] = Double(observations)
    for r in 0..<m {
      Qee = Qee - γ[r] * row[r]
      T[m, m] -= γ[r] * (moments.singleTraces[r] + T[m, r])
    }
    P.append(Pe)
    Q.append(row + [Qee])
  }
}

extension DenseMatrix {
  var trace: Double { diagonal.reduce(0, +) }

  var symmetricPart: DenseMatrix { 0.5 * (self + transposed) }
}
