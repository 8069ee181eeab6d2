// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// What decides between random parts.
public enum SelectionRule: String, Sendable, CaseIterable {
  /// The least AIC, or BIC, of all submodels.
  case aic, bic
  /// Backward: as long as a likelihood-ratio test lets one more piece go.
  case lrt
}

/// Submodels of a model's random part, fitted to the same cross-products by the same criterion, and the
/// one that a rule selects.
public struct RandomPartSelection: Sendable {
  public struct Row: Sendable {
    public let formula: String
    /// `(1 | a) + (1 | b)`, and which factors' effects have a covariance.
    public let randomPart: String
    /// The two factors of which effects have a covariance (`FitOptions.covaryingFactors`); empty: none have.
    public let covaryingFactors: [String]
    public let parameterCount: Int
    public let logLikelihood: Double
    public let aic: Double
    public let bic: Double
    public let isSingular: Bool
    public let isConverged: Bool
    /// Which step back the model was looked at; nil where all submodels are.
    public let step: Int?
    /// Against the model that the step began with; nil for the first, and where all are looked at.
    public let test: LikelihoodRatioTest?
    public internal(set) var isSelected = false

    /// The mixture's where there is one; 1 where the data do not tell the models apart.
    var pValue: Double? { test.flatMap { $0.df == 0 ? 1 : $0.mixturePValue ?? $0.naivePValue } }
  }
  public let formula: String
  public let criterionKind: CriterionKind
  public let rule: SelectionRule
  /// Pieces go whose p-value is above it.
  public let alpha: Double
  /// In the order in which they were fitted; of all submodels by AIC or BIC.
  public let rows: [Row]
  public let messages: [String]

  public var selected: Row { rows.first(where: \.isSelected)! }
}

extension FittedModel {
  /// Fits submodels of the random part from the cross-products, which this fit must have kept
  /// (`FitOptions.keepsCrossProducts`), and selects one.
  ///
  /// A term stays if it is part of another that stays (an interaction's main effects), the intercept
  /// stays with any of them, and one term stays. A term is looked at with and without correlations.
  ///
  /// - Parameters:
  ///   - rule: What is compared: likelihood-ratio tests one after the other, or AIC or BIC over all.
  ///   - alpha: Of the tests; 0.1 is the default of lmerTest's `step`.
  ///   - most: Models to fit at most, where all are looked at.
  ///   - progress: Called with every formula before it is fitted.
  /// - Throws: `InferenceError` for too many submodels, and where variances are known; `FitError`.
  public func randomPartSelection(
    by rule: SelectionRule, alpha: Double = 0.1, most: Int = 200,
    progress: ((String) -> Void)? = nil
  ) throws -> RandomPartSelection {
    try ValueRange.coverage.check(alpha, "alpha")
    if let repeated { throw InferenceError.nothingToTakeOut(of: formula.text, repeated.model.term) }
    try requireEstimates()
    guard options.keepsCrossProducts, !isLeastSquares else {
      throw InferenceError.refused(
        "submodels are fitted to cross-products, and this fit has not kept them.")
    }
    var selection = Selection(
      fitted: self,
      terms: try RandomTermSummands.all(DesignBuilder(products: products, options: options)),
      progress: progress)
    switch rule {
    case .lrt: try selection.stepBack(alpha)
    case .aic, .bic: try selection.fitAll(most, rule)
    }
    selection.sayCovariance()
    return RandomPartSelection(
      formula: fit.formula, criterionKind: fit.criterionKind, rule: rule, alpha: alpha,
      rows: selection.rows,
      messages: [
        "the model was selected by looking at these data, and its standard errors, p-values and intervals do not know of that: they are those of a model that was stated beforehand. Random effects that the design asks for may stay whatever a test says"
      ] + selection.messages)
  }
}

/// A selection under way.
private struct Selection {
  let fitted: FittedModel
  let terms: [RandomTermSummands]
  let progress: ((String) -> Void)?
  var rows: [RandomPartSelection.Row] = []
  var messages: [String] = []

  private var whole: RandomPartCandidate {
    RandomPartCandidate(terms, covaryingFactors: fitted.options.covaryingFactors)
  }

