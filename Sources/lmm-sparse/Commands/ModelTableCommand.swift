// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import Reports

/// A command that makes a table of one model and reports it with the notes of the fit.
protocol ModelTableCommand: ParsableCommand {
  associatedtype Table: Reportable
  var model: String { get }
  var source: ModelSource { get }
  var report: TableArguments { get }
  /// Of commands that test coefficients.
  var testArguments: DegreesOfFreedomArguments? { get }
  func table(of fitted: FittedModel, _ progress: ProgressLine?) throws -> Table
}

extension ModelTableCommand {
  var testArguments: DegreesOfFreedomArguments? { nil }

  func validate() throws { try source.check([model]) }

  func run() throws {
    try report.write(reading: source.files(of: [model])) { progress in
      let fitted = try source.fitted(model, tests: testArguments, progress: progress)
      let notes = testArguments == nil ? [] : try fitted.covarianceNotes()
      return try table(of: fitted, progress)
        .report(notes: fitted.fit.convergence.messages + notes)
    }
  }
}
