// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

/// The whole system as one sparse symmetric matrix in CHOLMOD, y its last row:
///
///     ⎡ΛᵀZᵀWZΛ + Q   ·      ·   ⎤       ⎡L_zz          ⎤
///     ⎢XᵀWZΛ         XᵀWX   ·   ⎥   L = ⎢L_xz  L_xx    ⎥
///     ⎣yᵀWZΛ         yᵀWX   yᵀWy⎦       ⎣l_yz  l_yx   r⎦
///
/// One factorization gives log |M| = 2 log |L_zz|, log |XᵀV⁻¹X| = 2 log |L_xx| and r² (Bates et al.
/// 2015, §3.3).
package final class WholeEquations: MixedModelEquations {
  let system: WholeSystem
  var factor: SparseCholesky

  package convenience init(_ model: LinearMixedModel) throws {
    try self.init(model, WholePattern(model))
  }

  /// - Parameter layout: Of a model of the same shape.
  init(_ model: LinearMixedModel, _ layout: WholePattern) throws {
    factor = try SparseCholesky(analyzing: layout.pattern)
    system = WholeSystem(model, layout)
  }

  var model: LinearMixedModel { system.model }
  var layout: WholePattern { system.layout }
  var q: Int { system.q }
  var p: Int { system.p }
  func start(_ group: Int, _ level: Int) -> Int { system.start(group, level) }

  package func weigh(_ coefficients: [Double]) { system.weigh(coefficients) }

  package func relate(_ precisions: [Int: SparsePrecision]) { system.relate(precisions) }

  package func update(_ factors: [[Double]]) throws {
    system.assemble(factors)
    let yColumn = q + p
    do {
      try factor.factorize(system.values)
    } catch CholmodError.notPositiveDefinite(let column) where column == yColumn {
      throw FitError.zeroResidualVariance
    }
  }

  package var logDeterminantM: Double { factor.logDeterminant(0..<q) }
  package var logDeterminantRX: Double { factor.logDeterminant(q..<(q + p)) }
  package var penalizedResidualSumOfSquares: Double {
    let r = factor.diagonal(q + p)
    return r * r
  }

  package func solution() throws -> (u: [Double], β: [Double]) {
    let z = try solutionInPlace()
    return (system.effects(z).map { -$0 }, (0..<p).map { -z[q + $0] })
  }

  /// [−u; −β; 1], u in the order of the equations.
  func solutionInPlace() throws -> [Double] {
    // Lᵀz = e_last: z = [−u; −β; 1] / r
    var z = [Double](repeating: 0, count: q + p + 1)
    z[q + p] = 1
    try factor.solveLᵀ(&z)
    let last = z[q + p]
    for i in z.indices { z[i] /= last }
    return z
  }

  package func fixedEffectsCovariance() throws -> DenseMatrix {
    guard p > 0 else { return DenseMatrix(rows: 0, columns: 0) }
    let block = factor.trailingBlock(from: q)
    var L = DenseMatrix(rows: p, columns: p)
    for j in 0..<p { for i in j..<p { L[i, j] = block[i, j] } }
    return DenseCholesky.inverse(factor: L)
  }

  package func conditionalCovariances() throws -> [[Double]] {
    system.levelBlocks(try factor.inverseSubset(leading: q).entries(on: layout.pattern))
  }

  /// Slopes from the entries of K⁻¹ (M⁻¹ for ML) on the pattern of A.
  package func slopes(_ kind: CriterionKind) throws -> CovarianceSlopes {
    let ζ = try solutionInPlace()
    let G = try factor.inverseSubset(leading: q + (kind == .reml ? p : 0))
      .entries(on: layout.pattern)
    return system.slopes(G, ζ, kind)
  }

  package var description: SolverSummary {
    SolverSummary(strategy: "cholmod", factorNonzeros: factor.factorNonzeros)
  }
}
