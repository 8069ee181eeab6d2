// SPDX-License-Identifier: GPL-2.0-or-later

public import MixedModels
import ModelFrames
import NumericalMethods

/// What a study of a fit's own design draws from: the fit's cross-products, and parameters that are the
/// estimates unless others are stated.
struct FittedStudy: Sendable {
  let products: CrossProducts
  let options: FitOptions
  let truth: SimulationTruth
  /// Of a fit with covariances between a subject's visits; nil of others.
  let residual: ResidualCovariance?
  /// Where residuals are correlated in time.
  let rows: RowsOfFit?
}

/// What is changed of a fit to be studied; every list makes one design for each of its values.
public struct FittedStudyChanges: Sendable {
  /// `Days=5,10`: true values of coefficients.
  public var coefficients: String?
  /// `Subject:Days=3,6`, or `Subject=20` of a term with one column: standard deviations of random effects;
  /// correlations stay.
  public var deviations: [String] = []
  /// The residual standard deviation; those of random effects stay. nil: as estimated.
  public var sigma: Double?
  /// `Subject=1,2,4`: so many times the levels of a grouping factor, with all their rows; `rows=2`: so many
  /// times the rows, at the same levels.
  public var copies: [String] = []

  public init() {}
}

extension StudyDesign {
  /// Designs that are those of a fit: its rows, levels and covariates, as its cross-products have them, which
  /// it must have kept; with changes.
  ///
  /// - Throws: `SimulationError` for a change that is wrong, and for a fit that cannot be studied.
  public static func designs(
    of fitted: FittedModel, _ changes: FittedStudyChanges = FittedStudyChanges()
  ) throws -> [StudyDesign] {
    let study = try FittedStudy(fitted)
    var designs: [(study: FittedStudy, varied: [(name: String, value: String)])] = [(study, [])]
    for change in try StatedChange.all(changes) {
      designs = try designs.flatMap { design in
        try change.values.map { value in
          let varied = change.values.count > 1 ? [(name: change.label, value: value)] : []
          return (try change.applied(value, to: design.study), design.varied + varied)
        }
      }
      guard designs.count <= 1000 else {
        throw SimulationError.stated(
          "\(designs.count) designs are too many for one study. List fewer numbers.")
      }
    }
    return designs.map { StudyDesign(formula: fitted.formula, fitted: $0.study, varied: $0.varied) }
  }
}

extension FittedStudy {
  fileprivate init(_ fitted: FittedModel) throws {
    let fit = fitted.fit
    residual = fit.residual
    guard residual != nil || fitted.options.keepsCrossProducts && !fitted.isLeastSquares else {
      throw SimulationError.stated("a fit is studied by its cross-products, which this one has not kept.")
    }
    (products, options) = (fitted.products, fitted.options)
    let dropped = fit.droppedColumns
    guard dropped.isEmpty else {
      throw SimulationError.stated(
        "the coefficients of \(dropped.joined(separator: ", ")) could not be estimated. Take them out of the formula, and fit again."
      )
    }
    rows = try fitted.rowsOfSteps(for: "the study of residuals that are correlated in time")
    truth = SimulationTruth(
      coefficients: fit.fixedEffects.map {
        SimulationTruth.Coefficient(name: $0.name, value: $0.estimate ?? .nan)
      },
      terms: zip(fit.varianceComponents, fitted.estimatedStructures).map {
        SimulationTruth.Term(
          group: $0.group, columns: $0.columns, covariance: $0.covariances, structure: $1)
      }, sigma: fit.sigma, strataRatios: fitted.model.strataRatios(fitted.φ),
      autocorrelation: fitted.model.autocorrelation(fitted.φ),
      residuals: (residual?.components ?? []).map {
        SimulationTruth.Term(group: $0.name, columns: $0.columns, covariance: $0.covariances)
      })
  }

  private init(_ other: FittedStudy, products: CrossProducts? = nil, truth: SimulationTruth? = nil) {
    self.products = products ?? other.products
    (options, self.truth) = (other.options, truth ?? other.truth)
    (residual, rows) = (other.residual, other.rows)
  }

  fileprivate func replacing(coefficient name: String, _ value: Double) throws -> FittedStudy {
    var truth = truth
    guard let k = truth.coefficients.firstIndex(where: { $0.name.hasBytes(of: name) }) else {
      throw SimulationError.stated(
        .coefficients,
        ": there is no coefficient “\(name)”. There are \(truth.coefficients.map(\.name).joined(separator: ", "))."
      )
    }
    truth.coefficients[k] = SimulationTruth.Coefficient(name: name, value: value)
    return FittedStudy(self, truth: truth)
  }

