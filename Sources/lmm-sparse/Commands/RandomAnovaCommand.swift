// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import Reports

/// Likelihood-ratio tests of single parts of the random effects.
struct RandomAnovaCommand: ModelTableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ranova",
    abstract: "Likelihood-ratio tests of every part of the random effects.",
    discussion: """
      Each part is taken out and the rest fitted again, from the same cross-products. A variance of zero lies \
      on the boundary of the parameter space, so the naive p-value is too large; the mixture's (the default) \
      is right for many levels, --boundary exact simulates the distribution of a single variance, \
      --boundary bootstrap responses of the model without the part.
      \(RandomTermDeletions.jsonHelp)
      """)

  @Argument(help: "The model: a formula, with --data.", completion: .file())
  var model: String

  @OptionGroup(title: "Boundary") var boundary: BoundaryArguments
  @OptionGroup var source: ModelSource
  @OptionGroup(title: "Report") var report: TableArguments

  func table(of fitted: FittedModel, _ progress: ProgressLine?) throws -> RandomTermDeletions {
    defer { progress?.clear() }
    return try fitted.randomTermDeletions(
      boundary: boundary.method(default: .mixture), simulations: boundary.simulations,
      seed: boundary.seed, replicates: boundary.bootstrap(progress))
  }
}
