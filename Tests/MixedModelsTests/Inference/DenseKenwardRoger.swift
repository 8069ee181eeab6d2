// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Kenward and Roger's method as it is written down: n × n matrices, one G_r per element of the
/// covariance matrices and one for σ².
struct DenseKenwardRoger {
  let Φ: DenseMatrix
  let adjusted: DenseMatrix
  let W: DenseMatrix
  let P: [DenseMatrix]

  /// V = Σ γ_r G_r.
  init(X: DenseMatrix, G: [DenseMatrix], γ: [Double]) throws {
    var V = γ[0] * G[0]
    for r in 1..<G.count { V = V + γ[r] * G[r] }
    let inverse = try Self.inverse(V)
    Φ = try Self.inverse(X.transposed * (inverse * X))
    let half = G.map { inverse * $0 }  // V⁻¹G_r
    let right = inverse * X
    let P = half.map { -1 * (X.transposed * ($0 * right)) }
    var information = DenseMatrix(rows: G.count, columns: G.count)
    var Q: [[DenseMatrix]] = []
    for r in G.indices {
      Q.append(G.indices.map { s in X.transposed * (half[r] * (half[s] * right)) })
      for s in G.indices {
        let traces =
          Self.trace(half[r] * half[s]) - 2 * Self.trace(Φ * Q[r][s])
          + Self.trace((Φ * P[r]) * (Φ * P[s]))
        information[r, s] = traces / 2
      }
    }
    W = try Self.inverse(information)
    var sum = DenseMatrix(rows: X.columns, columns: X.columns)
    for r in G.indices {
      for s in G.indices { sum = sum + W[r, s] * (Q[r][s] - P[r] * (Φ * P[s])) }
    }
    adjusted = Φ + 2 * (Φ * (sum * Φ))
    self.P = P
  }

  /// 2 / Σ W_rs tr(ΘΦP_rΦ) tr(ΘΦP_sΦ) of a single coefficient.
  func degreesOfFreedom(_ k: Int) -> Double {
    let t = P.map { (Φ * ($0 * Φ))[k, k] / Φ[k, k] }
    var sum = 0.0
    for r in t.indices { for s in t.indices { sum += W[r, s] * t[r] * t[s] } }
    return 2 / sum
  }

  private static func inverse(_ a: DenseMatrix) throws -> DenseMatrix {
    var factor = a
    try DenseCholesky.factorize(&factor)
    return DenseCholesky.inverse(factor: factor)
  }

  private static func trace(_ a: DenseMatrix) -> Double { a.diagonal.reduce(0, +) }
}
