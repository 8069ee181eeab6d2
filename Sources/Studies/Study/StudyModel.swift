// SPDX-License-Identifier: GPL-2.0-or-later

import MixedModels
import ModelFrames
import NumericalMethods

/// One design's cross-products with the true parameters in working coordinates: what its responses
/// are drawn from and fitted with.
///
/// Covariates and levels are drawn once, from the seed, and stay: the study is conditional on them,
/// as the theory of the estimators is.
struct StudyModel: Sendable {
  let model: LinearMixedModel
  let parameters: [StudyParameter]
  /// True values, σ in units of the response.
  let φ: [Double]
  let sigma: Double
  let simulator: DrawnModels

  /// - Throws: `FormulaError`, `DataError`, `FitError`, `InferenceError`, `SimulationError`.
  init(_ study: StudyDesign, seed: UInt64, threads: Int) throws {
    guard let truth = study.fitted?.truth ?? study.design?.truth, truth.sigma > 0 else {
      throw SimulationError.stated("a study needs a positive \(Setting.simulation(.sigma)).")
    }
    model = try Self.model(study, seed: seed, threads: threads)
    let names = truth.coefficients.map(\.name)
    let strata = model.strataLabels
    guard strata.count == (strata.isEmpty ? 0 : truth.strataRatios.count + 1) else {
      throw SimulationError.stated(
        "with \(study.label) there are other strata of residuals than in the fit.")
    }
    if let held = study.fitted?.options.held.first {
      throw SimulationError.stated(
        "a study estimates all covariance parameters, and here \(held.name) is known: fit without \(Setting.held).")
    }
    guard model.fixed.names == names, model.fixed.kept.count == names.count else {
      let lost = names.filter { [model] name in
        !model.fixed.kept.contains { model.fixed.names[$0] == name }
      }
      throw SimulationError.stated(
        "with \(study.label) the coefficients of \(lost.joined(separator: ", ")) cannot be estimated: a level does not occur, or columns depend on each other. State more rows or other covariates."
      )
    }
    let terms = try Self.terms(truth, model)
    let covariances = terms.map {
      DenseMatrix(
        rows: $0.columns.count, columns: $0.columns.count, storage: $0.covariance.flatMap(\.self))
    }
    let θ = zip(terms, covariances).flatMap { term, Σ in
      term.structure?.theta(sigma: truth.sigma)
        ?? RelativeCovariance.entries(
          Σ.semidefiniteRoot(scale: 1 / (truth.sigma * truth.sigma)).lowerTriangularFactor)
    }
    φ = model.covariance.working(θ + truth.strataRatios + (truth.autocorrelation.map { [$0] } ?? []))
    sigma = truth.sigma
    parameters = Self.parameters(truth, model, covariances)
    simulator = try DrawnModels(
      model, rows: study.fitted?.rows, φ: φ, sigma: truth.sigma / model.fixed.responseScale)
  }

  /// The cross-products of one simulated table, drawn as it is read, or of a fit; of the response only the
  /// unit is used.
  private static func model(
    _ study: StudyDesign, seed: UInt64, threads: Int
  ) throws -> LinearMixedModel {
    if let fitted = study.fitted {
      var options = fitted.options
      options.threads = threads
      var products = fitted.products
      return try LinearMixedModel(releasing: &products, options: options)
    }
    guard let design = study.design else { preconditionFailure("a design is stated or a fit's") }
    var table = Simulation(design, seed: seed)
    table.name = "the table of \(study.label)"
    var options = FitOptions()
    options.threads = threads
    options.contrasts = study.settings?.contrasts ?? [:]
    options.weights = study.settings?.weights
    options.reading.categoricalColumns = Set(design.labelledFactors)
    return try LinearMixedModel(study.formula, data: [table], options: options)
  }

  /// In the model's order.
  private static func terms(
    _ truth: SimulationTruth, _ model: LinearMixedModel
  ) throws -> [SimulationTruth.Term] {
    var left = truth.terms
    return try model.terms.map { term in
      guard
        let index = left.firstIndex(where: {
          $0.group == term.groupName && $0.columns == term.columns
        })
      else {
        throw SimulationError.stated(
          "the term (\(term.columns.joined(separator: ", ")) | \(term.groupName)) has other columns in the table: a level does not occur. State more rows."
        )
      }
      return left.remove(at: index)
    }
  }

  private static func parameters(
    _ truth: SimulationTruth, _ model: LinearMixedModel, _ covariances: [DenseMatrix]
  ) -> [StudyParameter] {
    let terms = zip(model.terms, covariances).flatMap {
      StudyParameter.covariances($0.name, $0.columns, $1)
    }
    let labels = model.strataLabels.isEmpty ? [""] : model.strataLabels.map { "_\($0)" }
    let ρ = truth.autocorrelation.map {
      StudyParameter(kind: .correlation, group: "Residual", term: "rho", truth: $0)
    }
    return StudyParameter.coefficients(truth) + terms
      + zip(labels, [1] + truth.strataRatios).flatMap { label, ratio in
        let σ = ratio * truth.sigma
        return [
          StudyParameter(kind: .sigma, group: nil, term: "sigma\(label)", truth: σ),
          StudyParameter(kind: .residualVariance, group: nil, term: "sigma\(label)^2", truth: σ * σ),
        ]
      } + (ρ.map { [$0] } ?? [])
  }
}

extension StudyParameter {
  static func coefficients(_ truth: SimulationTruth) -> [StudyParameter] {
    truth.coefficients.map {
      StudyParameter(kind: .fixed, group: nil, term: $0.name, truth: $0.value)
    }
  }

  /// Every standard deviation of a matrix and its square, followed by its correlations.
  static func covariances(_ group: String, _ columns: [String], _ Σ: DenseMatrix) -> [StudyParameter] {
    let sd = Σ.diagonal.map { $0.squareRoot() }
    return columns.indices.flatMap { j in
      [
        StudyParameter(kind: .standardDeviation, group: group, term: columns[j], truth: sd[j]),
        StudyParameter(kind: .variance, group: group, term: columns[j], truth: Σ[j, j]),
      ]
        + columns.indices.dropFirst(j + 1).map { i in
          StudyParameter(
            kind: .correlation, group: group, term: "\(columns[i]).\(columns[j])",
            truth: sd[i] * sd[j] > 0 ? Σ[i, j] / (sd[i] * sd[j]) : .nan)
        }
    }
  }
}

extension DenseMatrix {
  /// A square root of `scale` · self, which is symmetric and positive semidefinite.
  fileprivate func semidefiniteRoot(scale: Double) -> DenseMatrix {
    let (values, V) = symmetricEigenvectors(self)
    return V * DenseMatrix(diagonal: values.map { max(scale * $0, 0).squareRoot() })
  }
}
