// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
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
  private static func names(_ list: String) -> [String] {
    var (names, isQuoted) = ([""], false)
    for character in list {
      if character == "`" { isQuoted.toggle() }
      if character == ",", !isQuoted { names.append("") } else { names[names.count - 1].append(character) }
    }
    return names
  }
}