  /// - Parameter column: nil: of a group with one column.
  fileprivate func replacing(
    deviation value: Double, of group: String, column: String?
  ) throws -> FittedStudy {
    if let residual { return try replacing(deviation: value, ofResiduals: group, column: column, residual) }
    var truth = truth
    let places = truth.terms.indices.flatMap { t in
      truth.terms[t].group.hasBytes(of: group)
        ? truth.terms[t].columns.indices.filter {
          column.map(truth.terms[t].columns[$0].hasBytes) ?? true
        }.map { (t, $0) } : []
    }
    let name = column.map { "\(group):\($0)" } ?? group
    let isOne =
      places.count == 1
      || (Set(places.map { $0.0 }).count == 1 && truth.terms[places[0].0].structure?.isHomogeneous == true)
    guard isOne, let (t, j) = places.first else {
      let known = truth.terms.flatMap { term in term.columns.map { "\(term.group):\($0)" } }
      throw SimulationError.stated(
        .deviations,
        ": “\(name)” is \(places.isEmpty ? "no random effect" : "more than one random effect"). There are \(known.joined(separator: ", "))."
      )
    }
    let term = truth.terms[t]
    var covariance = term.covariance
    let old = covariance[j][j].squareRoot()
    guard old > 0 || covariance.count == 1 else {
      throw SimulationError.stated(
        .deviations, ": the fit has no variance of “\(name)”, so that its correlations are not known.")
    }
    for k in covariance.indices where k != j {
      covariance[j][k] *= value / old
      covariance[k][j] = covariance[j][k]
    }
    covariance[j][j] = value * value
    let structure = try term.structure.map { structure in
      guard old > 0 else {
        throw SimulationError.stated(
          .deviations, ": the fit has no variance of “\(name)”, so that its parameters are not known.")
      }
      let scaled = structure.scaled(column: j, by: value / old)
      let Σ = try scaled.covariance()
      for k in covariance.indices { covariance[k] = Σ.column(k) }
      return scaled
    }
    truth.terms[t] = SimulationTruth.Term(
      group: term.group, columns: term.columns, covariance: covariance, structure: structure)
    return FittedStudy(self, truth: truth)
  }

  /// The same of residuals at a visit, or at all visits where they have one variance; correlations stay.
  private func replacing(
    deviation value: Double, ofResiduals group: String, column: String?, _ residual: ResidualCovariance
  ) throws -> FittedStudy {
    var truth = truth
    let arms = truth.residuals.indices.filter { truth.residuals[$0].group.hasBytes(of: group) }
    let visits = residual.components[0].columns
    let visit = column.flatMap { column in visits.firstIndex { $0.hasBytes(of: column) } }
    guard let arm = arms.first, value > 0, residual.structure.isHeterogeneous == (visit != nil),
      (column == nil) == (visit == nil)
    else {
      let known = truth.residuals.flatMap { term in
        residual.structure.isHeterogeneous ? visits.map { "\(term.group):\($0)" } : [term.group]
      }
      throw SimulationError.stated(
        .deviations,
        ": “\(column.map { "\(group):\($0)" } ?? group)” is no standard deviation above zero of the residuals. There are \(known.joined(separator: ", "))."
      )
    }
    let term = truth.residuals[arm]
    let factors = visits.indices.map { k in
      visit == nil || visit == k ? value / term.covariance[k][k].squareRoot() : 1
    }
    truth.residuals[arm] = SimulationTruth.Term(
      group: term.group, columns: term.columns,
      covariance: visits.indices.map { i in
        visits.indices.map { factors[i] * term.covariance[i][$0] * factors[$0] }
      })
    return FittedStudy(self, truth: truth)
  }

  fileprivate func replacing(sigma value: Double) throws -> FittedStudy {
    guard residual == nil else {
      throw SimulationError.stated(
        "the residuals of this fit have standard deviations in place of \(Setting.simulation(.sigma)): state them as \(Setting.simulation(.deviations)) \(truth.residuals[0].group)\(residual!.structure.isHeterogeneous ? ":\(truth.residuals[0].columns[0])" : "")=\(value)."
      )
    }
    var truth = truth
    truth.sigma = value
    return FittedStudy(self, truth: truth)
  }

