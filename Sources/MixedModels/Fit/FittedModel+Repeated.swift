// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension FittedModel {
  /// Fits a model without random effects whose residuals are correlated within subjects to sums by visits, which
  /// were read from `began` to `isRead`.
  ///
  /// - Throws: `FormulaError`, `FitError`.
  convenience init(
    repeated products: CrossProducts, _ data: [any TableSource], _ given: FitOptions, began: Double,
    isRead: Double
  ) throws {
    let (model, fixed, products, options) = try Self.assembled(repeated: products, given)
    var timing = Timing()
    timing.read = isRead - began
    timing.assemble = monotonicSeconds() - isRead
    try self.init(
      model, fixed, products, products.specification.formula, data, options, timing, began: began)
  }

  /// The sums by visits as a model, and that of the fixed part.
  ///
  /// - Throws: `FormulaError`, `FitError`.
  static func assembled(
    repeated products: CrossProducts, _ given: FitOptions
  ) throws -> (model: RepeatedModel, fixed: LinearMixedModel, products: CrossProducts, options: FitOptions) {
    var products = products.taking(given.residual)
    var options = given.adopting(products.specification)
    try checkRepeated(options.residual!, products.specification.formula, options)
    options.clusters = nil  // the subjects are
    let fixed = try LinearMixedModel(releasing: &products, options: options)
    return (try RepeatedModel(products, fixed, options), fixed, products, options)
  }

  /// - Throws: `FormulaError` for an unknown structure; `FitError`.
  static func checkRepeated(_ term: ResidualTerm, _ formula: Formula, _ options: FitOptions) throws {
    if formula.randomTerms.isEmpty, term.word == SerialWord.car1.rawValue {
      throw FitError.serial(
        term.text,
        "is for a formula with random effects. Without any the same correlations are \(Setting.residual("sp_exp(\(term.visit) | \(term.grouping))"))"
      )
    }
    _ = try VisitStructure(term)
    try checkRepeated(options)
  }

  /// What belongs to searches and equations of other models.
  static func checkRepeated(_ options: FitOptions) throws {
    try options.check()
    let term = options.residual?.text
    let given: [(Setting, Bool)] = [
      (.start, options.start != nil || options.startByName != nil), (.knownTheta, options.knownTheta != nil),
      (.residualBy, options.residualBy != nil), (.conditionalModes, options.wantsConditionalModes),
      (.solver(), options.solver != "auto"), (.knownSigma, options.knownSigma != nil),
      (.held, !options.held.isEmpty),
    ]
    try checkRobust(options)
    guard let setting = given.first(where: \.1)?.0 else { return }
    throw FitError.numerical("\(setting) has no meaning for models with \(Setting.residual(term)). Leave it out")
  }

  /// - Throws: `InferenceError` for covariances of coefficients whose clusters are no subjects.
  private static func checkRobust(_ options: FitOptions) throws(InferenceError) {
    guard let term = options.residual else { return }
    if let kind = options.coefficientCovariance, kind.isOfRows {
      throw .refused(
        "\(kind.rawValue) is for rows that are independent, and those of a \(term.subject) are not (\(Setting.residual(term.text))). Take \(Setting.coefficientCovariance(["CR2"])), which is by \(term.subject)."
      )
    }
    if let clusters = options.clusters, Label(clusters) != Label(term.subject) {
      throw .refused(
        "with \(Setting.residual(term.text)) the clusters are its subjects (\(term.subject)), not \(clusters). Leave \(Setting.clusters()) out."
      )
    }
  }

  /// The same sums, searched for another criterion.
  ///
  /// - Parameter start: Parameters of the matrices to begin with.
  /// - Throws: `FitError`.
  func refitted(
    _ repeated: RepeatedFit, by kind: CriterionKind, start: [Double]? = nil
  ) throws -> FittedModel {
    var options = options
    options.criterion = kind
    return try FittedModel(
      repeated.model, model, products, formula, data, options, Timing(), start: start, began: nil)
  }

  private convenience init(
    _ repeated: RepeatedModel, _ model: LinearMixedModel, _ products: CrossProducts,
    _ formula: Formula, _ data: [any TableSource], _ options: FitOptions, _ timing: Timing,
    start: [Double]? = nil, began: Double?
  ) throws {
    var search = RepeatedSearch(repeated, options, start: start)
    let found = try search.optimum()
    var timing = timing
    timing.optimize = found.found - found.began
    timing.inference = monotonicSeconds() - found.found
    timing.evaluation = found.evaluationSeconds
    self.init(repeated, found, model, products, formula, data, options, timing, began: began)
  }

  /// - Parameter found: The optimum of the criterion of the options.
  convenience init(
    _ repeated: RepeatedModel, _ found: RepeatedOptimum, _ model: LinearMixedModel,
    _ products: CrossProducts, _ formula: Formula, _ data: [any TableSource], _ options: FitOptions,
    _ timing: Timing, began: Double?
  ) {
    let residual = ResidualCovariance(repeated, found)
    let estimates = Estimates(model, repeated, found, residual)
    let (p, fixed) = (model.fixedEffectCount, model.fixed)
    let position = Dictionary(uniqueKeysWithValues: fixed.kept.enumerated().map { ($1, $0) })
    var fit = Fit(
      formula.text, criterionKind: options.criterion, data: data.map(\.name),
      weights: options.weights, offset: options.offset, observations: model.observations,
      omittedObservations: products.omittedObservations, randomEffectCount: 0,
      criterion: found.solution.value, sigma: estimates.sigma, theta: Theta([], values: []),
      fixedEffects: fixed.names.enumerated().map { j, name in
        FixedEffect(
          name, estimate: position[j].map { estimates.β[$0] },
          standardError: position[j].map { estimates.vcov[$0, $0].squareRoot() })
      },
      vcov: (0..<p).map { i in (0..<p).map { estimates.vcov[i, $0] } }, varianceComponents: [],
      convergence: Convergence(
        "newton", converged: found.converged, evaluations: found.trace.count,
        gradients: found.gradients, gradientMax: found.largestGradient,
        hessianMinEigenvalue: found.leastEigenvalue, isSingular: false,
        messages: found.messages + model.fixedPartNotes + repeated.orderNotes + products.notes,
        trace: found.trace),
      solver: SolverDescription("patterns", threads: threadCount(options.threads)), timing: timing,
      peakMemory: peakResidentMemory())
    fit.residual = residual
    let optimum = Optimum(leastSquares: estimates, criterion: found.solution.value)
    self.init(
      repeated: RepeatedFit(model: repeated, optimum: found), fit, formula, data, options, products,
      model, optimum, began: began)
  }
}

