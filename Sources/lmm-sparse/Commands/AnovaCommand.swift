// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import Reports

/// F tests of one model's terms, or likelihood-ratio tests of several models.
struct AnovaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "anova",
    abstract: "F tests of one model's terms, or likelihood-ratio tests of nested models.",
    discussion: """
      With one model, the F tests of its terms; with more, each is compared with the next smaller one:

          lmm-sparse anova 'y ~ a * x + (1 | g)' --data t.csv --type 2
          lmm-sparse anova 'y ~ x + (1 | g)' 'y ~ x + (x | g)' --data t.csv --boundary mixture

      One formula may have no random effects: least squares on the rows that the others use. \
      REML fits whose fixed parts differ are refitted by ML. A variance of zero lies on the boundary of \
      the parameter space: naive ignores that, mixture takes the limit distribution, exact simulates that of \
      one additional variance, bootstrap simulates responses of the smaller model and fits both.
      Of one model, \(AnovaTable.jsonHelp)
      Of several, \(ComparisonReport.jsonHelp)
      """)

  @Argument(help: "The models: formulas, with --data.", completion: .file())
  var models: [String]

  @Option(
    help: ArgumentHelp(
      "Hypotheses of the F tests: 1, 2 or 3 (default), or I, II, III.", valueName: "type"))
  var type: HypothesisArgument?

  @OptionGroup(title: "Boundary") var boundary: BoundaryArguments
  @OptionGroup(title: "Tests") var tests: DegreesOfFreedomArguments
  @OptionGroup var source: ModelSource
  @OptionGroup(title: "Report") var report: TableArguments

  func validate() throws {
    try source.check(models)
    if models.count > 1, type != nil {
      throw ValidationError(
        "--type is for the F tests of one model, and there are \(models.count).")
    }
    if models.count > 1 { try tests.requireModelCovariance("likelihood-ratio tests") }
    if models.count == 1, boundary.boundary != nil {
      throw ValidationError(
        "--boundary is for comparisons of models. Name two or more, or see lmm-sparse ranova.")
    }
  }

  func run() throws {
    try report.write(reading: source.files(of: models)) { progress in
      if models.count == 1 {
        let fitted = try source.fitted(models[0], tests: tests, progress: progress)
        let table = try fitted.anova(
          type: type?.hypothesis ?? .marginalMeans, tests.method)
        return try table.report(
          notes: fitted.fit.convergence.messages + fitted.covarianceNotes())
      }
      let fitted = zip(models.indices, try source.fittedToCompare(models, progress: progress))
        .map { (name: "M\($0 + 1)", model: $1) }
      let comparison = try ModelComparison(
        fitted, boundary: boundary.method(default: .naive), simulations: boundary.simulations,
        seed: boundary.seed, replicates: boundary.bootstrap(progress))
      progress?.clear()
      let notes = fitted.flatMap { entry in
        entry.model.fit.convergence.messages.map { "\(entry.name): \($0)" }
      }
      return ComparisonReport(comparison, data: source.data).report(notes: notes)
    }
  }
}

/// A type of hypothesis, in either kind of numerals.
struct HypothesisArgument: ExpressibleByArgument {
  let hypothesis: TypeOfHypothesis

  init?(argument: String) {
    let number = ["I", "II", "III"].firstIndex(of: argument.uppercased()).map { $0 + 1 }
    guard let type = (number ?? Int(argument)).flatMap(TypeOfHypothesis.init(rawValue:)) else {
      return nil
    }
    hypothesis = type
  }

  static let allValueStrings = ["1", "2", "3"]
}
