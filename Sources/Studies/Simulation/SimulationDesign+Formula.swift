// SPDX-License-Identifier: GPL-2.0-or-later

import MixedModels
public import ModelFrames
import NumericalMethods

extension SimulationDesign {
  /// The design that a formula and statements about its parameters and data make.
  ///
  /// - Throws: `SimulationError` that says what is wrong with a statement.
  public init(_ formula: Formula, _ settings: SimulationSettings) throws(SimulationError) {
    guard ValueRange.standardDeviation.contains(settings.sigma) else {
      throw .stated(
        .sigma, " \(ValueRange.standardDeviation.rule), not \(settings.sigma).")
    }
    var data = try FormulaDesign(formula, settings)
    let columns = ModelColumns(
      factors: data.factors, numbers: Set(data.covariates.map(\.name)),
      contrasts: settings.contrasts)
    let fixed = try columns.columns(of: formula.fixed)
    let coefficients = try Self.coefficients(fixed.map(\.name), settings.coefficients)
    var effects = zip(coefficients, fixed).map {
      SimulatedEffect(coefficient: $0, column: $1.column)
    }
    for offset in formula.offsets {
      try columns.check(offset)
      effects.append(
        SimulatedEffect(coefficient: 1, column: SimulatedColumn(expressions: [offset])))
    }
    let random = try RandomDesign(formula, columns, settings)
    for name in settings.contrasts.keys where !data.factors.contains(where: { $0.name == name }) {
      throw .stated(.contrasts, ": the formula has no factor '\(name)'.")
    }
    let terms = try random.terms(&data)
    self.init(
      name: "formula", formula: formula.text, rows: data.rows, response: data.response,
      responseDecimals: Self.decimals(settings.sigma, random), covariates: data.covariates,
      factors: data.factors, fixedEffects: effects, randomTerms: terms,
      residualSD: settings.sigma)
    weights = try Self.weights(settings, data.covariates)
    truth = SimulationTruth(
      coefficients: zip(fixed, coefficients).map { .init(name: $0.name, value: $1) },
      terms: random.truth, sigma: settings.sigma)
    try checkMemory()
  }

  private static func coefficients(
    _ names: [String], _ text: String?
  ) throws(SimulationError) -> [Double] {
    guard let text else { return names.map { _ in 0 } }
    let values = try StatedValues(
      setting: .simulation(.coefficients), kind: "coefficients", range: .coefficient,
      names: names.enumerated().map { ($0.element, $0.offset) }
    ).values(text)
    return names.indices.map { values[$0] ?? 0 }
  }

  /// Six digits of the smallest standard deviation that is not zero.
  private static func decimals(_ sigma: Double, _ random: RandomDesign) -> Int {
    let deviations = [sigma] + random.truth.flatMap(\.deviations)
    return (deviations.filter { $0 > 0 }.min() ?? 1).decimalsForSpread
  }

  private static func weights(
    _ settings: SimulationSettings, _ covariates: [SimulatedCovariate]
  ) throws(SimulationError) -> Int? {
    guard let name = settings.weights else { return nil }
    guard let index = covariates.firstIndex(where: { $0.name == name }) else {
      throw .stated(.weights, ": '\(name)' has labels, and weights are numbers.")
    }
    guard covariates[index].distribution.isPositive else {
      throw .stated(
        .weights,
        ": '\(name)' can be zero or negative. State a positive one, such as \(Setting.simulation(.covariates, "\(name)=uniform(0.5,2)"))."
      )
    }
    return index
  }
}

/// The random part of a formula with its stated covariances.
private struct RandomDesign {
  let stated: StatedCovariances
  private let columns: [[ModelColumns.Column]]
  private let groupings: [[String]]
  private let factors: [DenseMatrix]
  let truth: [SimulationTruth.Term]

  init(
    _ formula: Formula, _ model: ModelColumns, _ settings: SimulationSettings
  ) throws(SimulationError) {
    var columns: [[ModelColumns.Column]] = []
    for term in formula.randomTerms {
      let own = try model.columns(of: term.terms)
      guard !own.isEmpty else {
        throw .stated(FitError.emptyRandomTerm(term.groupName).description)
      }
      columns.append(own)
    }
    var stated = StatedCovariances(
      try Self.terms(formula, columns.map { $0.map(\.name) }))
    for text in settings.deviations { try stated.setDeviations(text) }
    for text in settings.correlations { try stated.setCorrelations(text) }
    var factors: [DenseMatrix] = []
    var truth: [SimulationTruth.Term] = []
    for term in stated.terms {
      factors.append(try term.factor())
      truth += try Self.truth(term)
    }
    (self.stated, self.columns, self.factors, self.truth) = (stated, columns, factors, truth)
    groupings = formula.randomTerms.map { $0.grouping.map(\.factorColumn) }
  }

  /// Terms that refer to factors by index; combinations of factors are added to `data`.
  func terms(_ data: inout FormulaDesign) throws(SimulationError) -> [SimulatedRandomTerm] {
    var terms: [SimulatedRandomTerm] = []
    for (k, grouping) in groupings.enumerated() {
      let L = factors[k]
      terms.append(
        SimulatedRandomTerm(
          factor: try data.factor(of: grouping), columns: columns[k].map(\.column),
          covarianceFactor: (0..<L.rows).map { i in (0...i).map { L[i, $0] } }))
    }
    return terms
  }

  private static func terms(
    _ formula: Formula, _ columns: [[String]]
  ) throws(SimulationError) -> [StatedTerm] {
    var terms: [StatedTerm] = []
    for (term, columns) in zip(formula.randomTerms, columns) {
      do throws(FormulaError) {
        terms.append(
          StatedTerm(
            group: term.groupName, alias: term.grouping.count > 1 ? term.grouping[0].name : nil,
            columns: columns, isDiagonal: term.isDiagonal,
            structure: try formula.statedStructure(term, columns: columns)))
      } catch { throw .stated(error.message) }
    }
    return terms
  }

  private static func truth(_ term: StatedTerm) throws(SimulationError) -> [SimulationTruth.Term] {
    let Σ = try term.covariance()
    let all = term.columns.indices
    let parts = term.isDiagonal ? all.map { [$0] } : [Array(all)]
    return parts.map { part in
      SimulationTruth.Term(
        group: term.group, columns: part.map { term.columns[$0] },
        covariance: part.map { i in part.map { Σ[i, $0] } }, structure: term.structure)
    }
  }
}

extension SimulatedCovariate.Distribution {
  fileprivate var isPositive: Bool {
    switch self {
    case .uniform(let range): range.lowerBound > 0
    case .lognormal, .exponential, .gamma: true
    case .values(let numbers, _), .sequence(let numbers): numbers.allSatisfy { $0 > 0 }
    default: false
    }
  }
}
