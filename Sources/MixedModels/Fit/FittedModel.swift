// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames
import NumericalMethods
import Synchronization

/// A model, its data's cross-products and where its likelihood is greatest: what every test,
/// interval, comparison, prediction and figure starts from.
///
/// Immutable and free of rows; shared, not copied.
public final class FittedModel: Sendable {
  /// The results, but for tests of the coefficients, see `tested()`.
  public let fit: Fit
  /// Where residuals have parameters its A is that of the optimum, as if those were known prior weights.
  package let model: LinearMixedModel
  package let formula: Formula
  /// What was read; names only, of models without rows.
  let data: [any TableSource]
  /// Counts, levels and the fixed part; the blocks of levels and pairs are there only where they
  /// were to be kept, since they went into `model`.
  package let products: CrossProducts
  package let options: FitOptions
  /// Where the search ended, and what the equations give there.
  package let optimum: Optimum
  /// Of the clusters, once they were asked for.
  private let sums = Mutex<ClusterSums?>(nil)
  /// Of the rows, once they were asked for.
  let robust = Mutex<[CoefficientCovariance: HeteroscedasticityRobust]>([:])
  /// Covariances between the residuals of a subject; nil where residuals are independent.
  let repeated: RepeatedFit?
  /// Its sums and its structure; nil likewise.
  package var repeatedModel: RepeatedModel? { repeated?.model }
  /// When reading and fitting began, on the monotonic clock; nil for a fit that was saved.
  let began: Double?

  /// - Parameters:
  ///   - plan: What the strategies were expected to cost, in words.
  ///   - record: What was measured; of a saved fit, when it was made.
  ///   - notes: What the user should know of how the rows were read.
  init(
    _ formula: Formula, _ data: [any TableSource], _ options: FitOptions, _ products: CrossProducts,
    _ model: LinearMixedModel, _ optimum: Optimum, plan: [String], record: FitRecord = FitRecord(),
    notes: [String] = [], began: Double? = nil
  ) {
    (self.formula, self.data, self.options) = (formula, data, options)
    let model = model.weighted(at: optimum.outcome.φ)
    (self.products, self.model, self.optimum) = (products, model, optimum)
    self.began = began
    repeated = nil
    var fit = Fit(
      formula: formula, data: data, options: options, products: products, model: model,
      outcome: optimum.outcome, estimates: optimum.estimates, solver: optimum.solver, plan: plan,
      record: record)
    if fit.convergence.isSingular {
      var zeros: SingularTerms?
      if !model.hasCovaryingFactors {
        zeros = try? SingularTerms(formula, products, options, model, φ: optimum.outcome.φ)
      }
      fit.convergence.messages += zeros?.messages ?? []
    }
    fit.convergence.messages += notes
    fit.setAbsorbed(model, products)
    self.fit = fit
  }

  /// A model without random effects, whose results are those of least squares.
  init(
    leastSquares fit: Fit, _ formula: Formula, _ data: [any TableSource], _ options: FitOptions,
    _ products: CrossProducts, _ model: LinearMixedModel, _ optimum: Optimum, began: Double? = nil
  ) {
    (self.fit, self.formula, self.data, self.options) = (fit, formula, data, options)
    (self.products, self.model, self.optimum) = (products, model, optimum)
    self.began = began
    repeated = nil
  }

  /// A model without random effects whose residuals are correlated within subjects.
  init(
    repeated: RepeatedFit, _ fit: Fit, _ formula: Formula, _ data: [any TableSource],
    _ options: FitOptions, _ products: CrossProducts, _ model: LinearMixedModel, _ optimum: Optimum,
    began: Double?
  ) {
    (self.fit, self.formula, self.data, self.options) = (fit, formula, data, options)
    (self.products, self.model, self.optimum) = (products, model, optimum)
    (self.began, self.repeated) = (began, repeated)
  }

  /// The same fit with other options of its tests.
  private init(_ fitted: FittedModel, _ options: FitOptions) {
    (fit, formula, data, self.options) = (fitted.fit, fitted.formula, fitted.data, options)
    (products, model, optimum) = (fitted.products, fitted.model, fitted.optimum)
    (began, repeated) = (fitted.began, fitted.repeated)
  }

  /// The same fit, its coefficients tested otherwise; nothing is searched.
  ///
  /// - Parameters:
  ///   - method: nil: as the fit has it.
  ///   - covariance: nil: as the fit has it, or CR2 where clusters are named.
  ///   - clusters: Their column; nil: as the fit has it.
  /// - Throws: `FitError` where residuals are correlated within subjects.
  package func testing(
    _ method: DegreesOfFreedomMethod?, _ covariance: CoefficientCovariance?, clusters: String?
  ) throws -> FittedModel {
    var options = options
    options.degreesOfFreedom = method ?? options.degreesOfFreedom
    options.coefficientCovariance =
      covariance ?? (clusters == nil ? options.coefficientCovariance : .cr2)
    options.clusters = clusters ?? options.clusters
    if repeated != nil { try Self.checkRepeated(options) }
    return FittedModel(self, options)
  }

  /// The optimum, see `RelativeCovariance`.
  package var φ: [Double] { optimum.outcome.φ }
  /// β and its covariance in working coordinates, where X is orthonormal.
  var coefficients: WorkingCoefficients { optimum.estimates.working }
  /// The criterion at the optimum; nil where its Hessian could not be computed.
  var curvature: CriterionCurvature? { optimum.outcome.curvature }
  /// - Throws: `InferenceError` where variances are known, so that there are no searches for them.
  func requireEstimates() throws(InferenceError) {
    guard options.knownTheta == nil else {
      throw .refused(
        "the variances of this fit are known, not estimated: there is nothing to search for. Fit without \(Setting.knownTheta)."
      )
    }
  }

  /// - Parameter what: What is not made for correlated residuals, with its verb.
  /// - Throws: `InferenceError` where residuals are correlated within subjects.
  package func requireIndependentResiduals(_ what: MessageText) throws(InferenceError) {
    guard let repeated else { return }
    throw .needsIndependentResiduals(what, repeated.model.term)
  }

  /// - Parameter what: What takes rows one by one, with its verb.
  /// - Throws: `InferenceError` where residuals are correlated within subjects, by visits or in time.
  func requireIndependentRows(_ what: MessageText) throws(InferenceError) {
    try requireIndependentResiduals(what)
    guard let serial = model.covariance.residual?.serial else { return }
    throw .needsIndependentResiduals(what, serial.term)
  }

  /// - Parameter what: What needs σ to be estimated, with its verb.
  /// - Throws: `InferenceError` where σ is known.
  func requireEstimatedSigma(_ what: String, _ remedy: Setting) throws(InferenceError) {
    guard model.knownVariance == nil else {
      throw .refused("\(what) where σ is estimated, and here it is known. Use \(remedy).")
    }
    guard options.held.isEmpty else {
      throw .refused(
        "\(what) where all covariance parameters are estimated, and here \(options.held[0].name) is known. Use \(remedy)."
      )
    }
  }

  /// - Throws: `InferenceError`, `FitError`, `CholmodError`.
  func clusterSums(_ kind: CoefficientCovariance) throws -> ClusterSums {
    try sums.withLock { known in
      if let known { return known }
      let made =
        try repeated.map { try subjectSums($0) }
        ?? (model.fixedLevels == nil
          ? ClusterSums(model, products, options, φ: φ) : ClusterSums(rowsOf: self, kind))
      known = made
      return made
    }
  }

  /// Threads to work with.
  var threads: Int { threadCount(options.threads) }
}
