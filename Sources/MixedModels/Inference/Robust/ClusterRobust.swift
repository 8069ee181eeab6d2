// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
package import NumericalMethods

/// Cluster-robust covariances of β, and t and F tests that allow for the few clusters they come from.
///
/// With LLᵀ = XᵀV⁻¹X = Σ G_g and D_g = L⁻¹G_gL⁻ᵀ = U diag(d) Uᵀ every correction of a cluster is a
/// function of its p × p matrix D_g: (I − G_gM)^−½ s_g = L f(D_g) L⁻¹s_g with f(d) = (1 − d)^−½ for CR2,
/// (1 − d)⁻¹ for CR3 and 1 else. No matrix is as large as a cluster.
///
/// CR2 takes the principal root of I − H_gg, H_gg = X_gMX_gᵀV_g⁻¹: the root that does not depend on the
/// order of a cluster's rows, nor on how they are turned. Any A with A(I − H_gg)V_gAᵀ = V_g makes the
/// covariance unbiased where the model is right; clubSandwich takes another where V_g is no multiple of
/// the identity, that of the rows' Cholesky factor.
///
/// Degrees of freedom: an estimated variance of cᵀβ̂ is a quadratic form whose mean and variance under the
/// model give Satterthwaite's ν (Bell & McCaffrey 2002, Survey Methodology 28, 169–181; Pustejovsky &
/// Tipton 2018, JBES 36, 672–683, section 3). Several rows: Hotelling's T² with the ν that matches the
/// total variance of the estimated matrix (HTZ; Tipton & Pustejovsky 2015, Journal of Educational and
/// Behavioral Statistics 40, 604–634, equation 8): F = (ν − r + 1)/(νr) T² ~ F(r, ν − r + 1).
package struct ClusterRobust: DenominatorDegreesOfFreedom {
  /// Of β in working coordinates, p × p.
  package let covariance: DenseMatrix
  private let L: DenseMatrix
  private let clusters: [Cluster]
  private let f: @Sendable (Double) -> Double
  let description: RobustDescription
  /// Otherwise the model's covariance of scores is not known, and degrees of freedom are m − 1 of m clusters.
  private let haveWholeLevels: Bool

  fileprivate struct Cluster: Sendable {
    let d: [Double]
    let U: DenseMatrix
  }

  /// Beyond it a cluster alone determines a combination of coefficients: nothing is left of its residual.
  private static let alone = 1 - 1e-9

  /// A hypothesis of more rows has no test: m clusters make a matrix of rank m − 1.
  package var largestRank: Int { clusters.count - 1 }

  /// - Throws: `InferenceError`, `FitError`, `CholmodError`.
  package init(_ fitted: FittedModel, _ kind: CoefficientCovariance) throws {
    let sums = try fitted.clusterSums(kind)
    haveWholeLevels = sums.haveWholeLevels
    guard haveWholeLevels || kind == .cr0 || kind == .cr1 else {
      throw InferenceError.refused(
        "\(kind.rawValue) takes clusters with whole levels of absorbed factors, and rows of one level are in several clusters of \(sums.clusters.name). Take \(Setting.coefficientCovariance(["CR1"]))."
      )
    }
    let p = sums.size - 1
    let count = sums.clusters.count
    f = kind.adjustment(alone: Self.alone)
    var (information, total) = (DenseMatrix(rows: p, columns: p), [Double](repeating: 0, count: p))
    for g in 0..<count {
      information = information + sums.information(g)
      total = zip(total, sums.response(g)).map(+)
    }
    var L = information
    try DenseCholesky.factorize(&L)
    var β = DenseMatrix(rows: p, columns: 1, storage: total)
    DenseCholesky.solve(factor: L, &β)
    var clusters: [Cluster] = []
    var meat = DenseMatrix(rows: p, columns: p)
    for g in 0..<count {
      let G = sums.information(g)
      var score = DenseMatrix(
        rows: p, columns: 1,
        storage: zip(sums.response(g), G * β.storage).map { $0 - $1 })
      DenseCholesky.solveLower(L, &score)
      let (d, U) = symmetricEigenvectors(Self.scaled(G, L))
      let turned = U.multipliedByTransposeOnLeft(score.storage)
      let adjusted = U * zip(turned, d).map { [f] in $0 * f($1) }
      for j in 0..<p { for i in 0..<p { meat[i, j] += adjusted[i] * adjusted[j] } }
      clusters.append(Cluster(d: d, U: U))
    }
    (self.L, self.clusters) = (L, clusters)
    // L⁻ᵀ Σ L⁻¹
    DenseCholesky.solveLowerTransposed(L, &meat)
    meat = meat.transposed
    DenseCholesky.solveLowerTransposed(L, &meat)
    let s = fitted.model.fixed.responseScale
    let m = Double(count)
    covariance = (s * s * (kind == .cr1 ? m / (m - 1) : 1)) * meat.symmetricPart
    let determining = clusters.indices.filter { clusters[$0].d.contains { $0 > Self.alone } }
    description = RobustDescription(
      kind: kind, clusters: sums.clusters.name, clusterCount: count,
      determining: determining.map { sums.clusters.labels[$0] })
    guard covariance.isFinite else {
      throw InferenceError.refused(
        "the covariance \(kind.rawValue) of the coefficients is not finite. Take \(Setting.coefficientCovariance(["model"]))."
      )
    }
  }

  /// L⁻¹GL⁻ᵀ.
  private static func scaled(_ G: DenseMatrix, _ L: DenseMatrix) -> DenseMatrix {
    var D = G
    DenseCholesky.solveLower(L, &D)
    D = D.transposed
    DenseCholesky.solveLower(L, &D)
    return D.symmetricPart
  }

  package func denominator(_ hypothesis: LinearHypothesis) -> Denominator {
    let r = hypothesis.rank
    guard r > 0, r <= largestRank else { return Denominator(degreesOfFreedom: nil) }
    guard haveWholeLevels else { return Denominator(degreesOfFreedom: Double(clusters.count - 1)) }
    var C = hypothesis.basis
    DenseCholesky.solveLower(L, &C)
    guard let unit = standardized(C) else { return Denominator(degreesOfFreedom: nil) }
    let ν = Double(r * (r + 1)) / totalVariance(unit)
    let df = ν - Double(r) + 1
    guard df > 0, df.isFinite else { return Denominator(degreesOfFreedom: nil) }
    return Denominator(degreesOfFreedom: df, scaling: df / ν)
  }

  /// CK⁻ᵀ, for which the mean Ω = KKᵀ of the estimated covariance is the identity; nil where that is not
  /// positive definite.
  private func standardized(_ C: DenseMatrix) -> DenseMatrix? {
    var K = DenseMatrix(rows: C.columns, columns: C.columns)
    for cluster in clusters {
      let (q, V) = cluster.parts(C, f)
      K = K + (q - V.gram)
    }
    guard (try? DenseCholesky.factorize(&K)) != nil else { return nil }
    var result = C.transposed
    DenseCholesky.solveLower(K, &result)
    return result.transposed
  }

  /// Σ Var(ω_st) over the entries of the estimated covariance where its mean is the identity.
  ///
  /// With B_gh = δ_gh q_g − V_gᵀV_h it is Σ_gh tr(B_gh²) + tr(B_gh)²; the sums over pairs of clusters
  /// are those of the p × p matrices Σ_g v_s v_tᵀ.
  private func totalVariance(_ C: DenseMatrix) -> Double {
    let (p, r) = (C.rows, C.columns)
    var J = DenseMatrix(rows: p * r, columns: p * r)
    var sum = 0.0
    for start in stride(from: 0, to: clusters.count, by: Self.batch) {
      var stack: [Double] = []
      let part = clusters[start..<min(start + Self.batch, clusters.count)]
      for cluster in part {
        let (q, V) = cluster.parts(C, f)
        let gram = V.gram
        let (trace, own) = (q.trace, gram.trace)
        sum += dot(q.storage, q.storage) - 2 * dot(q.storage, gram.storage)
        sum += trace * trace - 2 * trace * own
        stack += V.storage
      }
      let panel = DenseMatrix(rows: p * r, columns: part.count, storage: stack)
      J = J + panel.multipliedByTransposeOnRight(panel)
    }
    for s in 0..<r {
      for t in 0..<r {
        for a in 0..<p {
          for b in 0..<p {
            let x = J[s * p + a, t * p + b]
            sum += x * (x + J[s * p + b, t * p + a])
          }
        }
      }
    }
    return sum
  }

  /// Clusters whose contributions are multiplied at a time.
  private static let batch = 256
}

extension ClusterRobust.Cluster {
  /// q = Cᵀf(D)²DC and V = f(D)DC.
  fileprivate func parts(
    _ C: DenseMatrix, _ f: (Double) -> Double
  ) -> (q: DenseMatrix, V: DenseMatrix) {
    let turned = U.multipliedByTransposeOnLeft(C)
    var (root, image) = (turned, turned)
    for j in 0..<C.columns {
      for i in 0..<C.rows {
        let weight = f(d[i])
        root[i, j] *= weight * max(d[i], 0).squareRoot()
        image[i, j] *= weight * d[i]
      }
    }
    return (root.gram, U * image)
  }
}

extension CoefficientCovariance {
  /// f of the eigenvalues of D; zero where nothing is left of the residual.
  fileprivate func adjustment(alone: Double) -> @Sendable (Double) -> Double {
    switch self {
    case .model, .cr0, .cr1, .hc0, .hc1, .hc2, .hc3: { _ in 1 }
    case .cr2: { $0 > alone ? 0 : 1 / (1 - $0).squareRoot() }
    case .cr3: { $0 > alone ? 0 : 1 / (1 - $0) }
    }
  }
}
