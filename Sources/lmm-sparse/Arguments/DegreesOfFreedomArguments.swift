// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels

/// What t and F are compared with; of commands that compare.
struct DegreesOfFreedomArguments: ParsableArguments {
  enum Method: String, CaseIterable, ExpressibleByArgument {
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

  @Option(
    help: ArgumentHelp("Degrees of freedom of t and F.", valueName: "method"))
  var ddf: Method = .satterthwaite

  var method: DegreesOfFreedomMethod { ddf.method }
}
