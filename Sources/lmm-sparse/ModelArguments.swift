// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels

/// What is estimated.
struct ModelArguments: ParsableArguments {
  enum Criterion: String, EnumerableFlag {
    case reml, ml

    static func help(for value: Criterion) -> ArgumentHelp? {
      value == .reml ? "Restricted maximum likelihood (default)." : "Maximum likelihood."
    }
  }

  enum DegreesOfFreedom: String, CaseIterable, ExpressibleByArgument {
    case satterthwaite
    case kenwardRoger = "kenward-roger"
    case residual, none

    var method: DegreesOfFreedomMethod {
      switch self {
      case .satterthwaite: .satterthwaite
      case .kenwardRoger: .kenwardRoger
      case .residual: .residual
      case .none: .none
      }
    }
  }

  @Flag(exclusivity: .exclusive) var criterion: Criterion = .reml

  @Option(help: ArgumentHelp("Column of prior weights.", valueName: "column"))
  var weights: String?

  @Option(
    help: ArgumentHelp(
      "Column added to the linear predictor with coefficient 1.", valueName: "column"))
  var offset: String?

  @Option(
    help: ArgumentHelp("Degrees of freedom of t and F.", valueName: "method"))
  var ddf: DegreesOfFreedom = .satterthwaite

  func set(_ options: inout FitOptions) {
    options.criterion = criterion == .ml ? .ml : .reml
    options.weights = weights
    options.offset = offset
    options.degreesOfFreedom = ddf.method
  }
}
