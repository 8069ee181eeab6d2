// SPDX-License-Identifier: GPL-2.0-or-later

import ModelFrames

/// Reads lists of numbers that belong to known names: `1,0.8`, or `x=0.8,(Intercept)=1`.
///
/// Names may hold commas and equals signs between parentheses, as in `poly(x, 2, raw = TRUE)1`.
struct StatedValues {
  /// What the text was given for.
  let setting: Setting
  /// What the names are names of: `coefficients`.
  let kind: String
  let range: ValueRange<Double>
  /// Every name with the index of what it names; several may name the same.
  let names: [(name: String, index: Int)]

  /// Index → value.
  ///
  /// - Throws: `SimulationError` for an unknown or repeated name, a number that is none, or too many
  ///   or too few numbers without names.
  func values(_ text: String) throws(SimulationError) -> [Int: Double] {
    let fields = text.topLevelFields(",")
    let assignments = fields.map { $0.topLevelAssignment }
    guard assignments.contains(where: { $0.name != nil }) else {
      return try inOrder(fields, text)
    }
    var values: [Int: Double] = [:]
    for (field, assignment) in zip(fields, assignments) {
      guard let name = assignment.name else {
        throw .stated("\(setting) '\(text)': '\(field)' has no name, but others have.")
      }
      guard let index = names.first(where: { $0.name == name })?.index else {
        throw unknown(name)
      }
      guard values.updateValue(try number(assignment.value, of: name), forKey: index) == nil else {
        throw .stated("\(setting) '\(text)': \(name) is there twice.")
      }
    }
    return values
  }

  private func inOrder(
    _ fields: [String], _ text: String
  ) throws(SimulationError) -> [Int: Double] {
    let count = Set(names.map(\.index)).count
    guard fields.count == count else {
      throw .stated(
        "\(setting) '\(text)': \(fields.count) \(fields.count == 1 ? "number" : "numbers") for \(count) \(kind): \(list)."
      )
    }
    var values: [Int: Double] = [:]
    for (index, field) in fields.enumerated() {
      values[index] = try number(field, of: names.first { $0.index == index }?.name ?? "")
    }
    return values
  }

  private func number(_ text: String, of name: String) throws(SimulationError) -> Double {
    guard let value = Double(text), value.isFinite else {
      throw .stated("\(setting): '\(text)', the value of \(name), is no number.")
    }
    guard range.contains(value) else {
      throw .stated("\(setting): the value of \(name) \(range.rule), not \(text).")
    }
    return value
  }

  private func unknown(_ name: String) -> SimulationError {
    let guess = closestName(to: name, among: names.map(\.name)).map { " Did you mean \($0)?" } ?? ""
    return .stated("\(setting): there is no '\(name)' among the \(kind): \(list).\(guess)")
  }

  private var list: String {
    var seen: Set<Int> = []
    let first = names.filter { seen.insert($0.index).inserted }.map(\.name)
    return first.isEmpty
      ? "none" : first.prefix(12).joined(separator: ", ") + (first.count > 12 ? ", …" : "")
  }
}

extension String {
  /// Cut at every `separator` that stands outside of parentheses and backquotes; without blanks at
  /// the ends.
  func topLevelFields(_ separator: Character) -> [String] {
    var fields = [""]
    for (character, isOutside) in withNesting {
      if isOutside, character == separator {
        fields.append("")
      } else {
        fields[fields.count - 1].append(character)
      }
    }
    return fields.map(\.withoutOuterBlanks)
  }

  /// `name=value`, cut at the last equals sign outside of parentheses; no name without one.
  var topLevelAssignment: (name: String?, value: String) {
    let marked = withNesting
    guard let equals = marked.lastIndex(where: { $0.isOutside && $0.character == "=" }) else {
      return (nil, withoutOuterBlanks)
    }
    let (name, value) = (marked[..<equals], marked[(equals + 1)...])
    return (
      String(name.map(\.character)).withoutOuterBlanks,
      String(value.map(\.character)).withoutOuterBlanks
    )
  }

  private var withNesting: [(character: Character, isOutside: Bool)] {
    var depth = 0
    var isQuoted = false
    return map { character in
      if character == "`" { isQuoted.toggle() }
      if !isQuoted {
        if character == "(" { depth += 1 }
        if character == ")" { depth -= 1 }
      }
      return (character, depth <= 0 && !isQuoted && character != ")")
    }
  }

  /// Without blanks at the ends.
  var withoutOuterBlanks: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}

/// `name(1,2)`: a word and numbers.
struct StatedCall {
  let name: String
  let arguments: [Double]

  init?(_ text: String) {
    guard let open = text.firstIndex(of: "("), text.last == ")" else { return nil }
    name = String(text[..<open]).withoutOuterBlanks
    let inner = text[text.index(after: open)..<text.index(before: text.endIndex)]
    let fields = String(inner).topLevelFields(",")
    let numbers = fields.compactMap { Double($0) }.filter(\.isFinite)
    guard numbers.count == fields.count else { return nil }
    arguments = numbers
  }
}

extension ValueRange<Double> {
  /// Of gamma distributions.
  static let shape = ValueRange(0.001...1e6)
  /// Standard deviation of a logarithm.
  static let logarithmicDeviation = ValueRange(0...50)
  /// Of Zipf's law.
  static let exponent = ValueRange(above: 0, upTo: 50)
}
