// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// First derivatives of the criterion's parts in the blocks T_g of Λ, ℓ × ℓ by columns for every
/// group: with ⟨a, b⟩ = Σ a_ik b_ik and a change Ṫ of the group's block,
///
///     ∂ log |K| = 2 ⟨logDeterminant, Ṫ⟩   (log |M| for ML),   ∂ r² = −2 ⟨residual, Ṫ⟩.
///
/// They are logDeterminant = Σ_j [ZᵀPZ]_jj T with P = V⁻¹ − V⁻¹X(XᵀV⁻¹X)⁻¹XᵀV⁻¹ (V⁻¹ for ML), and
/// residual = Σ_j s_j u_jᵀ with s = ZᵀW(y − Xβ − ZΛu); u = Λᵀs.
package struct CovarianceSlopes: Equatable {
  package var logDeterminant: [[Double]]
  package var residual: [[Double]]
  /// In the coefficients of several A_k; nil where there is one A.
  package var parts: PartSlopes?
  /// In the entries of Q, of the groups whose Q has parameters.
  package var precisions: [Int: PrecisionSlopes] = [:]

  package init(logDeterminant: [[Double]], residual: [[Double]]) {
    (self.logDeterminant, self.residual) = (logDeterminant, residual)
  }

  /// Those of r² alone.
  var ofSquares: CovarianceSlopes {
    var alone = CovarianceSlopes(
      logDeterminant: logDeterminant.map { $0.map { _ in 0 } }, residual: residual)
    alone.parts = parts?.ofSquares
    alone.precisions = precisions.mapValues(\.ofSquares)
    return alone
  }
}

/// First derivatives in the coefficients c_k of A(c) = Σ c_kA_k: with ŵ = [b; β; −1] and K̃_k the system
/// that A_k makes,
///
///     ∂ log |K|/∂c_k = tr K⁻¹K̃_k   (M for ML),   ∂ r²/∂c_k = ŵᵀA_kŵ.
package struct PartSlopes: Equatable, Sendable {
  package var logDeterminant: [Double]
  package var squares: [Double]
  /// Whether log |R| of the residuals takes part.
  fileprivate(set) var includesResidualDeterminant = true

  package init(logDeterminant: [Double], squares: [Double]) {
    (self.logDeterminant, self.squares) = (logDeterminant, squares)
  }

  fileprivate var ofSquares: PartSlopes {
    var alone = PartSlopes(logDeterminant: logDeterminant.map { _ in 0 }, squares: squares)
    alone.includesResidualDeterminant = false
    return alone
  }
}

/// How the matrices [ZᵀPZ]_jj = E_j − Q_j G Q_jᵀ of a group are computed.
///
/// Since Tᵀ[ZᵀPZ]_jj T = I − [K⁻¹]_jj there are two ways, and they lose digits at opposite ends.
enum SlopeForm {
  /// From [K⁻¹]_jj: T must be invertible; the error is that of 1 − 1 / (1 + t²a).
  case inverse
  /// From E_j = (I + A_jjTTᵀ)⁻¹A_jj and Q_j = (I + A_jjTTᵀ)⁻¹A_jo: T may be zero; the error grows
  /// with t²a.
  case direct

  /// The better one for levels with `rows` rows each (columns have mean square 1).
  init(_ T: [Double], size: Int, rows: Double) {
    let (least, greatest) = T.squaredSingularValues(size: size)
    self = least * greatest * rows * rows > 1 ? .inverse : .direct
  }
}

extension [Double] {
  /// The least and the greatest eigenvalue of TᵀT for a lower triangular T, ℓ × ℓ by columns.
  func squaredSingularValues(size: Int) -> (least: Double, greatest: Double) {
    if size == 1 { return (self[0] * self[0], self[0] * self[0]) }
    let T = DenseMatrix(rows: size, columns: size, storage: self)
    let values = symmetricEigenvalues(T.transposed * T)
    return (Swift.max(values.min() ?? 0, 0), values.max() ?? 0)
  }

