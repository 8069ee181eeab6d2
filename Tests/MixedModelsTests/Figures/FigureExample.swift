// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Reports
import TestSupport

/// A fit of the shipped example with its rows.
struct FigureExample {
  let source: FigureSource
  let data: [any TableSource]

  init(_ formula: String, _ file: String) throws {
    try self.init(formula, .file(Files.data(file)))
  }

  init(_ formula: String, _ table: any TableSource) throws {
    data = [table]
    var options = FitOptions()
    options.wantsConditionalModes = true
    source = try FigureSource(
      Formula(formula), from: ModelInput(files: [], data: data), options: options)
  }

  static let sleepstudy = Result {
    try FigureExample("Reaction ~ Days + (Days | Subject)", "sleepstudy.csv")
  }
  static let penicillin = Result {
    try FigureExample("diameter ~ 1 + (1|plate) + (1|sample)", "penicillin.csv")
  }
}
