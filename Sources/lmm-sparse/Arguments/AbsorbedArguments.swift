// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames

/// Factors to absorb, beside those that the formula names behind its bar.
struct AbsorbedArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Factors with a fixed effect for every level that is not reported: as behind the bar of \
      'y ~ x + (1 | g) | a + b'.
      """, valueName: "a,b"))
  var absorb: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      Factors of the fixed part whose columns are kept sparse, with those of their products with numbers, \
      f:x: auto, from 200 levels on, as far as the first rows tell (default); none; or their names.
      """, valueName: "auto|none|a,b"))
  var sparseFixed: String = "auto"

  func set(_ options: inout FitOptions) {
    options.sparseFixed =
      switch sparseFixed {
      case "auto": .automatic
      case "none": .none
      default: .factors(Self.names(sparseFixed))
      }
  }

  /// - Throws: `FormulaError`
  func formula(_ text: String) throws -> Formula {
    try Formula(text).absorbing(absorb.flatMap(Self.names))
  }

  /// - Throws: `ValidationError` with a model whose formula is settled.
  func check(_ models: [String]) throws {
    guard !absorb.isEmpty, let file = models.first(where: { !$0.contains("~") }) else { return }
    throw ValidationError(
      "--absorb changes a formula, and \(file) is a fit. Give the formula and --data, or fit again.")
  }

  /// The parts between commas that are not in backquotes.
  static func names(_ list: String) -> [String] {
    var (names, isQuoted) = ([""], false)
    for character in list {
      if character == "`" { isQuoted.toggle() }
      if character == ",", !isQuoted { names.append("") } else { names[names.count - 1].append(character) }
    }
    return names
  }
}
