// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames

/// One model for many responses, as formulas that differ in their responses only.
public struct ResponsesFormula: Sendable {
  /// As it was written.
  public let text: String
  /// One for every response, in their order.
  public let formulas: [Formula]

  /// Names of the responses.
  public var names: [String] { formulas.map(\.response.deparsed) }

  /// Whether a formula is `cbind(…) ~ …`.
  public static func isMeant(by text: String) -> Bool { arguments(of: text) != nil }

  /// From `cbind(y1, log(y2), …) ~ …`.
  ///
  /// - Throws: `FormulaError` where one of the responses or the right-hand side cannot be used.
  public init(_ text: String) throws {
    guard let (responses, rest) = Self.arguments(of: text), !responses.contains("") else {
      throw InferenceError.refused(
        "“\(text)” does not name its responses. Write cbind(y1, y2) ~ x + (1 | group).")
    }
    try self.init(text, responses, rest)
  }

  /// From `~ …` and columns, the responses.
  ///
  /// - Throws: `FormulaError`; `InferenceError` if the formula has a response of its own.
  public init(_ text: String, columns: [String]) throws {
    try self.init(
      text, columns.map { Expression.column($0).deparsed }, Self.rightHandSide(text))
  }

  private static func rightHandSide(_ text: String) throws -> String {
    let rest = text.drop { $0 == " " }
    guard rest.hasPrefix("~") else {
      throw InferenceError.refused(
        "“\(text)” names a response, and \(Setting.responseColumns) name others. Write '\(text.drop { $0 != "~" })'."
      )
    }
    return String(rest)
  }

  /// From `~ …` and the columns of a table whose names match a regular expression, the formula's own
  /// columns left out.
  ///
  /// - Throws: `DataError`, `FormulaError`; `InferenceError` if there is none.
  public init(
    _ text: String, matching pattern: String, in data: [any TableSource], options: FitOptions
  ) throws {
    let expression = try Regex(pattern)
    let rest = try Self.rightHandSide(text)
    let used = try Set(Formula("`.response` " + rest).columnReferences.map(\.name))
      .union(options.weights.map { [$0] + Expression(weights: $0).columns } ?? [])
      .union([options.offset].compactMap(\.self))
    let names = try TableReader(data, options: options.reading).header.filter {
      try !$0.isEmpty && !used.contains($0) && expression.firstMatch(in: $0) != nil
    }
    guard !names.isEmpty else {
      throw InferenceError.refused(
        "no column of \(data[0].name) but those of the formula matches /\(pattern)/.")
    }
    try self.init(text, columns: names)
  }

  private init(_ text: String, _ responses: [String], _ rest: String) throws {
    self.text = text
    formulas = try responses.map { try Formula("\($0) \(rest)") }
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      throw InferenceError.refused("the response \(name) is there twice.")
    }
  }

  /// The arguments of a leading `cbind()`, without blanks around them, and what follows; nil if there
  /// is none, or no `~` behind it.
  private static func arguments(of text: String) -> (responses: [String], rest: String)? {
    let trimmed = text.drop { $0 == " " }
    guard trimmed.hasPrefix("cbind(") else { return nil }
    var (depth, quote, responses, current) = (0, Character?.none, [String](), "")
    var position = trimmed.index(trimmed.startIndex, offsetBy: 6)
    while position < trimmed.endIndex {
      let character = trimmed[position]
      position = trimmed.index(after: position)
      if let open = quote {
        if character == open { quote = nil }
      } else {
        switch character {
        case "`", "\"", "'": quote = character
        case "(": depth += 1
        case ")" where depth == 0:
          let rest = trimmed[position...].drop { $0 == " " }
          guard rest.hasPrefix("~") else { return nil }
          return ((responses + [current]).map(withoutBlanks), String(rest))
        case ")": depth -= 1
        case "," where depth == 0:
          responses.append(current)
          current = ""
          continue
        default: break
        }
      }
      current.append(character)
    }
    return nil
  }

  private static func withoutBlanks(_ text: String) -> String {
    var text = text.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
