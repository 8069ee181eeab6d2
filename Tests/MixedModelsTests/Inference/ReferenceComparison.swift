// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Likelihood-ratio tests at the true optima, and RLRsim's simulated p-values; see Fits/README.md.
struct ReferenceComparison: Decodable, Sendable, CustomTestStringConvertible {
  struct Model: Decodable, Sendable {
    let formula: String
    let n_parameters: Int
    let logLik: Double
    let AIC: Double
    let BIC: Double
    let deviance: Double
  }
  struct File: Decodable { let comparisons: [Lenient] }
  /// Entries of the other kind have other fields.
  struct Lenient: Decodable {
    let test: ReferenceComparison?
    let component: ReferenceComponent?
    init(from decoder: any Decoder) throws {
      test = try? ReferenceComparison(from: decoder)
      component = try? ReferenceComponent(from: decoder)
    }
  }

  let label: String
  let data: String
  let weights: String?
  let m0: Model
  let m1: Model
  let chisq: Double
  let df: Int
  let p_naive: Double

  var testDescription: String { label }

  fileprivate static let entries = try! Files.decoded(
    File.self, from: Files.test("MixedModelsTests/Reference/comparisons.json")
  ).comparisons

  static let all = entries.compactMap(\.test)

  var options: FitOptions {
    var options = FitOptions()
    options.weights = weights
    options.reading.categoricalColumns = readAsFactors
    return options
  }

  func fitted(_ model: Model) throws -> FittedModel {
    try FittedModel(Formula(model.formula), data: [.file(Files.data(data))], options: options)
  }

  /// The numeric columns that R had as factors.
  private var readAsFactors: Set<String> {
    data == "cake.csv" ? ["temperature"] : data.hasPrefix("sleepstudy_extra") ? ["Dose"] : []
  }
}

struct ReferenceComponent: Decodable, Sendable, CustomTestStringConvertible {
  let label: String
  let formula: String
  let data: String
  let rlrt: Double
  let p_naive_chisq1: Double
  let p_mixture_50_50: Double
  let p_RLRsim_exactRLRT: Double
  let lrt_ml: Double

  var testDescription: String { label }

  static let all = ReferenceComparison.entries.compactMap(\.component)

  func fitted(_ kind: CriterionKind) throws -> FittedModel {
    var options = FitOptions()
    options.criterion = kind
    return try FittedModel(Formula(formula), data: [.file(Files.data(data))], options: options)
  }
}
