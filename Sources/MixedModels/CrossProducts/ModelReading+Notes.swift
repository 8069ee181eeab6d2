// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

extension ModelReading {
  /// What the user should know of how the rows were read, in sentences without a full stop.
  func notes(_ products: CrossProducts) -> [String] {
    let texts = reader.unmatchedMissingTexts.map {
      "no column that the model uses has the text “\($0)”, which was said to mean missing"
    }
    let instants = specification.columns.requests.compactMap { request -> String? in
      guard request.wantsNumbers, let kind = try? reader.kind(of: request.name),
        let unit = kind.unit
      else { return nil }
      return
        "column \(request.name) is a number, \(unit); factor(\(Expression.column(request.name).deparsed)) takes its values as levels"
    }
    return texts + instants + reader.possibleRepeats.map(\.note)
      + products.undeclaredFactors(declared).compactMap { factorNote($0.name, $0.levels) }
      + products.undeclaredFactors(Self.declared(options)).filter { declared.contains($0.name) }
      .compactMap { typedNote($0.name, $0.levels) }
  }

  /// Texts of a type are levels, which numbers and dates that came as texts are not meant to be.
  private func typedNote(_ name: String, _ levels: LevelDictionary) -> String? {
    guard levels.count > Self.manyLevels, levels.areNumbers || levels.areDates else { return nil }
    return
      "column \(name) has become a factor of \(levels.count) levels: its type is that of texts, which hold \(levels.areNumbers ? "numbers" : "dates"). For a trend convert the column"
  }

  /// A column that may be meant as a number or a date, or has more levels than one would give a
  /// factor.
  private func factorNote(_ name: String, _ levels: LevelDictionary) -> String? {
    let made = "column \(name) has become a factor of \(levels.count) levels"
    if let found = NumbersAmongTexts(levels) {
      let text = levels.label(found.text)
      let place =
        reader.firstPlace(in: name) { levels.hasLabel(found.text, $0) }
        .map { " (\($0.place))" } ?? ""
      return
        "\(made) because of texts among its numbers, the first of them “\(text)”\(place); if it means missing, add \(Setting.missingText())"
    }
    if levels.count > 2, levels.areDates {
      return "\(made): it holds dates. For a trend write them as numbers, such as days"
    }
    if levels.count > 2, levels.areAmounts {
      return
        "\(made): it holds texts such as “\(levels.label(0))”. If they are numbers, write them without signs for percent, money or thousands"
    }
    guard levels.count > Self.manyLevels else { return nil }
    return
      "\(made): it holds texts such as “\(levels.label(0))”. If they are groups, take them as a random term, (1 | \(Expression.column(name).deparsed))"
  }

  /// What R warns of as NaNs.
  static func undefinedNote(_ expression: String, _ rows: Int) -> String {
    "\(expression) is not a number in \(rows) \(rows == 1 ? "row, which is" : "rows, which are") left out"
  }

  /// A factor of more levels among the fixed effects may be one by mistake.
  private static let manyLevels = 20
}

extension PossibleRepeat {
  fileprivate var note: String {
    isCopy
      ? "\(file) has the same contents as \(other); if it is a copy, its rows count twice"
      : "\(other) and \(file) have one name but for its ending; if they hold the same rows, these count twice"
  }
}

extension LevelDictionary {
  fileprivate func hasLabel(_ code: Int32, _ bytes: UnsafeRawBufferPointer) -> Bool {
    withBytes(of: code) { $0.elementsEqual(bytes) }
  }

  fileprivate var areNumbers: Bool {
    (0..<Int32(count)).allSatisfy { code in
      withBytes(of: code) {
        if case .number = readNumber($0.bindMemory(to: UInt8.self)) { true } else { false }
      }
    }
  }

  /// Whether all labels are digits but for signs of percent, money, decimals and thousands.
  fileprivate var areAmounts: Bool {
    (0..<Int32(count)).allSatisfy { code in
      let label = label(code)
      return label.contains { ("0"..."9").contains($0) }
        && label.allSatisfy { ("0"..."9").contains($0) || "+-−%‰$€£¥.,'’ \u{A0}\u{202F}".contains($0) }
    }
  }

  /// Whether all labels look like dates or times: digits in three parts or more, with -, /, . or :
  /// between them.
  fileprivate var areDates: Bool {
    (0..<Int32(count)).allSatisfy { code in
      withBytes(of: code) { bytes in
        var marks = 0
        for (place, byte) in bytes.enumerated() {
          switch byte {
          case UInt8(ascii: "0")...UInt8(ascii: "9"): continue
          case UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: ":"):
            guard place > 0 else { return false }
            marks += 1
          case UInt8(ascii: " "), UInt8(ascii: "T"), UInt8(ascii: "Z"), UInt8(ascii: "+"): continue
          default: return false
          }
        }
        return marks > 1
      }
    }
  }
}
