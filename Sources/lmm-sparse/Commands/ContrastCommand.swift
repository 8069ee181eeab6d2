// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import Reports

/// Tests linear combinations of coefficients.
struct ContrastCommand: ModelTableCommand {
  static let configuration = CommandConfiguration(
    commandName: "contrast",
    abstract: "Test linear combinations of coefficients, one by one and together.",
    discussion: """
      A hypothesis is written with the coefficients' names, or as a row of L:

          lmm-sparse contrast 'y ~ a + x + (1 | g)' --data t.csv --hypothesis 'aq - ar = 0' --hypothesis 'x = 1'
          lmm-sparse contrast 'y ~ a + x + (1 | g)' --data t.csv --L 0,1,-1,0

      Names may hold any characters, as in I(x^2) or (Intercept); in backquotes they stand for themselves.
      \(ContrastTable.jsonHelp)
      """)

  @Argument(help: "The model: a formula, with --data.", completion: .file())
  var model: String

  @Option(
    name: .customLong("L"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A number for every coefficient, with commas between them; repeatable.",
      valueName: "l1,l2,…"))
  var rows: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Such as 'Days = 0' or '2*a - b = 1'; repeatable.", valueName: "text"))
  var hypothesis: [String] = []

  @OptionGroup var coverage: CoverageArgument

  @OptionGroup(title: "Tests") var tests: DegreesOfFreedomArguments
  @OptionGroup var source: ModelSource
  @OptionGroup(title: "Report") var report: TableArguments

  func validate() throws {
    try source.check([model])
    if rows.isEmpty && hypothesis.isEmpty {
      throw ValidationError("nothing to test: give --hypothesis 'Days = 0' or --L 0,1.")
    }
  }

  var testArguments: DegreesOfFreedomArguments? { tests }

  func table(of fitted: FittedModel, _ progress: ProgressLine?) throws -> ContrastTable {
    let hypotheses =
      try rows.map { try fitted.hypothesis(row: $0) }
      + hypothesis.map { try fitted.hypothesis($0) }
    return try fitted.contrast(hypotheses, tests.method, level: coverage.level)
  }
}
