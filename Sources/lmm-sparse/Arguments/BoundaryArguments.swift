// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames

/// p-values of variances that are zero under the hypothesis.
struct BoundaryArguments: ParsableArguments {
  enum Method: String, CaseIterable, ExpressibleByArgument {
    case naive, mixture, exact, bootstrap
  }

  @Option(help: ArgumentHelp("How p-values of variances are found.", valueName: "method"))
  var boundary: Method?

  @Option(.simulations, "Draws of --boundary exact", valueName: "n") var simulations = 10_000

  @Option(.replicates, "Responses to simulate of --boundary bootstrap", valueName: "n")
  var replicates = 1000

  @Option(.seed, "Seed of --boundary exact and bootstrap", valueName: "s") var seed: UInt64 = 1

  /// For --boundary bootstrap.
  func bootstrap(_ progress: ProgressLine?) -> BootstrapOptions {
    var options = BootstrapOptions()
    (options.replicates, options.seed) = (replicates, seed)
    options.progress = { [replicates] all in
      progress?.show("replicate", all.count, of: replicates)
    }
    return options
  }

  func method(default standard: BoundaryMethod) -> BoundaryMethod {
    boundary.flatMap { BoundaryMethod(rawValue: $0.rawValue) } ?? standard
  }
}
