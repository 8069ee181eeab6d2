// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
package import NumericalMethods

/// Kenward & Roger (1997, Biometrics 53, 983–997): a covariance of β adjusted for the estimation of
/// the variance components, and scaled F tests; in the form of Halekoh & Højsgaard (2014, JSS 59:9).
///
/// Parameters are the elements of every term's covariance matrix and σ², in which V is linear, so
/// there are no second derivatives. Terms with a structure have fewer parameters, along which V is
/// curved; what counts of the second derivatives then is what the first ones do not span, since
/// estimates are biased by the rest (Kenward & Roger 2009, CSDA 53, 2583–2595). So the result does not
/// depend on how a structure is parameterized, and is that of an unstructured term where it
/// says nothing. With V̈ = Σ_kl W_kl ∂²V/∂ψ_k∂ψ_l and its projection Ṽ on the first derivatives, in the
/// metric ½ tr(P·P·), P = V⁻¹ − V⁻¹XΦXᵀV⁻¹,
///
///     Φ_A = Φ + 2Φ{Σ_kl W_kl(Q_kl − P_kΦP_l) − ¼XᵀV⁻¹(V̈ − Ṽ)V⁻¹X}Φ.
///
/// All comes from cross-products: see `CovarianceMoments`; where residuals have parameters from rows: see
/// `RowwiseSums`. The
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
  /// In units of σ², σ² the last parameter.
  private let approximation: KenwardRogerApproximation
  /// The same without one of the probes each; none where nothing is random.
  private let leavingOneOut: [KenwardRoger]

  /// By the sizes, unless something is forced.
  ///
  /// With `absorbing` a group's levels are absorbed, with `probes` so many random vectors are used;
  /// `limit` stands for the bytes that one matrix may take. `isLinear` leaves second derivatives out.
  ///
  /// - Throws: `InferenceError` for an ML fit, and where the levels' effects are too many.
  package init(
    _ fitted: FittedModel, absorbing leading: Int? = nil, probes: Int? = nil, limit: Int? = nil,
    seed: UInt64 = 1, isLinear: Bool = false
  ) throws {
    guard fitted.options.criterion == .reml else { throw InferenceError.kenwardRogerNeedsREML }
    let (model, threads) = (fitted.model, fitted.threads)
    try fitted.requireEstimatedSigma(
      "Kenward and Roger's adjustment is computed", .degreesOfFreedom(["satterthwaite"]))
    try model.requireSupport(of: .kenwardRoger)
    let directions = ParameterDirections(model.covariance, fitted.φ)
    if isLinear, directions == nil { throw InferenceError.linearNeedsCurvature }
    let parameters = model.covariance.linearParameters(fitted.φ)
    if model.covariance.residual != nil {
      let rows = try fitted.rows(for: "Kenward and Roger's adjustment")
      let own = try RowwiseSums(rows, model, fitted.φ, parameters, threads: threads)
      try self.init(
        own.sums, own.information, directions, variance: fitted.coefficients.variance, isLinear: isLinear)
      return
    }
    var factors = model.covariance.emptyFactors
    model.covariance.factors(fitted.φ, into: &factors)
    let variance = fitted.coefficients.variance
    func probed(_ count: Int) -> ProbedMoments? {
      ProbedMoments(
        model, parameters, factors: factors, probes: count, threads: threads, seed: seed)
    }
    func fromProbes(_ moments: ProbedMoments) throws -> KenwardRoger {
      try KenwardRoger(
        moments.mean, parameters, directions, model, variance: variance, isLinear: isLinear,
        leavingOneOut: moments.leavingOneOut.map {
          try KenwardRoger($0, parameters, directions, model, variance: variance, isLinear: isLinear)
        })
    }
    guard model.hasIndependentLevels else {
      try self.init(
        CovarianceMoments.related(model, parameters, factors: factors, limit: limit), parameters,
        directions, model, variance: variance, isLinear: isLinear)
      return
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
    try self.init(
      moments, parameters, directions, model, variance: variance, isLinear: isLinear)
  }

  /// From the optimum of the REML criterion and its σ², with exact moments.
  ///
  /// - Throws: `InferenceError` where the levels' effects are too many.
  package init(
    _ model: LinearMixedModel, φ: [Double], variance: Double, threads: Int, isLinear: Bool = false
  ) throws {
    try model.requireEqualVariances("Kenward and Roger's adjustment", .degreesOfFreedom(["satterthwaite"]))
    let (moments, parameters) = try CovarianceMoments.of(model, φ, threads: threads)
    let directions = ParameterDirections(model.covariance, φ)
    if isLinear, directions == nil { throw InferenceError.linearNeedsCurvature }
    try self.init(
      moments, parameters, directions, model, variance: variance, isLinear: isLinear)
  }

  private init(
    _ moments: CovarianceMoments, _ parameters: [CovarianceParameter],
    _ directions: ParameterDirections?, _ model: LinearMixedModel, variance: Double, isLinear: Bool,
    leavingOneOut: [KenwardRoger] = []
  ) throws {
    let p = model.fixedEffectCount
    let information =
      model.tail.submatrix(rows: Array(0..<p), columns: Array(0..<p))
      - moments.matrix(moments.absorbed, 0)
    try self.init(
      ParameterSums(moments, parameters, information, observations: model.observations), information,
      directions, variance: variance, isLinear: isLinear, leavingOneOut: leavingOneOut)
  }

  /// - Parameter information: XᵀV⁻¹X
  private init(
    _ sums: ParameterSums, _ information: DenseMatrix, _ directions: ParameterDirections?, variance: Double,
    isLinear: Bool, leavingOneOut: [KenwardRoger] = []
  ) throws {
    self.leavingOneOut = leavingOneOut
    let p = information.rows
    var XVX = information
    try DenseCholesky.factorize(&XVX)
    let Φ = DenseCholesky.inverse(factor: XVX)
    let m = sums.P.count
    let ΦP = sums.P.map { Φ * $0 }
    let ΦPΦ = ΦP.map { $0 * Φ }

    var expected = DenseMatrix(rows: m, columns: m)
    for r in 0..<m {
      for s in 0...r {
        let PΦP = sums.P[r] * ΦPΦ[s]  // P_rΦP_sΦ
        expected[r, s] =
          0.5 * (sums.T[r, s] - 2 * dot(Φ.storage, sums.Q[r][s].storage) + PΦP.trace)
        expected[s, r] = expected[r, s]
      }
    }
    var Λ = DenseMatrix(rows: p, columns: p)
    let W: DenseMatrix
    if let directions {
      let J = directions.slopes
      let own = J.multipliedByTransposeOnLeft(expected * J).pseudoInverse(cut: 1e-10)
      W = J * own * J.transposed  // of the elements
      if !isLinear {
        let bend = directions.curvature(own)
        let spanned = W * (expected * bend)
        // XᵀV⁻¹G_rV⁻¹X = −P_r
        for r in 0..<m { Λ = Λ + 0.25 * (bend[r] - spanned[r]) * sums.P[r] }
      }
    } else {
      W = expected.pseudoInverse(cut: 1e-10)
    }
    for r in 0..<m {
      for s in 0...r where W[r, s] != 0 {
        let difference = sums.Q[r][s] - sums.P[r] * ΦP[s]
        Λ = Λ + (r == s ? W[r, s] : 2 * W[r, s]) * difference.symmetricPart
      }
    }
    covariance = variance * (Φ + 2 * ((Φ * Λ) * Φ)).symmetricPart
    approximation = KenwardRogerApproximation(Φ: Φ, ΦPΦ: ΦPΦ, W: W)
  }

  package func denominator(_ hypothesis: LinearHypothesis) -> Denominator {
    var denominator = approximation.denominator(hypothesis)
    let others = leavingOneOut.compactMap { $0.approximation.denominator(hypothesis).degreesOfFreedom }
    guard !others.isEmpty, denominator.degreesOfFreedom != nil else { return denominator }
    let n = Double(others.count)
    let mean = others.reduce(0, +) / n
    let square = others.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    denominator.standardError = ((n - 1) / n * square).squareRoot()
    return denominator
  }
}
