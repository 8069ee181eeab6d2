// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Minimizes the criterion of a `RepeatedModel`: in a trust region with exact gradients from the
/// moments of the least-squares residuals, then by Newton's steps with the exact Hessian.
struct RepeatedSearch {
  private let criterion: RepeatedCriterion
  private let options: FitOptions
  private let began = monotonicSeconds()
  private var trace: [TracePoint] = []
  private var durations: [Double] = []
  private var gradients = 0

  private let start: [Double]?

  /// - Parameter start: Where to begin; nil: at the moments of the least-squares residuals.
  init(_ model: RepeatedModel, _ options: FitOptions, start: [Double]? = nil) {
    self.start = start
    criterion = RepeatedCriterion(
      model: model, kind: options.criterion, threads: threadCount(options.threads))
    self.options = options
  }

  /// A decrease that is no matter: parameters move by less than 1e-9 of their standard errors.
  private static let smallDecrease = 1e-18
  private static let newtonSteps = 50

  /// - Throws: `FitError` where no matrix is found to begin with; what the progress throws.
  mutating func optimum() throws -> RepeatedOptimum {
    guard options.optimizer == "auto" || options.optimizer == "newton" else {
      throw FitError.numerical(
        "models with \(Setting.residual()) are searched with exact derivatives alone. Leave \(Setting.optimizer) out"
      )
    }
    guard var best = try evaluated(start ?? criterion.model.start()) else {
      throw FitError.numerical(
        "no covariance matrix of the residuals can be computed to begin with. Take a structure with fewer parameters"
      )
    }
    let limit = options.maximumEvaluations
    var slopes = slopes(best)
    var messages: [String] = []
    // A BFGS search needs no Hessian but a first guess.
    var last = (best, slopes)
    let result = try minimizeWithGradient(
      start: best.θ, value: best.value, gradient: slopes.gradient,
      hessian: criterion.expectedHessian(best), units: best.θ.map { _ in 1 },
      stopping: StoppingRule(maximumEvaluations: limit, absoluteF: 1e-4),
      objective: { θ in
        guard let solution = try evaluated(θ) else { return .infinity }
        last.0 = solution
        return solution.value
      },
      gradient: { _ in
        last.1 = self.slopes(last.0)
        return last.1.gradient
      })
    if result.x != best.θ, let solution = criterion.solution(result.x) {
      best = solution
      slopes = self.slopes(best)
    }
    var (hessian, informationSlopes) = criterion.curvature(best, slopes)
    var radius = 1.0
    var converged = false
    for _ in 0..<Self.newtonSteps where trace.count < limit {
      let step = TrustRegionStep(
        gradient: slopes.gradient, hessian: hessian, units: best.θ.map { _ in 1 }, radius: radius)
      let isMinimum = isPositiveDefinite(hessian)
      if step.predictedDecrease < Self.smallDecrease, isMinimum {
        converged = true
        break
      }
      guard let next = try evaluated(zip(best.θ, step.step).map { $0 + $1 }) else {
        radius = 0.25 * step.length
        continue
      }
      let nextSlopes = self.slopes(next)
      let decrease = best.value - next.value
      // Near the minimum rounding of the criterion hides what the gradient still shows.
      let isFlat = isMinimum && step.predictedDecrease < 1e-6 && abs(decrease) < 1e-6
      let isBetter = decrease > 1e-4 * step.predictedDecrease
        || isFlat && length(nextSlopes.gradient, hessian) < length(slopes.gradient, hessian)
      if isBetter {
        if decrease > 0.75 * step.predictedDecrease { radius = max(radius, 2.5 * step.length) }
        (best, slopes) = (next, nextSlopes)
        (hessian, informationSlopes) = criterion.curvature(best, slopes)
      } else if isFlat {
        converged = true
        break
      } else {
        radius = 0.25 * step.length
        if radius < 1e-10 { break }
      }
    }
    if !converged {
      messages.append(
        trace.count >= limit
          ? "the search stopped after \(trace.count) evaluations"
          : "the search for the covariance matrix of the residuals ended where it is no minimum: the data may not determine a structure with so many parameters"
      )
    }
    messages += criterion.model.singularityNotes(best)
    return RepeatedOptimum(
      solution: best, gradient: slopes.gradient, hessian: hessian,
      informationSlopes: informationSlopes, converged: converged, messages: messages, trace: trace,
      gradients: gradients, evaluationSeconds: durations.sorted()[durations.count / 2], began: began,
      found: monotonicSeconds())
  }

  private mutating func evaluated(_ θ: [Double]) throws -> RepeatedCriterion.Solution? {
    let start = monotonicSeconds()
    let solution = criterion.solution(θ)
    let now = monotonicSeconds()
    durations.append(now - start)
    let point = TracePoint(
      evaluation: trace.count + 1, theta: θ, criterion: solution?.value ?? .infinity,
      seconds: now - began)
    trace.append(point)
    try options.progress?(.evaluating(point, usual: nil))
    return solution
  }

  private mutating func slopes(_ solution: RepeatedCriterion.Solution) -> RepeatedCriterion.Slopes {
    gradients += 1
    return criterion.slopes(solution)
  }

  private func isPositiveDefinite(_ hessian: DenseMatrix) -> Bool {
    var factor = hessian
    return (try? DenseCholesky.factorize(&factor)) != nil
  }

  /// gᵀH⁻¹g.
  private func length(_ g: [Double], _ hessian: DenseMatrix) -> Double {
    var factor = hessian
    guard (try? DenseCholesky.factorize(&factor)) != nil else { return .infinity }
    var x = DenseMatrix(rows: g.count, columns: 1, storage: g)
    DenseCholesky.solve(factor: factor, &x)
    return dot(g, x.storage)
  }
}

extension RepeatedModel {
  /// Parameters by the moments of the least-squares residuals, arm by arm.
  func start() -> [Double] {
    let m = visits.count
    var F = DenseMatrix(rows: basis.rows, columns: basis.rows)
    let e = basis.column(basis.columns - 1)
    for i in e.indices { for j in e.indices { F[i, j] = e[i] * e[j] } }
    return arms.indices.flatMap { arm in
      var (sums, counts) = (DenseMatrix(rows: m, columns: m), DenseMatrix(rows: m, columns: m))
      for pattern in patterns where pattern.arm == arm {
        let C = pattern.products(F)
        for (i, s) in pattern.visits.enumerated() {
          for (j, t) in pattern.visits.enumerated() {
            sums[s, t] += C[i, j]
            counts[s, t] += Double(pattern.subjects)
          }
        }
      }
      for k in sums.storage.indices where counts.storage[k] > 0 {
        sums.storage[k] /= counts.storage[k]
      }
      return covariance.start(sums)
    }
  }

  /// What to say of covariance matrices that are singular but for rounding.
  fileprivate func singularityNotes(_ solution: RepeatedCriterion.Solution) -> [String] {
    zip(arms, solution.entries).compactMap { arm, entries in
      let Σ = VisitCovariance.matrix(entries.map(\.value), visits.count)
      let sizes = Σ.diagonal.map { $0.squareRoot() }
      var R = Σ
      for i in 0..<R.rows { for j in 0..<R.columns { R[i, j] /= sizes[i] * sizes[j] } }
      guard let least = symmetricEigenvalues(R).first, least < 1e-8 else { return nil }
      let place = arm.isEmpty ? "" : " of \(term.arm ?? "") \(arm)"
      return
        "the covariance matrix of the residuals\(place) is singular (smallest eigenvalue of the correlations \(least)): the data do not determine it. Take a structure with fewer parameters"
    }
  }
}
