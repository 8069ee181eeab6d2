// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import Reports

/// F tests of the terms that can be dropped.
struct DropCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drop1",
    abstract: "F tests of every fixed-effects term that is part of no other.",
    discussion: """
      \(AnovaTable.jsonHelp)
      """)

  @Argument(help: "The model: a formula, with --data.")
  var model: String

  @OptionGroup(title: "Tests") var tests: DegreesOfFreedomArguments
  @OptionGroup var source: ModelSource
  @OptionGroup(title: "Report") var report: TableArguments

  func validate() throws { try source.check([model]) }

  func run() throws {
    try report.write(reading: source.files(of: [model])) { progress in
      let fitted = try source.fitted(model, progress: progress)
      return try fitted.singleTermDeletions(tests.method)
        .report(notes: fitted.fit.convergence.messages)
    }
  }
}
