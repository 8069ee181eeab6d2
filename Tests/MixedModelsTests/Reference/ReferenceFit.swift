// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import Synchronization
import TestSupport
import Testing

/// One model fitted by lme4 and by a 113-bit program of its own; see Fits/README.md for how each
/// number was made.
struct ReferenceFit: Decodable, Sendable, CustomTestStringConvertible {
  struct Column: Decodable, Sendable {
    let type: String
    let levels: [String]?
  }
  struct Named: Decodable, Sendable {
    let names: [String]
    let values: [Double]
  }
  struct VarCorr: Decodable, Sendable {
    let term: String
    let group: String
    let names: [String]
    let sd: [Double]
    let corr: [[Double?]]
    let cov: [[Double]]
  }
  struct Ranef: Decodable, Sendable {
    let term: String
    let names: [String]
    let nlevels: Int
    let levels: [String]
    let values: [[Double]]
    let cond_var: [[[Double]]]?
    let sum_of_squares: [Double]?
  }
  struct Optimum: Decodable, Sendable {
    struct Tolerance: Decodable, Sendable {
      let theta_rel_change_for_criterion_1e_8: Double?
    }
    let criterion_best: Double
    let tolerance: Tolerance
  }

  let id: String
  let formula: String
  let data: String
  let columns: [String: Column]
  let REML: Bool
  let weights: String?
  let offset: String?
  let contrasts: [String: String]?
  let n: Int
  let n_rows_omitted: Int
  let p: Int
  let q: Int
  let dropped_columns: [String]
  let theta: Named
  let beta: Named
  let se_beta: [Double]
  let vcov_beta: [[Double]]
  let sigma: Double
  let varcorr: [VarCorr]
  let criterion: Double
  let logLik: Double
  let AIC: Double
  let BIC: Double
  let df_resid: Int
  let is_singular: Bool
  let fitted_first10: [Double]
  let linear_predictor_fixed_only_first10: [Double]
  let resid_response_first10: [Double]
  let sum_fitted: Double
  let sum_sq_resid_response: Double
  let ranef: [Ranef]
  let optimum: Optimum

  var testDescription: String { id }

  static let all: [ReferenceFit] = Files.references.map { try! Files.reference(fit: $0) }

  static func named(_ id: String) -> ReferenceFit { all.first { $0.id == id }! }

  var source: DataSource { .file(Files.data(data)) }

  /// The options that make our reading of the CSV the one R had: types, level orders, contrasts.
  var options: FitOptions {
    var options = FitOptions()
    options.criterion = REML ? .reml : .ml
    options.weights = weights
    options.offset = offset
    for (name, column) in columns where column.type == "factor" || column.type == "ordered" {
      options.reading.categoricalColumns.insert(name)
      if let levels = column.levels { options.levels[name] = levels }
      if column.type == "ordered" { options.contrasts[name] = .polynomial }
    }
    for (name, contrast) in contrasts ?? [:] {
      options.contrasts[name] = contrast == "contr.sum" ? .sum : .helmert
    }
    return options
  }

  /// The model fitted with default settings, and its rows; every model once for all tests.
  func fitted() throws -> FittedRows { try FittedReferences.shared.rows(self) }
}

/// Keeps the fits, since several tests look at each.
private final class FittedReferences: Sendable {
  static let shared = FittedReferences()
  private let results = Mutex<[String: FittedRows]>([:])

  func rows(_ reference: ReferenceFit) throws -> FittedRows {
    if let known = results.withLock({ $0[reference.id] }) { return known }
    var options = reference.options
    options.wantsConditionalModes = true
    let rows = try FittedRows(
      Formula(reference.formula), data: [reference.source], options: options)
    results.withLock { $0[reference.id] = rows }
    return rows
  }
}
