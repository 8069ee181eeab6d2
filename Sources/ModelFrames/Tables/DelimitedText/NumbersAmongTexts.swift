// SPDX-License-Identifier: GPL-2.0-or-later

/// Why a column that was taken for categorical may have been meant as numbers: by its labels.
package struct NumbersAmongTexts: Sendable {
  package enum Reason: Sendable {
    /// All are numbers, some with a decimal comma.
    case decimalCommas
    /// All are numbers but for words that often mean missing.
    case missingWords
    /// All are numbers or ways to write TRUE and FALSE.
    case logicals
    /// Most are numbers, the rest are texts.
    case texts
  }

  package let reason: Reason
  /// The code of the first label that is no number with a decimal point.
  package let text: Int32
  /// The code of the first number, nil if there are decimal commas alone.
  package let number: Int32?

  /// Nil for labels that are texts, or numbers throughout.
  package init?(_ levels: LevelDictionary) {
    var first = [Int32?](repeating: nil, count: LabelLook.allCases.count)
    var counts = [Int](repeating: 0, count: LabelLook.allCases.count)
    for code in 0..<Int32(levels.count) {
      let look = levels.withBytes(of: code) { LabelLook($0.bindMemory(to: UInt8.self)) }
      counts[look.rawValue] += 1
      if first[look.rawValue] == nil { first[look.rawValue] = code }
    }
    func count(_ look: LabelLook) -> Int { counts[look.rawValue] }
    number = first[LabelLook.number.rawValue] ?? nil
    let chosen: LabelLook
    switch (count(.text), count(.logical)) {
    case (0, 0) where count(.decimalComma) > 0: (reason, chosen) = (.decimalCommas, .decimalComma)
    case (0, 0) where count(.number) > 0 && count(.missingWord) > 0:
      (reason, chosen) = (.missingWords, .missingWord)
    case (0, 1...) where count(.number) > 0: (reason, chosen) = (.logicals, .logical)
    case (1..., _) where count(.number) > max(2, count(.text) + count(.logical)):
      (reason, chosen) = (.texts, .text)
    default: return nil
    }
    text = first[chosen.rawValue]!
  }
}

/// What a label looks like.
private enum LabelLook: Int, CaseIterable {
  case number, decimalComma, missingWord, logical, text

  init(_ label: UnsafeBufferPointer<UInt8>) {
    if readNumber(label) != .text {
      self = .number
    } else if readLogical(label) != nil {
      self = .logical
    } else if hasDecimalComma(label) {
      self = .decimalComma
    } else {
      self = isMissingWord(label) ? .missingWord : .text
    }
  }
}

/// Whether the text is a number once its comma is a point.
package func hasDecimalComma(_ text: String) -> Bool {
  Array(text.utf8).withUnsafeBufferPointer { hasDecimalComma($0) }
}

func hasDecimalComma(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
  text.count <= 40 && text.count(where: { $0 == decimalComma }) == 1
    && !text.contains(decimalPoint) && readNumber(text, decimal: decimalComma) != .text
}

/// What programs and people write where a number is missing; case does not count.
private func isMissingWord(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
  let (first, last) = trimmed(text)
  guard last - first <= 9 else { return false }
  let word = String(decoding: text[first..<last], as: UTF8.self).lowercased()
  return missingWords.contains(word)
}

private let missingWords: Set<String> = [
  ".", "..", "-", "--", "?", "*", "null", "na", "n/a", "n.a.", "#n/a", "#na", "<na>", "#value!",
  "#div/0!", "#null!", "#num!", "#ref!", "none", "nil", "missing", "\\n", "(null)", "-nan", "nan",
  "–", "—",
]
