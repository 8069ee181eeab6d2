// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels

/// p-values of variances that are zero under the hypothesis.
struct BoundaryArguments: ParsableArguments {
  enum Method: String, CaseIterable, ExpressibleByArgument {
    case naive, mixture, exact, bootstrap
  }

  @Option(help: ArgumentHelp("How p-values of variances are found.", valueName: "method"))
  var boundary: Method?

  @Option(help: ArgumentHelp("Draws of --boundary exact.", valueName: "n"))
  var simulations = 10_000

  @Option(help: ArgumentHelp("Seed of --boundary exact.", valueName: "s"))
  var seed: UInt64 = 1

  func validate() throws {
    guard 1...100_000_000 ~= simulations else {
      throw ValidationError("--simulations must lie between 1 and 100000000.")
    }
    if boundary == .bootstrap {
      throw ValidationError(
        "--boundary bootstrap is not available yet; there are naive, mixture and exact.")
    }
  }

  func method(default standard: BoundaryMethod) -> BoundaryMethod {
    boundary.flatMap { BoundaryMethod(rawValue: $0.rawValue) } ?? standard
  }
}
