// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// −2 log L, or the REML criterion, of a `RepeatedModel` as a function of the parameters of Σ, with its
/// derivatives.
///
///     −2ℓ = Σ_m n_m log |Σ_m| − Σ log w + log |XᵀV⁻¹X| (REML) + r² + df log 2π,   r² = eᵀV⁻¹e
///
/// Nothing is profiled out but β. With Φ = (XᵀV⁻¹X)⁻¹, e = y − Xβ̂ and C_m,st = Σ_i (e_is e_it +
/// x_isᵀΦx_it) (REML; without Φ for ML), a single pass over the sums,
///
///     ∂(−2ℓ)/∂θ = Σ_m ⟨n_m Σ_m⁻¹ − Σ_m⁻¹ C_m Σ_m⁻¹, ∂Σ_m/∂θ⟩.
struct RepeatedCriterion: Sendable {
  let model: RepeatedModel
  let kind: CriterionKind
  let threads: Int

  /// The criterion and what the equations give at one θ.
  struct Solution: Sendable {
    let θ: [Double]
    let value: Double
    /// Of every arm: the entries of Σ with their derivatives.
    let entries: [[VisitCovariance.Entry]]
    /// Σ_m⁻¹ of every pattern.
    let inverses: [DenseMatrix]
    /// (XᵀV⁻¹X)⁻¹ in working columns, p × p, in units of the scaled response.
    let Φ: DenseMatrix
    /// Working coefficients of what least squares leaves of the response, in its units.
    let β: [Double]
  }

  /// nil where Σ is not positive definite.
  func solution(_ θ: [Double]) -> Solution? {
    let (model, p) = (model, model.fixedEffectCount)
    let entries = model.arms.indices.map { model.covariance.entries(Array(θ[model.range($0)])) }
    let Σ = entries.map { VisitCovariance.matrix($0.map(\.value), model.visits.count) }
    var inverses: [DenseMatrix] = []
    var value = -model.sumOfLogWeights
    for pattern in model.patterns {
      var factor = pattern.submatrix(Σ[pattern.arm])
      guard factor.isFinite, (try? DenseCholesky.factorize(&factor)) != nil else { return nil }
      value += Double(pattern.subjects) * DenseCholesky.logDeterminant(factor: factor)
      inverses.append(DenseCholesky.inverse(factor: factor))
    }
    let A = model.weightedProducts { inverses[$0] }
    let kept = Array(0..<p)
    var factor = A.submatrix(rows: kept, columns: kept)
    guard (try? DenseCholesky.factorize(&factor)) != nil else { return nil }
    let Φ = DenseCholesky.inverse(factor: factor)
    let Xy = (0..<p).map { A[$0, p] }
    let β = Φ * Xy
    value += A[p, p] - dot(β, Xy)
    let df = model.degreesOfFreedom(kind)
    if kind == .reml {
      value += DenseCholesky.logDeterminant(factor: factor) + model.logDeterminantShift
    }
    value += df * (log(2 * .pi) + 2 * log(model.responseScale))
    guard value.isFinite else { return nil }
    return Solution(θ: θ, value: value, entries: entries, inverses: inverses, Φ: Φ, β: β)
  }

  /// First derivatives, and what second ones take of them.
  struct Slopes: Sendable {
    let gradient: [Double]
    /// C_m of every pattern.
    let C: [DenseMatrix]
    /// Of every arm Σ_m (n_m Σ_m⁻¹ − Σ_m⁻¹ C_m Σ_m⁻¹), by all visits.
    let U: [DenseMatrix]
  }

  func slopes(_ at: Solution) -> Slopes {
    let (p, m) = (model.fixedEffectCount, model.visits.count)
    // ⟨E, [X y]ᵀ[X y]⟩ of two rows is e e + xᵀΦx.
    var E = DenseMatrix(rows: p + 1, columns: p + 1)
    let e = at.β.map { -$0 } + [1]
    for i in 0...p { for j in 0...p { E[i, j] = e[i] * e[j] } }
    if kind == .reml { for i in 0..<p { for j in 0..<p { E[i, j] += at.Φ[i, j] } } }
    let F = (model.basis * E).multipliedByTransposeOnRight(model.basis)
    var U = model.arms.map { _ in DenseMatrix(rows: m, columns: m) }
    var C: [DenseMatrix] = []
    for (pattern, P) in zip(model.patterns, at.inverses) {
      let products = pattern.products(F)
      C.append(products)
      let own = Double(pattern.subjects) * P - P * (products * P)
      for (i, s) in pattern.visits.enumerated() {
        for (j, t) in pattern.visits.enumerated() { U[pattern.arm][s, t] += own[i, j] }
      }
    }
    let gradient = zip(at.entries, U).flatMap { entries, U in
      var slopes = [Double](repeating: 0, count: model.covariance.parameterCount)
      forEachEntry(entries) { entry, i, j, count in
        for (parameter, slope) in entry.slopes { slopes[parameter] += count * U[i, j] * slope }
      }
      return slopes
    }
    return Slopes(gradient: gradient, C: C, U: U)
  }

  /// Calls `body` with every entry on and below the diagonal, and how often it stands in the matrix.
  private func forEachEntry(
    _ entries: [VisitCovariance.Entry],
    _ body: (VisitCovariance.Entry, _ i: Int, _ j: Int, _ count: Double) -> Void
  ) {
    for i in 0..<model.visits.count {
      for j in 0...i { body(entries[i * (i + 1) / 2 + j], i, j, i == j ? 1 : 2) }
    }
  }

