// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import Reports

/// Estimated marginal means and their differences.
struct MarginalMeansCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "emmeans",
    abstract: "Estimated marginal means or slopes of factors, and comparisons of them.",
    discussion: """
      Means of the fixed part at combinations of factors' levels; other factors are averaged over, numbers \
      stand at their means:

          lmm-sparse emmeans 'y ~ f * g + x + (1 | s)' '~ f' --data t.csv --pairwise
          lmm-sparse emmeans model.lmm '~ f | g' --pairwise --adjust holm --at x=1
          lmm-sparse emmeans model.lmm '~ f' --compare control --control a
          lmm-sparse emmeans 'y ~ arm * week' '~ arm | week' --data t.csv --residual 'us(week | patient)' --compare control --control placebo
          lmm-sparse emmeans model.lmm '~ f' --custom 'a against others=1,-0.5,-0.5'
          lmm-sparse emmeans model.lmm '~ f' --trends x --pairwise

      ~ f:g and ~ f * g are the same, ~ 1 is the grand mean. Comparisons are made within the \
      combinations of what stands behind |: all pairwise differences, those from a control, consecutive ones, \
      orthogonal polynomials in whole numbers, or weights of your own. They are adjusted by the methods of emmeans: \
      Tukey's for pairwise ones, Dunnett's approximately for those from a control, Sidak's for consecutive ones; \
      polynomials and your own are not. Of a response such as log(y) or sqrt(y), --type response transforms \
      means and limits back, with standard errors by the delta method, and differences of logarithms into \
      ratios; tests stay those of the model. --trends gives slopes of a number, as emtrends does.

      A factor that is nested in others (dose in drug / dose, class \
      where each has one school) is averaged over the levels that occur in each of theirs, and shown and \
      compared within them, as emmeans does. Numbers stand at their means even if they are 0 and 1 (emmeans \
      takes those as levels: read them as factors, --factor, or name values, --at x=0,1); offsets are taken as zero. \
      CSV has means and comparisons in one table, by kind; --show has one of them alone.
      \(MarginalMeans.jsonHelp)
      """)

  enum Adjustment: String, CaseIterable, ExpressibleByArgument {
    case none, tukey, dunnett, sidak, bonferroni, holm
  }

  enum Comparison: String, CaseIterable, ExpressibleByArgument {
    case pairwise, control, consecutive, polynomial
  }

  @Argument(help: "The model: a model file, or a formula with --data.", completion: .file())
  var model: String

  @Argument(help: "What to give means of: '~ f', '~ f | g', '~ f:g', '~ 1'.")
  var means: String

  @Flag(help: "Test all pairwise differences: short for --compare pairwise.")
  var pairwise = false

  @Option(help: ArgumentHelp("What to test of the means.", valueName: "kind"))
  var compare: Comparison?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The level that the others are compared with; default: the first.", valueName: "level"))
  var control: String?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A combination to test: weights of the means in their order; repeatable.",
      valueName: "name=w1,w2,…"))
  var custom: [String] = []

  @Option(
    help: ArgumentHelp(
      "Adjustment for the number of comparisons; default: the one that belongs to them.",
      valueName: "method"))
  var adjust: Adjustment?

  @Option(
    help: ArgumentHelp("Which tables: means, comparisons, or all.", valueName: "which"))
  var show: MarginalMeans.Tables = .all

  @OptionGroup var grid: MeansArguments
  @OptionGroup var coverage: CoverageArgument

  @OptionGroup(title: "Tests") var tests: DegreesOfFreedomArguments
  @OptionGroup var source: ModelSource
  @OptionGroup(title: "Report") var report: TableArguments

  func validate() throws {
    try source.check([model])
    try grid.check()
    let comparison = try comparison()
    if adjust != nil, comparison == nil {
      throw ValidationError("--adjust is for comparisons: add --pairwise or --compare.")
    }
    if show == .comparisons, comparison == nil {
      throw ValidationError("--show comparisons needs some: add --pairwise or --compare.")
    }
  }

  private func comparison() throws -> MeansComparison? {
    let given = [
      ("--pairwise", !pairwise), ("--compare", compare == nil), ("--custom", custom.isEmpty),
    ].filter { !$0.1 }.map(\.0)
    guard given.count <= 1 else {
      throw ValidationError("\(given[0]) and \(given[1]) are two kinds of comparisons: ask for one.")
    }
    if control != nil, compare != .control {
      throw ValidationError("--control is for --compare control.")
    }
    guard custom.isEmpty else { return .custom(try custom.map(weights)) }
    return switch pairwise ? .pairwise : compare {
    case .pairwise?: .pairwise
    case .control?: .control(control)
    case .consecutive?: .consecutive
    case .polynomial?: .polynomial
    case nil: nil
    }
  }

  private func weights(_ argument: String) throws -> MeansComparison.Weights {
    guard let equals = argument.lastIndex(of: "="), equals != argument.startIndex else {
      throw ValidationError("--custom takes NAME=w1,w2,…, not '\(argument)'.")
    }
    let fields = argument[argument.index(after: equals)...]
      .split(separator: ",", omittingEmptySubsequences: false)
    let values = try fields.map { field -> Double in
      let parts = field.split(separator: "/", omittingEmptySubsequences: false)
        .map { Double($0.trimmingPrefix { $0 == " " }) }
      guard parts.count <= 2, let first = parts[0], let last = parts.count == 2 ? parts[1] : 1,
        abs(first) <= 1e100, last != 0, (first / last).isFinite
      else { throw ValidationError("--custom '\(argument)': '\(field)' is no number.") }
      return first / last
    }
    guard values.contains(where: { $0 != 0 }) else {
      throw ValidationError("--custom '\(argument)': all weights are zero.")
    }
    return MeansComparison.Weights(name: String(argument[..<equals]), values: values)
  }

  func run() throws {
    let specification = try MeansSpecification(means)
    var options = try grid.options()
    (options.method, options.level) = (tests.method, coverage.level)
    options.comparison = try comparison()
    if let adjust {
      options.adjustment = MultiplicityAdjustment(rawValue: adjust.rawValue) ?? .automatic
    }
    try report.write(reading: source.files(of: [model])) { progress in
      let fitted = try source.fitted(model, tests: tests, progress: progress)
      return try fitted.marginalMeans(specification, options)
        .report(
          showing: show,
          notes: fitted.fit.convergence.messages + fitted.covarianceNotes())
    }
  }
}

extension MarginalMeans.Tables: ExpressibleByArgument {}
