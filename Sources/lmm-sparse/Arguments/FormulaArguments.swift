// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames

/// Changes of a formula, and a model file in its place.
struct FormulaArguments: ParsableArguments {
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Add terms to the formula, such as 'z + (1 | h)'; repeatable.", valueName: "terms"))
  var add: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Take terms out of the formula, such as 'x + (1 | g)'; 1 is the intercept; repeatable.",
      valueName: "terms"))
  var drop: [String] = []

  var areThere: Bool { !add.isEmpty || !drop.isEmpty }

  /// Whether a model file stands where the formula is expected: its own is changed then.
  func isModelFile(_ formula: String?) -> Bool {
    guard let formula, areThere, !formula.contains("~") else { return false }
    return ModelFile.isMeant(by: formula)
  }

  /// The data that a formula is fitted to: of a model file its own.
  func data(_ formula: String?, _ data: [String]) -> [String] {
    isModelFile(formula) ? [formula!] : data
  }

  /// - Throws: `ValidationError` for what does not go together.
  func check(_ formula: String?, _ data: [String], command: String) throws {
    if isModelFile(formula) {
      guard data.isEmpty else {
        throw ValidationError(
          "the formula of \(formula!) is changed for what that file holds. For other data write the formula out.")
      }
      return
    }
    if formula == nil, areThere {
      throw ValidationError("--add and --drop change a formula, and there is none.")
    }
    try checkFormula(formula, data, command: command)
  }

  /// The formula with its changes.
  ///
  /// - Throws: `FormulaError`, `ModelFileError`.
  func formula(_ text: String) throws -> Formula {
    var formula = isModelFile(text) ? try ModelFile(text).formula : try Formula(text)
    for terms in drop { formula = try formula.dropping(terms) }
    for terms in add { formula = try formula.adding(terms) }
    return formula
  }
}