  /// T⁻ᵀ S for a lower triangular T; both ℓ × ℓ by columns.
  func solveTransposed(_ S: [Double], size ℓ: Int) -> [Double] {
    var x = S
    for j in 0..<ℓ {
      for i in stride(from: ℓ - 1, through: 0, by: -1) {
        for k in (i + 1)..<Swift.max(ℓ, i + 1) { x[j * ℓ + i] -= self[i * ℓ + k] * x[j * ℓ + k] }
        x[j * ℓ + i] /= self[i * ℓ + i]  // (s_ij − Σ_k>i t_ki x_kj) / t_ii
      }
    }
    return x
  }

  /// S T for ℓ × ℓ matrices by columns.
  func multiplied(by T: [Double], size ℓ: Int) -> [Double] {
    var product = [Double](repeating: 0, count: ℓ * ℓ)
    for j in 0..<ℓ {
      for k in 0..<ℓ {
        for i in 0..<ℓ { product[j * ℓ + i] += self[k * ℓ + i] * T[j * ℓ + k] }  // s_ik t_kj
      }
    }
    return product
  }
}

/// Sums over a group's levels from which its slopes follow, ℓ × ℓ, symmetric.
struct SlopeSums {
  /// Σ [ZᵀPZ]_jj, or Σ [K⁻¹]_jj in the inverse form.
  var matrix: [Double]
  /// Σ s_js_jᵀ, or Σ u_ju_jᵀ in the inverse form.
  var residual: [Double]

  init(matrix: [Double], residual: [Double]) {
    (self.matrix, self.residual) = (matrix, residual)
  }

  /// The sum of `parts` pairs of ℓ × ℓ matrices that follow each other, in their order.
  init(_ sums: UnsafePointer<Double>, parts: Int, size ℓ: Int) {
    matrix = Array(repeating: 0, count: ℓ * ℓ)
    residual = matrix
    for part in 0..<parts {
      for x in 0..<ℓ * ℓ {
        matrix[x] += sums[part * 2 * ℓ * ℓ + x]
        residual[x] += sums[part * 2 * ℓ * ℓ + ℓ * ℓ + x]
      }
    }
  }

  /// Σ_j tr (I − [K⁻¹]_jj) and Σ u_jᵀu_j of a group of `levels` levels.
  func traces(
    _ form: SlopeForm, _ T: [Double], size ℓ: Int, levels: Int
  ) -> (Double, Double) {
    func trace(_ matrix: [Double]) -> Double { (0..<ℓ).reduce(0) { $0 + matrix[$1 * (ℓ + 1)] } }
    switch form {
    case .inverse: return (Double(levels * ℓ) - trace(matrix), trace(residual))
    case .direct:
      let root = DenseMatrix(rows: ℓ, columns: ℓ, storage: T)
      func turned(_ matrix: [Double]) -> Double {
        trace((root.transposed * (DenseMatrix(rows: ℓ, columns: ℓ, storage: matrix) * root)).storage)
      }
      return (turned(matrix), turned(residual))
    }
  }

  /// Adds the slopes of a group of `levels` levels to `slopes`.
  func store(
    _ form: SlopeForm, group: Int, _ T: [Double], size ℓ: Int, levels: Int,
    in slopes: inout CovarianceSlopes
  ) {
    switch form {
    case .direct:
      slopes.logDeterminant[group] = matrix.multiplied(by: T, size: ℓ)  // Σ [ZᵀPZ]_jjT
      slopes.residual[group] = residual.multiplied(by: T, size: ℓ)  // Σ s_js_jᵀT = Σ s_ju_jᵀ
    case .inverse:
      var rest = matrix.map { -$0 }
      for i in 0..<ℓ { rest[i * (ℓ + 1)] += Double(levels) }  // Σ (I − [K⁻¹]_jj) = Σ Tᵀ[ZᵀPZ]_jjT
      slopes.logDeterminant[group] = T.solveTransposed(rest, size: ℓ)  // Σ [ZᵀPZ]_jjT
      slopes.residual[group] = T.solveTransposed(residual, size: ℓ)  // T⁻ᵀΣ u_ju_jᵀ = Σ s_ju_jᵀ
    }
  }
}
