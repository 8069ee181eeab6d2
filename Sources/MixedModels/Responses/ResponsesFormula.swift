// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames

/// Which columns of a table are responses.
public enum ResponseChoice: Sendable {
  /// By name, in this order.
  case columns([String])
  /// Those whose names match a regular expression, in the order of the table.
  case matching(String)

  /// What `/regular expression/` means; nil for any other text.
  ///
  /// - Throws: `InferenceError` for what is no regular expression.
  public init?(expression text: String) throws {
    guard text.hasPrefix("/"), text.hasSuffix("/"), text.count > 2 else { return nil }
    let pattern = String(text.dropFirst().dropLast())
    guard (try? Regex(pattern)) != nil else {
      throw InferenceError.refused("'\(pattern)' is no regular expression.")
    }
    self = .matching(pattern)
  }
}

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

  /// From `~ …` and a choice among the columns of a table; a regular expression passes over those that
  /// the formula, the weights and the offset use.
  ///
  /// `name` is what errors call the table, and `header`, the names of its columns, is asked for where they decide.
  ///
  /// - Throws: `FormulaError`; `InferenceError` if no column is chosen; what `header` throws.
  public init(
    _ text: String, _ choice: ResponseChoice, of name: String, _ options: FitOptions,
    header: () throws -> [String]
  ) throws {
    switch choice {
    case .columns(let names): try self.init(text, columns: names)
    case .matching(let pattern):
      let expression = try Regex(pattern)
      let used = try Set(Formula("`.response` " + Self.rightHandSide(text)).columnReferences.map(\.name))
        .union(options.weights.map { [$0] + Expression(weights: $0).columns } ?? [])
        .union([options.offset].compactMap(\.self))
      let names = try header().filter {
        try !$0.isEmpty && !used.contains($0) && expression.firstMatch(in: $0) != nil
      }
      guard !names.isEmpty else {
        throw InferenceError.refused(
          "no column of \(name) but those of the formula matches /\(pattern)/.")
      }
      try self.init(text, columns: names)
    }
  }

  /// The same among the columns of data.
  ///
  /// - Throws: also `DataError`.
  public init(
    _ text: String, _ choice: ResponseChoice, in data: [any TableSource], options: FitOptions
  ) throws {
    try self.init(text, choice, of: data.first?.name ?? "data", options) {
      try TableReader(data, options: options.reading).header
    }
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
