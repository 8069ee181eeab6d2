// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import Synchronization
import TestSupport

/// What the reference files say about tests of the fixed effects; see Fits/README.md.
struct ReferenceInference: Decodable, Sendable {
  struct KenwardRoger: Decodable, Sendable {
    struct Coefficients: Decodable, Sendable {
      let names: [String]
      let se_adj: [Double]
      let df: [Double]
      let t: [Double]
      let p: [Double]
    }
    struct Term: Decodable, Sendable {
      let term: String
      let num_df: Double
      let den_df: Double
      let F_scaling: Double
      let F: Double
      let p: Double
    }
    let vcov_adj: [[Double]]?
    let coef: Coefficients?
    let terms_type3: [Term]?
  }
  struct Anova: Decodable, Sendable {
    struct Row: Decodable, Sendable {
      let term: String
      let sum_sq: Double?
      let num_df: Double?
      let F: Double?
      let L: [[Double]]?
    }
    let type3_satterthwaite: [Row]?
    let type1_satterthwaite: [Row]?
  }
  let kenward_roger: KenwardRoger?
  let anova: Anova?

  static let all: [String: ReferenceInference] = Dictionary(
    uniqueKeysWithValues: Files.references.map { ($0, try! Files.reference(fit: $0)) })

  static let withKenwardRoger = ReferenceFit.all.filter {
    all[$0.id]?.kenward_roger?.coef != nil
  }
}

extension ReferenceFit {
  var inference: ReferenceInference { ReferenceInference.all[id]! }

  /// The model fitted with default settings; once for all tests.
  func fittedModel() throws -> FittedModel {
    if let known = fittedModels.withLock({ $0[id] }) { return known }
    let fitted = try FittedModel(Formula(formula), data: [source], options: options)
    fittedModels.withLock { $0[id] = fitted }
    return fitted
  }
}

private let fittedModels = Mutex<[String: FittedModel]>([:])
