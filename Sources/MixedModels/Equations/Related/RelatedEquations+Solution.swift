// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
package import NumericalMethods

/// X and y against the random effects: with the eliminated levels' part taken off, c = what is left of ΛᵀZᵀW[X y]
/// at the levels that are left, S ξ = c by conjugate gradients, and back.
extension RelatedEquations {
  /// - Throws: `FitError.zeroResidualVariance`, `FitError.slowSpectrum`, `CholmodError.notPositiveDefinite`.
  func respond() throws {
    responses = rightHandSides()
    factor.eliminate(&responses, columns: width)
    var τ = system.model.tail
    subtractSquares(of: factor.leading, from: &τ)
    try solveRemainder(&τ)
    factor.substitute(&responses, columns: width)
    τ.mirrorLowerTriangle()
    do { try DenseCholesky.factorize(&τ) } catch {
      throw error.column == p
        ? FitError.zeroResidualVariance : CholmodError.notPositiveDefinite(column: error.column)
    }
    tailFactor = τ
  }

  /// ΛᵀZᵀW[X y], by rows.
  private func rightHandSides() -> [Double] {
    let (pattern, values) = (system.layout.pattern, system.values)
    var x = [Double](repeating: 0, count: q * width)
    for j in 0..<q {
      // X and y are the last rows of every column.
      let last = pattern.columnStarts[j + 1] - width
      for c in 0..<width { x[j * width + c] = values[last + c] }
    }
    return x
  }

  /// τ − x₁ᵀx₁ for the eliminated rows, lower triangle; summed in blocks, so that digits do not go with their number.
  private func subtractSquares(of count: Int, from τ: inout DenseMatrix) {
    var total = [Double](repeating: 0, count: width * width)
    responses.withUnsafeBufferPointer { x in
      for first in stride(from: 0, to: count, by: 256) {
        var sums = [Double](repeating: 0, count: width * width)
        for j in first..<min(first + 256, count) {
          let own = x.baseAddress! + j * width
          for b in 0..<width { for a in b..<width { sums[b * width + a] += own[a] * own[b] } }
        }
        for k in sums.indices { total[k] += sums[k] }
      }
    }
    for b in 0..<width { for a in b..<width { τ[a, b] -= total[b * width + a] } }
  }

  /// Puts S⁻¹c in place of c, and takes cᵀS⁻¹c off τ.
  private func solveRemainder(_ τ: inout DenseMatrix) throws {
    let n = remainder.size
    guard n > 0 else { return }
    let algebra = PanelAlgebra(team: remainder.team, count: n)
    let blocks = (width + 7) / 8
    let first = factor.leading * width
    let c = (0..<blocks).map { b in
      let panel = Panel(count: n)
      for i in 0..<n {
        for lane in 0..<min(8, width - 8 * b) {
          panel[i][lane] = responses[first + i * width + 8 * b + lane] * remainder.scales.start[i]
        }
      }
      return panel
    }
    let answers = try c.map { try remainder.solve($0) }
    solverSteps = answers.map(\.steps).max() ?? 0
    for (a, answer) in answers.enumerated() {
      for b in 0...a {
        // What w lacks counts twice: the error is that of its square.
        let product = algebra.gram(answer.w, c[b])
        let rest = algebra.gram(answer.rest, answers[b].w)
        for i in 0..<min(8, width - 8 * a) {
          for j in 0..<min(8, width - 8 * b) where 8 * a + i >= 8 * b + j {
            τ[8 * a + i, 8 * b + j] -= product[i, j] + rest[i, j]
          }
        }
      }
      for i in 0..<n {
        for lane in 0..<min(8, width - 8 * a) {
          responses[first + i * width + 8 * a + lane] = answer.w[i][lane] * remainder.scales.start[i]
        }
      }
    }
  }

  package var logDeterminantRX: Double { (0..<p).reduce(0) { $0 + 2 * log(tailFactor[$1, $1]) } }

  package var penalizedResidualSumOfSquares: Double { tailFactor[p, p] * tailFactor[p, p] }

  package func fixedEffectsCovariance() -> DenseMatrix {
    guard p > 0 else { return DenseMatrix(rows: 0, columns: 0) }
    return DenseCholesky.inverse(
      factor: tailFactor.submatrix(rows: Array(0..<p), columns: Array(0..<p)))
  }

  /// β from Lᵀβ = l for L's last row l.
  package func coefficients() -> [Double] {
    var β = (0..<p).map { tailFactor[p, $0] }
    for i in (0..<p).reversed() {
      for k in (i + 1)..<max(p, i + 1) { β[i] -= tailFactor[k, i] * β[k] }
      β[i] /= tailFactor[i, i]
    }
    return β
  }

  package func solution() -> (u: [Double], β: [Double]) {
    let (ζ, β) = (residuals(), coefficients())
    return (system.effects(ζ).map { -$0 }, β)
  }

  /// ζ = [−u; −β; 1], u in the order of the equations.
  private func residuals() -> [Double] {
    let combination = coefficients().map { -$0 } + [1]
    var ζ = [Double](repeating: 0, count: q)
    for j in 0..<q {
      for c in 0..<width { ζ[j] -= combination[c] * responses[j * width + c] }
    }
    return ζ + combination
  }

  /// The derivative of the estimate with its own probes; exact for what is exact. The factor stays.
  package func slopes(_ kind: CriterionKind) -> CovarianceSlopes {
    var G = factor.inverse(remainder.derivative(estimate.slopes.start))
    if kind == .reml { addFixedEffects(to: &G) }
    return system.slopes(G, residuals(), kind)
  }

  /// K⁻¹ from M⁻¹: + HΦHᵀ, −HΦ and Φ for H = M⁻¹ΛᵀZᵀWX and Φ = [K⁻¹]_XX.
  private func addFixedEffects(to G: inout [Double]) {
    guard p > 0 else { return }
    let (pattern, Φ, width) = (system.layout.pattern, fixedEffectsCovariance(), width)
    var product = [Double](repeating: 0, count: p)
    responses.withUnsafeBufferPointer { H in
      for j in 0..<q {
        let own = H.baseAddress! + j * width
        for c in 0..<p {
          product[c] = 0
          for k in 0..<p { product[c] += Φ[c, k] * own[k] }
        }
        let (first, last) = (pattern.columnStarts[j], pattern.columnStarts[j + 1] - width)
        for e in first..<last {
          let other = H.baseAddress! + pattern.rowIndices[e] * width
          var sum = 0.0
          for c in 0..<p { sum += product[c] * other[c] }
          G[e] += sum
        }
        for c in 0..<p { G[last + c] = -product[c] }
      }
    }
    for j in 0..<p {
      for i in j..<p { G[pattern.columnStarts[q + j] + i - j] = Φ[i, j] }
    }
  }
}
