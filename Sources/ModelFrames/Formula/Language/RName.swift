// SPDX-License-Identifier: GPL-2.0-or-later

/// R's rules for names of variables.
enum RName {
  static func canStart(_ character: Character) -> Bool {
    character.isLetter || character == "."
  }

  static func canContinue(_ character: Character) -> Bool {
    if canStart(character) || character == "_" { return true }
    return character.unicodeScalars.first?.properties.generalCategory == .decimalNumber
  }

  /// `name` as R writes it in code: in backquotes if it is no syntactic name.
  static func deparsed(_ name: String) -> String {
    isSyntactic(name) ? name : RString.quoted(name, by: "`")
  }

  /// Whether `name` can stand in a formula without backquotes.
  static func isSyntactic(_ name: String) -> Bool {
    guard let first = name.first, canStart(first), !reserved.contains(name) else { return false }
    if first == ".", let second = name.dropFirst().first, ("0"..."9").contains(second) {
      return false
    }
    return name.allSatisfy(canContinue)
  }

  /// Words that are no names.
  ///
  /// `pi` is one in R; here it is a constant, so a column of that name needs backquotes, as the
  /// column `.` does.
  static let reserved: Set<String> = [
    "NULL", "NA", "TRUE", "FALSE", "Inf", "NaN", "NA_integer_", "NA_real_", "NA_character_",
    "NA_complex_", "function", "while", "repeat", "for", "if", "in", "else", "next", "break",
    "pi", ".",
  ]
}