  mutating func stepBack(_ alpha: Double) throws {
    var (candidate, model) = (whole, fitted)
    var selected = add(candidate, model, step: nil, test: nil)
    for step in 1... {
      var best: (row: Int, candidate: RandomPartCandidate, model: FittedModel)?
      for smaller in candidate.reductions(terms) {
        let other = try fit(smaller)
        let row = add(
          smaller, other, step: step,
          test: other.fit.convergence.converged ? try test(other, in: model) : nil)
        if let p = rows[row].pValue, p > (best.flatMap { rows[$0.row].pValue } ?? alpha) {
          best = (row, smaller, other)
        }
      }
      guard let best else { break }
      (selected, candidate, model) = (best.row, best.candidate, best.model)
    }
    rows[selected].isSelected = true
  }

  mutating func fitAll(_ most: Int, _ rule: SelectionRule) throws {
    let all = try submodels(most)
    for candidate in all {
      let model = candidate == all[0] ? fitted : try fit(candidate)
      _ = add(candidate, model, step: nil, test: nil)
    }
    func value(_ row: RandomPartSelection.Row) -> Double { rule == .aic ? row.aic : row.bic }
    rows.sort { value($0) < value($1) }
    if let best = rows.firstIndex(where: \.isConverged) { rows[best].isSelected = true }
  }

  /// The whole random part first.
  private func submodels(_ most: Int) throws -> [RandomPartCandidate] {
    var found = [whole]
    var known = Set(found)
    var next = 0
    while next < found.count {
      for smaller in found[next].reductions(terms) where known.insert(smaller).inserted {
        found.append(smaller)
        guard found.count <= most else {
          throw InferenceError.refused(
            "the random part has more than \(most) submodels. Go back step by step, by likelihood-ratio tests, or allow more."
          )
        }
      }
      next += 1
    }
    return found
  }

  private func fit(_ candidate: RandomPartCandidate) throws -> FittedModel {
    let text = fitted.formula.text(withRandomTerms: candidate.texts(terms))
    progress?(candidate.covaryingFactors.isEmpty ? text : "\(text); \(candidate.covaryingFactors.joined(separator: " and ")) covary")
    let products = try fitted.products.narrowed(to: Formula(text), name: fitted.fit.formula)
    var options = fitted.options
    (options.start, options.startByName, options.progress) = (nil, nil, nil)
    options.wantsConditionalModes = false
    options.covaryingFactors = candidate.covaryingFactors
    let kept = Set(products.specification.randomTerms.map(\.groupName))
    options.relationships = options.relationships.filter { kept.contains($0.key) }
    return try FittedModel(products, options: options.discardingCrossProducts)
  }

  /// A formula does not say which factors' effects have a covariance.
  mutating func sayCovariance() {
    guard let selected = rows.first(where: \.isSelected), !selected.covaryingFactors.isEmpty else { return }
    messages.append(
      "in the selected model effects of \(selected.covaryingFactors.joined(separator: " and ")) have a covariance: fit it with \(Setting.covary) \(selected.covaryingFactors.joined(separator: ","))"
    )
  }

  private mutating func test(
    _ smaller: FittedModel, in larger: FittedModel
  ) throws -> LikelihoodRatioTest? {
    let comparison = try ModelComparison(
      [("smaller", smaller), ("larger", larger)], boundary: .mixture)
    return comparison.rows[1].test
  }

  private mutating func add(
    _ candidate: RandomPartCandidate, _ model: FittedModel, step: Int?,
    test: LikelihoodRatioTest?
  ) -> Int {
    let fit = model.fit
    if !fit.convergence.converged {
      messages.append("the search for “\(fit.formula)” did not converge, so it was not selected")
    }
    rows.append(
      RandomPartSelection.Row(
        formula: fit.formula, randomPart: candidate.title(terms),
        covaryingFactors: candidate.covaryingFactors,
        parameterCount: fit.parameterCount, logLikelihood: fit.logLikelihood, aic: fit.aic,
        bic: fit.bic, isSingular: fit.convergence.isSingular,
        isConverged: fit.convergence.converged, step: step, test: test))
    return rows.count - 1
  }
}
