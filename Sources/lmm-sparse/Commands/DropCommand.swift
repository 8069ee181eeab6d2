// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import Reports

/// F tests of the terms that can be dropped.
struct DropCommand: ModelTableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drop1",
    abstract: "F tests of every fixed-effects term that is part of no other.",
    discussion: """
      \(AnovaTable.jsonHelp)
      """)

  @Argument(help: "The model: a formula, with --data.", completion: .file())
  var model: String

  @OptionGroup(title: "Tests") var tests: DegreesOfFreedomArguments
  @OptionGroup var source: ModelSource
  @OptionGroup(title: "Report") var report: TableArguments

  var testArguments: DegreesOfFreedomArguments? { tests }

  func table(of fitted: FittedModel, _ progress: ProgressLine?) throws -> AnovaTable {
    try fitted.singleTermDeletions(tests.method)
  }
}
