// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import Reports

/// Shows a fit, above all one that was saved.
struct SummaryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "summary",
    abstract: "Show a fit that was saved, in any form, without a search.",
    discussion: """
      The same reports as those of fit:

          lmm-sparse fit 'Reaction ~ Days + (Days | Subject)' sleepstudy.csv --save sleep.lmm
          lmm-sparse summary sleep.lmm
          lmm-sparse summary sleep.lmm --ddf kenward-roger --format latex --digits 3

      Coefficients are tested as --ddf says now, whatever the method was when the fit was saved. A formula with \
      --data is fitted first.
      """)

  @Argument(help: "The model: a model file, or a formula with --data.", completion: .file())
  var model: String

  @OptionGroup(title: "Tests") var tests: DegreesOfFreedomArguments
  @OptionGroup var source: ModelSource
  @OptionGroup(title: "Report") var report: ReportArguments

  func validate() throws {
    try source.check([model])
    guard !model.contains("~") else { return }
    try checkStored(model, source.model, source.reading, source.search)
    if let file = source.data.first {
      throw ValidationError("\(model) has its data in it, so \(file) is not needed. Leave --data out.")
    }
  }

  func run() throws {
    guard model.contains("~") else {
      return try report.writeStored(model, tests, source.search)
    }
    let files = try RunFiles(reading: source.files(of: [model]), output: report.output)
    let input = ModelInput(arguments: source.data)
    let line = report.progress.line
    var options = try source.options(wantsModes: report.ranef, progress: line)
    tests.set(&options)
    options.wantsScaledResiduals = try report.wantsResiduals(of: input)
    options.scaledResidualRows = report.residualRows
    let fit = try Fit(source.model.formula(model), from: input, options: options)
    line?.clear()
    try report.write(fit, files)
  }
}