  fileprivate func copied(_ count: Int, _ name: String) throws -> FittedStudy {
    guard options.relationships[name] == nil else {
      throw SimulationError.stated(
        "levels of “\(name)” are related to each other, and copies of them to nobody: they cannot be copied.")
    }
    if rows != nil {
      throw SimulationError.stated(
        "responses with residuals that are correlated in time are drawn row by row, for the rows of the fit: they cannot be copied.")
    }
    if name == "rows", let residual {
      throw SimulationError.stated(
        "a subject has one row for a visit: copy subjects, as in \(residual.subject)=2.")
    }
    if name == "rows" { return FittedStudy(self, products: try products.copies(count, ofLevelsOf: nil)) }
    let (basis, specification) = (products.basis, products.specification)
    let grouping = Set(
      specification.randomTerms.flatMap(\.grouping).map(\.source)
        + [specification.residual?.subject.source].compactMap(\.self))
    guard
      let factor = basis.factors.indices.first(where: {
        grouping.contains($0) && basis.factors[$0] == .column(name)
      })
    else {
      let known = grouping.sorted().map { basis.factors[$0].name }
      throw SimulationError.stated(
        "there is no grouping factor “\(name)” to copy levels of. There are \(known.joined(separator: ", ")), and rows.")
    }
    guard !specification.codedFactors.contains(name) else {
      throw SimulationError.stated(
        "levels of “\(name)” have coefficients of their own, so they cannot be copied.")
    }
    return FittedStudy(self, products: try products.copies(count, ofLevelsOf: factor))
  }
}

/// One change with its values.
private struct StatedChange {
  enum Target {
    case coefficient(String)
    case deviation(String)
    case sigma
    case copies(String)
  }
  let target: Target
  let values: [String]

  var label: String {
    switch target {
    case .coefficient(let name): name
    case .deviation(let name): "sd \(name)"
    case .sigma: "sigma"
    case .copies(let name): "copies of \(name)"
    }
  }

  /// - Throws: `SimulationError`.
  static func all(_ changes: FittedStudyChanges) throws -> [StatedChange] {
    var all: [StatedChange] = []
    if let text = changes.coefficients {
      // What has no = goes on with the values of the name before it.
      var named: [(name: String, values: [String])] = []
      for field in text.topLevelFields(",") {
        if let (name, value) = assignment(field) {
          named.append((name, [value]))
        } else if named.isEmpty {
          throw SimulationError.stated(
            .coefficients, ": of a fit they are stated by name, as in Days=5,10.")
        } else {
          named[named.count - 1].values.append(field.withoutOuterBlanks)
        }
      }
      all += named.map { StatedChange(target: .coefficient($0.name), values: $0.values) }
    }
    all += try changes.deviations.map { text in
      guard let (name, list) = assignment(text) else {
        throw SimulationError.stated(.deviations, ": '\(text)' is not GROUP:COLUMN=VALUE,….")
      }
      return StatedChange(target: .deviation(name), values: list.topLevelFields(","))
    }
    if let sigma = changes.sigma {
      all.append(StatedChange(target: .sigma, values: ["\(sigma)"]))
    }
    all += try changes.copies.map { text in
      guard let (name, list) = assignment(text) else {
        throw SimulationError.stated("copies: '\(text)' is not FACTOR=N,… or rows=N,….")
      }
      return StatedChange(target: .copies(name), values: list.topLevelFields(","))
    }
    let labels = all.map(\.label)
    if let twice = labels.first(where: { label in labels.count { $0 == label } > 1 }) {
      throw SimulationError.stated("\(twice) is stated twice.")
    }
    return all
  }

  private static func assignment(_ text: String) -> (name: String, value: String)? {
    guard let equals = text.lastIndex(of: "=") else { return nil }
    let name = String(text[..<equals]).withoutOuterBlanks
    let value = String(text[text.index(after: equals)...]).withoutOuterBlanks
    return name.isEmpty || value.isEmpty ? nil : (name, value)
  }

  func applied(_ text: String, to study: FittedStudy) throws -> FittedStudy {
    let text = text.withoutOuterBlanks
    switch target {
    case .coefficient(let name):
      guard let value = Double(text), abs(value) <= 1e100 else {
        throw SimulationError.stated(.coefficients, ": '\(text)' is no value of \(name).")
      }
      return try study.replacing(coefficient: name, value)
    case .deviation(let name):
      guard let value = Double(text), (0...1e100).contains(value) else {
        throw SimulationError.stated(.deviations, ": '\(text)' is no standard deviation.")
      }
      let colon = name.lastIndex(of: ":")
      let whole = try? study.replacing(deviation: value, of: name, column: nil)
      if let whole { return whole }
      guard let colon else {
        return try study.replacing(deviation: value, of: name, column: nil)
      }
      return try study.replacing(
        deviation: value, of: String(name[..<colon]),
        column: String(name[name.index(after: colon)...]))
    case .sigma:
      guard let value = Double(text), value > 0, value <= 1e100 else {
        throw SimulationError.stated(.sigma, " must be above 0, not \(text).")
      }
      return try study.replacing(sigma: value)
    case .copies(let name):
      guard let count = Int(text), (1...10_000).contains(count) else {
        throw SimulationError.stated("copies of \(name): '\(text)' is no number from 1 to 10000.")
      }
      return try study.copied(count, name)
    }
  }
}
