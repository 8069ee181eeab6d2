// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels

/// Predicts rows of a table.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Predictions of a model for rows of a table, with standard errors and intervals.",
    discussion: """
      The rows' columns are copied, and the model's are added to them:

          lmm-sparse fit 'Reaction ~ Days + (Days | Subject)' sleepstudy.csv --save sleep.lmm
          lmm-sparse predict sleep.lmm --data new.csv --interval prediction

      .fitted is Xβ + Zb + offset on the scale of the model's response (log(y), if that is what \
      was fitted), NA where a value is missing. --random says which random effects take part: all, \
      none (the population, lme4's re.form = NA), or terms such as '~ (1 | Subject)'; the columns \
      of others are not needed. A level of a factor that the fit has not seen is an error that \
      names its line. A combination of known levels without rows is predicted if the model's columns \
      determine it; where they do not, and where a column that was dropped depends on the others in another \
      way than in the fit's rows, .fitted is NA and a note says so. poly(), scale() and contrasts are those of the fit's data.

      .se.fit is the standard error of .fitted as an estimate of the mean of the response given \
      the random effects that take part: of Xβ + Z(b − b̂), conditional on θ and σ, with normal \
      quantiles for --interval confidence. A prediction interval adds a residual's variance σ²/w. \
      Random effects left out are held at zero: for a row of a group still unknown give it a new \
      level and --allow-new-levels, which brings in the variance of the groups.

      With --random none the confidence interval of Xβ can allow for the estimation of θ and σ: \
      --ddf satterthwaite, kenward-roger (its standard errors are the adjusted ones) or residual \
      take quantiles of t, as contrast does for the same combination of coefficients.
      """)

  enum Interval: String, CaseIterable, ExpressibleByArgument {
    case none, confidence, prediction
  }

  @Argument(help: "The model: a model file, or a formula with --train.", completion: .file())
  var model: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Random effects: all, none, or '~ (1 | group)'.", valueName: "which"))
  var random = "all"

  @Flag(help: "Add standard errors.")
  var se = false

  @Option(
    help: ArgumentHelp(
      "Add the limits of an interval: none, confidence or prediction.", valueName: "kind"))
  var interval: Interval = .none

  @OptionGroup var coverage: CoverageArgument

  @Option(
    help: ArgumentHelp(
      "Degrees of freedom of each row's t interval; with --random none --interval confidence.",
      valueName: "method"))
  var ddf: DegreesOfFreedomArguments.Method = .none

  @OptionGroup var source: PredictionSource

  func validate() throws {
    try source.check(model, trainsOnRows: false)
    guard RandomPart(random) != nil else {
      throw ValidationError(
        "--random takes all, none, or terms such as '~ (1 | group)', not '\(random)'.")
    }
    guard ddf == .none || (RandomPart(random) == RandomPart.none && interval == .confidence) else {
      throw ValidationError(
        "--ddf \(ddf.rawValue) gives the confidence interval of Xβ: it goes with --random none and --interval confidence. Degrees of freedom of predictions that contain random effects or residuals are not defined; leave --ddf out for normal quantiles."
      )
    }
  }

  func run() throws {
    var columns: [RowColumn] = [.fitted]
    if se { columns.append(.standardError) }
    if interval != .none { columns += [.lower, .upper] }
    try source.write(model, ddf.method) { predictor, options in
      var options = options
      options.random = RandomPart(random)!
      options.degreesOfFreedom = ddf.method
      return RowTable(
        predictor, columns, input: source.columns.input, interval: bounds, options: options)
    }
  }

  private var bounds: PredictionInterval? {
    switch interval {
    case .none: nil
    case .confidence: .confidence(level: coverage.level)
    case .prediction: .prediction(level: coverage.level)
    }
  }
}
