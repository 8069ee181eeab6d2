// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import Reports

/// Estimated marginal means and their differences.
struct MarginalMeansCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "emmeans",
    abstract: "Estimated marginal means of factors, and their pairwise differences.",
    discussion: """
      Means of the fixed part at combinations of factors' levels; other factors are averaged over, numbers \
      stand at their means:

          lmm-sparse emmeans 'y ~ f * g + x + (1 | s)' '~ f' --data t.csv --pairwise
          lmm-sparse emmeans model.lmm '~ f | g' --pairwise --adjust holm --at x=1

      ~ f:g and ~ f * g are the same, ~ 1 is the grand mean. Differences are taken within the \
      combinations of what stands behind |. A factor that is nested in others (dose in drug / dose, class \
      where each has one school) is averaged over the levels that occur in each of theirs, and shown and \
      compared within them, as emmeans does. Numbers stand at their means even if they are 0 and 1 (emmeans \
      takes those as levels: read them as factors, --factor, or name values, --at x=0,1); offsets are taken as zero.
      \(MarginalMeans.jsonHelp)
      """)

  enum Adjustment: String, CaseIterable, ExpressibleByArgument {
    case none, tukey, bonferroni, holm
  }

  enum Weights: String, CaseIterable, ExpressibleByArgument { case equal, proportional }

  @Argument(help: "The model: a model file, or a formula with --data.")
  var model: String

  @Argument(help: "What to give means of: '~ f', '~ f | g', '~ f:g', '~ 1'.")
  var means: String

  @Flag(help: "Test all pairwise differences.")
  var pairwise = false

  @Option(help: ArgumentHelp("Adjustment for the number of differences.", valueName: "method"))
  var adjust: Adjustment = .tukey

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Values of a variable, such as x=1,2: of a number instead of its mean, or some levels of a factor; repeatable.",
      valueName: "variable=v1,v2,…"))
  var at: [String] = []

  @Option(help: ArgumentHelp("How cells count that are averaged over.", valueName: "weights"))
  var cellWeights: Weights = .equal

  @OptionGroup var coverage: CoverageArgument

  @OptionGroup(title: "Tests") var tests: DegreesOfFreedomArguments
  @OptionGroup var source: ModelSource
  @OptionGroup(title: "Report") var report: TableArguments

  func validate() throws {
    try source.check([model])
    _ = try values()
  }

  private func values() throws -> [String: [String]] {
    var values: [String: [String]] = [:]
    for argument in at {
      let (name, list) = try columnAssignment(argument, option: "--at", value: "v1,v2,…")
      guard values[name] == nil else {
        throw ValidationError("--at names '\(name)' twice.")
      }
      values[name] = list.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    return values
  }

  func run() throws {
    let specification = try MeansSpecification(means)
    var options = MeansOptions()
    (options.method, options.level) = (tests.method, coverage.level)
    options.weights = cellWeights == .proportional ? .proportional : .equal
    options.values = try values()
    options.wantsDifferences = pairwise
    options.adjustment = MultiplicityAdjustment(rawValue: adjust.rawValue) ?? .tukey
    try report.write(reading: source.files(of: [model])) { progress in
      let fitted = try source.fitted(model, progress: progress)
      return try fitted.marginalMeans(specification, options)
        .report(notes: fitted.fit.convergence.messages)
    }
  }
}
