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

  @Flag(exclusivity: .exclusive) var criterion: Criterion = .reml

  @Option(help: ArgumentHelp("Column of prior weights.", valueName: "column"))
  var weights: String?

  @Option(
    help: ArgumentHelp(
      "Column added to the linear predictor with coefficient 1.", valueName: "column"))
  var offset: String?

  func set(_ options: inout FitOptions) {
    options.criterion = criterion == .ml ? .ml : .reml
    options.weights = weights
    options.offset = offset
    options.keepsCrossProducts = false
  }
}
