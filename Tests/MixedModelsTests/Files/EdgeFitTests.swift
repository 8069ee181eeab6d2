// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// A small table and a model at the edge of what it determines, where the criterion's Hessian is not
/// definite: variances that are zero, and rounding beside them.
struct EdgeFit: Decodable, Sendable, CustomTestStringConvertible {
  let formula: String
  let residualBy: String?
  let residual: String?
  let weights: String?
  let offset: String?
  let criterion: String?
  let data: String

  var testDescription: String { formula }

  static let all: [EdgeFit] = try! Files.decoded(
    from: Files.test("MixedModelsTests/Files/EdgeFits.json"))

  var source: DataSource { .bytes(Array(data.utf8), name: "edge.csv") }

  func options() throws -> FitOptions {
    var options = FitOptions()
    (options.residualBy, options.offset, options.weights) = (residualBy, offset, weights)
    if let criterion { options.criterion = CriterionKind(rawValue: criterion)! }
    if let residual { options.residual = try ResidualTerm(residual) }
    return options
  }
}

@Suite struct `Model files of fits at the edge` {
  /// A file that holds what was fitted is never taken for a forged one: derivatives are those of the
  /// point that is reported, and where rounding is all there is of them nothing is asked of them.
  @Test(arguments: EdgeFit.all)
  func `what was saved can be read`(edge: EdgeFit) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("edge.lmm")
    let saved = try Fit(
      Formula(edge.formula), data: [edge.source], options: edge.options(), savingTo: path)
    let read = try Fit(contentsOf: path)
    #expect(read.criterion == saved.criterion)
    #expect(read.theta.values == saved.theta.values)
    #expect(read.convergence.messages == saved.convergence.messages)
  }
}
