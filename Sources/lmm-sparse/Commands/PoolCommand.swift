// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import Reports

/// Pools fits to several imputations.
struct PoolCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pool",
    abstract: "Pool fits of multiple imputations by Rubin's rules.",
    discussion: """
      One model is fitted to every completed table and saved; the fits are pooled:

          lmm-sparse fit 'y ~ x + (1 | g)' imputed1.csv --save m1.lmm
          lmm-sparse fit 'y ~ x + (1 | g)' imputed2.csv --save m2.lmm
          lmm-sparse pool m1.lmm m2.lmm

      Degrees of freedom are those of Barnard & Rubin (1999); they need those of complete data, which --ddf \\
      finds for every coefficient (R's mice takes n less the number of parameters for all). ubar and b in CSV \\
      are the variances within and between imputations, riv the relative increase in variance, fmi the fraction \\
      of missing information. Variances are averaged.
      \(PooledFits.jsonHelp)
      """)

  @Argument(help: ArgumentHelp("Model files with fits of the same model.", valueName: "m.lmm"), completion: .file())
  var models: [String]

  @OptionGroup var coverage: CoverageArgument
  @OptionGroup(title: "Tests") var tests: DegreesOfFreedomArguments
  @Option(.threads, "Threads; default: all cores", valueName: "n") var threads: Int?
  @OptionGroup(title: "Report") var report: TableArguments

  func validate() throws {
    if let formula = models.first(where: { $0.contains("~") }) {
      throw ValidationError(
        "pool takes fits, and '\(formula)' is a formula. Fit it to every completed table with --save, and name the model files."
      )
    }
    if let other = models.first(where: { !ModelFile.isMeant(by: $0) }) {
      throw ValidationError(
        "'\(other)' is no model file. Fit every completed table with --save FILE.lmm, and name those files.")
    }
    guard models.count > 1 else {
      throw ValidationError("pooling needs two model files or more, one of each completed table.")
    }
  }

  func run() throws {
    try report.write(reading: models) { progress in
      let fits = try models.map { path in
        var options = FitOptions()
        options.threads = threads ?? 0
        options.keepsCrossProducts = false
        tests.set(&options)
        let model = try FittedModel(contentsOf: path, options: options)
        guard model.fit.convergence.converged else {
          throw SearchStopped(formula: path, messages: model.fit.convergence.messages)
        }
        return (path, model)
      }
      progress?.clear()
      return try PooledFits(fits, tests.method, level: coverage.level).report()
    }
  }
}