extension Estimates {
  /// β̂ by generalized least squares.
  fileprivate init(
    _ model: LinearMixedModel, _ repeated: RepeatedModel, _ found: RepeatedOptimum,
    _ residual: ResidualCovariance
  ) {
    let (p, fixed) = (model.fixedEffectCount, model.fixed)
    let s = fixed.responseScale
    let total = (0..<p).map { s * (fixed.leastSquares[$0] + found.solution.β[$0]) }
    let reported = (0..<p).map { total[$0] + fixed.predictor[$0] }
    var β = fixed.solveR(DenseMatrix(rows: p, columns: 1, storage: reported)).storage
    if fixed.level != 0 { β[0] += fixed.level }  // a model with a level has its intercept first
    let level = fixed.level != 0 ? fixed.R[0, 0] * fixed.level : 0
    let Φ = s * s * found.solution.Φ
    let isOne = !residual.structure.isHeterogeneous && residual.components.count == 1
    self.init(
      sigma: isOne ? residual.components[0].standardDeviations[0] : .nan, β: β,
      working: WorkingCoefficients(
        β: reported.enumerated().map { $0 == 0 ? $1 + level : $1 }, Φ: Φ, variance: 1),
      vcov: fixed.solveR(fixed.solveR(Φ).transposed), λ: [],
      rawCoefficients: zip(fixed.rawPredictor, fixed.B * total).map { $0 + $1 }, workingModes: [],
      fixedLevelEffects: [], modes: nil)
  }
}

extension LinearMixedModel {
  /// What a user should know of X, in words.
  fileprivate var fixedPartNotes: [String] {
    let dropped = fixed.names.count - fixed.kept.count
    guard dropped > 0 else { return lostDigits.notes }
    return [
      "fixed-effect model matrix is rank deficient so dropping \(dropped) column\(dropped == 1 ? "" : "s") / coefficient\(dropped == 1 ? "" : "s")"
    ] + lostDigits.notes
  }
}

extension RepeatedModel {
  /// Of visits whose names, as texts, are in another order than the numbers in them.
  fileprivate var orderNotes: [String] {
    guard covariance.structure.isOrdered else { return [] }
    let numbers = visits.compactMap { label in
      Int(label.filter { $0.isASCII && $0.isNumber })
    }
    guard numbers.count == visits.count, numbers != numbers.sorted() else { return [] }
    return [
      "\(covariance.structure.rawValue) takes the visits in the order \(visits.prefix(12).joined(separator: ", ")), which is that of their names as texts. If another is meant, give it: \(Setting.levels)"
    ]
  }
}
