// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames
import Reports

/// Confidence intervals for all parameters of a model.
struct ConfintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "confint",
    abstract: "Confidence intervals for standard deviations, correlations, σ and coefficients.",
    discussion: """
      By profile likelihood, by Wald's method, or by parametric bootstrap:

          lmm-sparse confint 'y ~ x + (x | g)' --data t.csv
          lmm-sparse confint fit.lmm --method wald --ddf none --parameters beta
          lmm-sparse confint fit.lmm --curves curves.csv

      profile: the likelihood, also of a model fitted by REML, as lme4 does. A limit at the edge, a standard \
      deviation of 0 or a correlation of ±1, is marked. --curves writes ζ, the signed root of the deviance's \
      rise, which is a straight line where Wald's interval is right.
      wald: t intervals of coefficients with --ddf (none: normal, as lme4); standard deviations on the scale \
      of logarithms, correlations on that of Fisher's z, where lme4 has none.
      bootstrap: --interval percentile or basic; the command bootstrap keeps replicates.
      \(ConfidenceReport.jsonHelp)
      """)

  enum Method: String, CaseIterable, ExpressibleByArgument {
    case profile, wald, bootstrap
  }

  enum Interval: String, CaseIterable, ExpressibleByArgument {
    case percentile, basic

    var kind: BootstrapInterval.Kind { self == .basic ? .basic : .percentile }
  }

  @Argument(help: "The model: a model file, or a formula with --data.", completion: .file())
  var model: String

  @Option(help: ArgumentHelp("How intervals are made.", valueName: "method"))
  var method: Method = .profile

  @OptionGroup var coverage: CoverageArgument

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Parameters by their names; theta: all standard deviations and correlations, beta: all coefficients. Default: all.",
      valueName: "name"))
  var parameters: [String] = []

  @Option(help: ArgumentHelp("Write the profiles' curves as a table.", valueName: "file"), completion: .file())
  var curves: String?

  @Option(.replicates, "Responses to simulate; default: 1000", valueName: "n")
  var replicates: Int?

  @Option(.seed, "Seed of the bootstrap's random numbers; default: 1", valueName: "s")
  var seed: UInt64?

  @Option(help: ArgumentHelp("Intervals of a bootstrap.", valueName: "kind"))
  var interval: Interval?

  @OptionGroup(title: "Tests") var tests: DegreesOfFreedomArguments
  @OptionGroup var source: ModelSource
  @OptionGroup(title: "Report") var report: TableArguments

  /// Points of a curve on either side of the estimate.
  private static let pointsPerSide = 10

  func validate() throws {
    try source.check([model])
    if method != .wald { try tests.requireModelCovariance("--method \(method.rawValue)") }
    if method != .bootstrap, replicates != nil || seed != nil || interval != nil {
      throw ValidationError("--replicates, --seed and --interval need --method bootstrap.")
    }
    guard let curves else { return }
    if method != .profile { throw ValidationError("--curves needs --method profile.") }
    if curves == "-", report.output == nil || report.output == "-" {
      throw ValidationError("--curves - needs --output FILE for the report.")
    }
  }

  func run() throws {
    let files = try RunFiles(
      reading: source.files(of: [model]), output: report.output, others: ["--curves": curves])
    try report.write(files) { progress in
      let fitted = try source.fitted(
        model, tests: method == .wald ? tests : nil, progress: progress)
      let chosen = try fitted.intervalParameters(named: parameters)
      let notes = fitted.fit.convergence.messages
      switch method {
      case .profile:
        let profile = try profile(fitted, progress)
        try files["--curves"]?.write(ProfileCurves(profile).report(), as: .tidy)
        return ConfidenceReport(profile).report(notes: notes)
      case .wald:
        let ddf = tests.method
        let intervals = try fitted.waldIntervals(
          level: coverage.level, ddf, parameters: parameters)
        return try ConfidenceReport(wald: intervals, fitted, level: coverage.level, ddf)
          .report(notes: notes + fitted.covarianceNotes())
      case .bootstrap:
        let bootstrap = try bootstrap(fitted, progress)
        let kind = (interval ?? .percentile).kind
        return ConfidenceReport(
          bootstrap: bootstrap.confidenceIntervals(of: chosen, level: coverage.level, kind: kind),
          bootstrap, level: coverage.level, kind: kind
        ).report(notes: notes)
      }
    }
  }

  private func profile(_ fitted: FittedModel, _ progress: ProgressLine?) throws -> Profile {
    var options = ProfileOptions()
    (options.level, options.parameters) = (coverage.level, parameters)
    options.pointsPerSide = curves == nil ? 0 : Self.pointsPerSide
    options.progress = { progress?.show("profile:", $0, of: $1, " parameters") }
    let profile = try fitted.profile(options)
    progress?.clear()
    return profile
  }

  private func bootstrap(_ fitted: FittedModel, _ progress: ProgressLine?) throws -> Bootstrap {
    var options = BootstrapOptions()
    options.replicates = replicates ?? options.replicates
    options.seed = seed ?? options.seed
    let count = options.replicates
    options.progress = { progress?.show("replicate", $0.count, of: count) }
    let bootstrap = try fitted.bootstrap(options)
    progress?.clear()
    return bootstrap
  }
}