  /// ∂Σ/∂θ of every parameter of an arm, by all visits.
  func derivatives(_ entries: [VisitCovariance.Entry]) -> [DenseMatrix] {
    let m = model.visits.count
    var derivatives = (0..<model.covariance.parameterCount).map { _ in
      DenseMatrix(rows: m, columns: m)
    }
    forEachEntry(entries) { entry, i, j, _ in
      for (parameter, slope) in entry.slopes {
        derivatives[parameter][i, j] += slope
        if i != j { derivatives[parameter][j, i] += slope }
      }
    }
    return derivatives
  }

  /// Σ_m n_m tr(Σ_m⁻¹ Σ̇_k Σ_m⁻¹ Σ̇_l): the expected Hessian for known β.
  func expectedHessian(_ at: Solution) -> DenseMatrix {
    hessian(at, weights: { pattern, P, _ in Double(pattern.subjects) * P }, U: nil)
  }

  /// The exact Hessian, and XᵀV̇⁻¹X of every parameter, p × p.
  ///
  ///     Σ_m ⟨2 Σ_m⁻¹C_mΣ_m⁻¹ − n_m Σ_m⁻¹, Σ̇_k Σ_m⁻¹ Σ̇_l⟩ + ⟨U, Σ̈_kl⟩
  ///       − tr ΦẊ_kΦẊ_l (REML) − 2 z_kᵀΦz_l,   Ẋ_k = XᵀV̇⁻¹X,  z_k = XᵀV̇⁻¹e
  func curvature(
    _ at: Solution, _ slopes: Slopes
  ) -> (hessian: DenseMatrix, informationSlopes: [DenseMatrix]) {
    let p = model.fixedEffectCount
    var H = hessian(
      at,
      weights: { pattern, P, k in
        2 * (P * (slopes.C[k] * P)) - Double(pattern.subjects) * P
      }, U: slopes.U)
    let changes = informationSlopes(at)
    let kept = Array(0..<p)
    let X = changes.map { $0.submatrix(rows: kept, columns: kept) }
    let z = zip(changes, X).map { change, X in
      zip((0..<p).map { change[$0, p] }, X * at.β).map { $0 - $1 }
    }
    let ΦX = X.map { at.Φ * $0 }
    let Φz = z.map { at.Φ * $0 }
    for k in X.indices {
      for l in 0...k {
        var value = -2 * dot(z[k], Φz[l])
        if kind == .reml { value -= dot(ΦX[k].storage, ΦX[l].transposed.storage) }
        H[k, l] += value
        if k != l { H[l, k] += value }
      }
    }
    return (H, X)
  }

  /// Σ_m ⟨w_m, Σ̇_k Σ_m⁻¹ Σ̇_l⟩ + ⟨U, Σ̈_kl⟩.
  private func hessian(
    _ at: Solution, weights: (VisitPattern, DenseMatrix, Int) -> DenseMatrix, U: [DenseMatrix]?
  ) -> DenseMatrix {
    var H = DenseMatrix(rows: model.parameterCount, columns: model.parameterCount)
    for (arm, entries) in at.entries.enumerated() {
      let derivatives = derivatives(entries)
      let first = model.range(arm).lowerBound
      for (k, pattern) in model.patterns.enumerated() where pattern.arm == arm {
        let P = at.inverses[k]
        let w = weights(pattern, P, k)
        let own = derivatives.map { pattern.submatrix($0) }
        let left = own.map { w * $0 }
        let right = own.map { (P * $0).transposed }
        for a in own.indices {
          for b in own.indices {
            H[first + a, first + b] += dot(left[a].storage, right[b].storage)
          }
        }
      }
      guard let U else { continue }
      forEachEntry(entries) { entry, i, j, count in
        for (a, b, value) in entry.curvatures {
          let share = count * U[arm][i, j] * value
          H[first + a, first + b] += share
          if a != b { H[first + b, first + a] += share }
        }
      }
    }
    return 0.5 * (H + H.transposed)
  }

  /// [X y]ᵀV̇⁻¹[X y] of every parameter, (p + 1) × (p + 1), V̇⁻¹ = −V⁻¹V̇V⁻¹.
  private func informationSlopes(_ at: Solution) -> [DenseMatrix] {
    let count = model.covariance.parameterCount
    let derivatives = at.entries.map(derivatives)
    let none = DenseMatrix(rows: 0, columns: 0)
    nonisolated(unsafe) let result = UnsafeMutableBufferPointer<DenseMatrix>.allocate(
      capacity: model.parameterCount)
    result.initialize(repeating: none)
    defer {
      result.deinitialize()
      result.deallocate()
    }
    inParallel(model.parameterCount, threads: threads) { k in
      let (arm, own) = (k / count, k % count)
      result[k] = model.weightedProducts { index in
        let (pattern, P) = (model.patterns[index], at.inverses[index])
        guard pattern.arm == arm else {
          return DenseMatrix(rows: pattern.visits.count, columns: pattern.visits.count)
        }
        return (-1.0) * (P * (pattern.submatrix(derivatives[arm][own]) * P)).symmetricPart
      }
    }
    return Array(result)
  }
}
