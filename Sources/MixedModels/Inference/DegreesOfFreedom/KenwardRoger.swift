// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
package import NumericalMethods

/// Kenward & Roger (1997, Biometrics 53, 983–997): a covariance of β adjusted for the estimation of
/// the variance components, and scaled F tests; in the form of Halekoh & Højsgaard (2014, JSS 59:9).
///
/// Parameters are the elements of every term's covariance matrix and σ², in which V is linear, so
/// there are no second derivatives. All comes from cross-products: see `CovarianceMoments`. The
/// residual's G = W⁻¹ = V − Σγ_rG_r (in units of σ²) gives its rows and columns by linear
/// combination. Prior weights are part of V.
///
/// A fit on the boundary is nothing special: the elements of a singular covariance matrix have
/// information as others have, so that all results are finite. Directions of the parameters that V
/// does not depend on (a term whose columns are linearly dependent) take no part.
///
/// Crossed factors whose matrices would not fit are handled by random probes (`ProbedMoments`): only
/// the traces tr(BE_rBE_s) are random then, and degrees of freedom come with the standard error that
/// the probes show, by the jackknife.
package struct KenwardRoger: DenominatorDegreesOfFreedom {
  /// The adjusted covariance of β in working coordinates.
  package let covariance: DenseMatrix
  /// Cov(β) without adjustment, in units of σ².
  private let Φ: DenseMatrix
  /// ΦP_rΦ with P_r = −XᵀV⁻¹G_rV⁻¹X, σ² last.
  private let ΦPΦ: [DenseMatrix]
  /// W, the inverse of the expected information of the parameters.
  private let W: DenseMatrix
  /// The same without one of the probes each; none where nothing is random.
  private let leavingOneOut: [KenwardRoger]

  /// By the sizes, unless something is forced.
  ///
  /// With `absorbing` a group's levels are absorbed, with `probes` so many random vectors are used;
  /// `limit` stands for the bytes that one matrix may take.
  ///
  /// - Throws: `InferenceError` for an ML fit, and where the levels' effects are too many.
  package init(
    _ fitted: FittedModel, absorbing leading: Int? = nil, probes: Int? = nil, limit: Int? = nil,
    seed: UInt64 = 1
  ) throws {
    guard fitted.options.criterion == .reml else { throw InferenceError.kenwardRogerNeedsREML }
    let (model, threads) = (fitted.model, fitted.threads)
    try fitted.requireEstimatedSigma(
      "Kenward and Roger's adjustment is computed", .degreesOfFreedom(["satterthwaite"]))
    try model.requireIndependentLevels(for: .kenwardRoger)
    guard model.covariance.isUnstructured else { throw ForIndependentLevels.kenwardRoger.refusal }
    let parameters = model.covariance.linearParameters(fitted.φ)
    var factors = model.covariance.emptyFactors
    model.covariance.factors(fitted.φ, into: &factors)
    let variance = fitted.coefficients.variance
    func probed(_ count: Int) -> ProbedMoments? {
      ProbedMoments(
        model, parameters, factors: factors, probes: count, threads: threads, seed: seed)
    }
    func fromProbes(_ moments: ProbedMoments) throws -> KenwardRoger {
      try KenwardRoger(
        moments.mean, parameters, model, variance: variance,
        leavingOneOut: moments.leavingOneOut.map {
          try KenwardRoger($0, parameters, model, variance: variance)
        })
    }
    if let probes {
      guard let moments = probed(probes) else { throw NotPositiveDefinite(column: 0) }
      self = try fromProbes(moments)
      return
    }
    let moments: CovarianceMoments
    do {
      moments =
        if model.groups.count == 1 {
          try CovarianceMoments.levelwise(model, parameters, factor: factors[0], threads: threads)
        } else if let leading {
          try CovarianceMoments.absorbed(
            model, parameters, factors: factors, leading: leading)
        } else {
          try CovarianceMoments.crossed(
            model, parameters, factors: factors, threads: threads, limit: limit)
        }
    } catch let error as InferenceError {
      guard case .kenwardRogerTooLarge = error,
        let moments = probed(ProbedMoments.standardCount)
      else { throw error }
      self = try fromProbes(moments)
      return
    }
    try self.init(moments, parameters, model, variance: variance)
  }

  /// From the optimum of the REML criterion and its σ², with exact moments.
  ///
  /// - Throws: `InferenceError` where the levels' effects are too many.
  init(_ model: LinearMixedModel, φ: [Double], variance: Double, threads: Int) throws {
    let (moments, parameters) = try CovarianceMoments.of(model, φ, threads: threads)
    try self.init(moments, parameters, model, variance: variance)
  }

  private init(
    _ moments: CovarianceMoments, _ parameters: [CovarianceParameter], _ model: LinearMixedModel,
    variance: Double, leavingOneOut: [KenwardRoger] = []
  ) throws {
    self.leavingOneOut = leavingOneOut
    let p = model.fixedEffectCount
    var XVX =
      model.tail.submatrix(rows: Array(0..<p), columns: Array(0..<p))
      - moments.matrix(moments.absorbed, 0)
    let information = XVX
    try DenseCholesky.factorize(&XVX)
    Φ = DenseCholesky.inverse(factor: XVX)
    let sums = ParameterSums(moments, parameters, information, observations: model.observations)
    let m = sums.P.count
    let ΦP = sums.P.map { [Φ] in Φ * $0 }
    ΦPΦ = ΦP.map { [Φ] in $0 * Φ }

    var expected = DenseMatrix(rows: m, columns: m)
    for r in 0..<m {
      for s in 0...r {
        let PΦP = sums.P[r] * ΦPΦ[s]  // P_rΦP_sΦ
        expected[r, s] =
          0.5 * (sums.T[r, s] - 2 * dot(Φ.storage, sums.Q[r][s].storage) + PΦP.trace)
        expected[s, r] = expected[r, s]
      }
    }
    W = expected.pseudoInverse(cut: 1e-10)
    var Λ = DenseMatrix(rows: p, columns: p)
    for r in 0..<m {
      for s in 0...r where W[r, s] != 0 {
        let difference = sums.Q[r][s] - sums.P[r] * ΦP[s]
        Λ = Λ + (r == s ? W[r, s] : 2 * W[r, s]) * difference.symmetricPart
      }
    }
    covariance = variance * (Φ + 2 * ((Φ * Λ) * Φ)).symmetricPart
  }

  package func denominator(_ hypothesis: LinearHypothesis) -> Denominator {
    var denominator = expected(hypothesis)
    let others = leavingOneOut.compactMap { $0.expected(hypothesis).degreesOfFreedom }
    guard !others.isEmpty, denominator.degreesOfFreedom != nil else { return denominator }
    let n = Double(others.count)
    let mean = others.reduce(0, +) / n
    let square = others.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    denominator.standardError = ((n - 1) / n * square).squareRoot()
    return denominator
  }

  /// Halekoh & Højsgaard (2014), section 4; for r = 1 their formulae give scaling 1 and 2 / A₂.
  private func expected(_ hypothesis: LinearHypothesis) -> Denominator {
    let (A1, A2) = expansion(hypothesis.basis)
    let q = Double(hypothesis.rank)
    guard hypothesis.rank > 1 else { return Denominator(degreesOfFreedom: A2 > 0 ? 2 / A2 : nil) }
    let B = (A1 + 6 * A2) / (2 * q)
    let g = ((q + 1) * A1 - (q + 4) * A2) / ((q + 2) * A2)
    let d = 3 * q + 2 * (1 - g)
    let (c1, c2, c3) = (g / d, (q - g) / d, (q + 2 - g) / d)
    // E and V of F, matched to those of an F distribution.
    let (v0, v1, v2) = (1 + c1 * B, 1 - c2 * B, 1 - c3 * B)
    // Both vanish at two degrees of freedom; in balanced designs, where A₁ = qA₂, they are the same.
    let e = 1 - A2 / q
    let ratio = abs(e - v1) < 1e-8 ? 1 : e / v1
    let ρ = ratio * ratio * v0 / v2  // q V / (2E²)
    let df = 4 + (q + 2) / (ρ - 1)
    guard df.isFinite, df > 0 else { return Denominator(degreesOfFreedom: nil) }
    let scaling = abs(df - 2) < 1e-2 ? 1 : df * e / (df - 2)
    return Denominator(degreesOfFreedom: df, scaling: scaling)
  }

  /// A₁ = Σ W_rs tr(ΘΦP_rΦ) tr(ΘΦP_sΦ) and A₂ = Σ W_rs tr(ΘΦP_rΦ ΘΦP_sΦ), Θ = Lᵀ(LΦLᵀ)⁻¹L.
  private func expansion(_ Lᵀ: DenseMatrix) -> (A1: Double, A2: Double) {
    var C = Lᵀ.multipliedByTransposeOnLeft(Φ * Lᵀ)  // LΦLᵀ = CCᵀ
    guard (try? DenseCholesky.factorize(&C)) != nil else { return (0, 0) }
    let M = ΦPΦ.map { middle -> DenseMatrix in  // C⁻¹LΦP_rΦLᵀC⁻ᵀ
      var a = Lᵀ.multipliedByTransposeOnLeft(middle * Lᵀ)
      DenseCholesky.solveLower(C, &a)
      a = a.transposed
      DenseCholesky.solveLower(C, &a)
      return a
    }
    var (A1, A2) = (0.0, 0.0)
    for r in M.indices {
      for s in M.indices {
        A1 += W[r, s] * M[r].trace * M[s].trace
        A2 += W[r, s] * dot(M[r].storage, M[s].transposed.storage)
      }
    }
    return (A1, A2)
  }
}
