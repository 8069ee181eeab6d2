// SPDX-License-Identifier: GPL-2.0-or-later

/// Cuts the text of a formula into tokens, by R's rules for numbers, strings and names.
struct Lexer {
  private let text: String
  private let characters: [Character]
  private var position = 0

  init(_ text: String) {
    self.text = text
    characters = Array(text)
  }

  /// All tokens, `.end` last.
  static func tokens(of text: String) throws(FormulaError) -> [Token] {
    var lexer = Lexer(text)
    var tokens: [Token] = []
    repeat { tokens.append(try lexer.next()) } while tokens.last?.kind != .end
    return tokens
  }

  private mutating func next() throws(FormulaError) -> Token {
    while let character = peek(), character.isWhitespace { position += 1 }
    let start = position
    let kind = try scan()
    return Token(kind: kind, range: start..<position)
  }

  private mutating func scan() throws(FormulaError) -> Token.Kind {
    guard let character = peek() else { return .end }
    let digitFollows = peek(1).map(isDigit) ?? false
    if isDigit(character) || (character == "." && digitFollows) { return try number() }
    if RName.canStart(character) { return name() }
    switch character {
    case "\"", "'": return .string(try quoted(by: character))
    case "`":
      let start = position
      let name = try quoted(by: character)
      if name.isEmpty { throw error(.emptyName, from: start) }
      return .name(name, isQuoted: true)
    default: return .symbol(try symbol())
    }
  }

  private func peek(_ offset: Int = 0) -> Character? {
    position + offset < characters.count ? characters[position + offset] : nil
  }

  private func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }

  private func error(_ problem: FormulaProblem, from start: Int) -> FormulaError {
    FormulaError(text: text, range: start..<max(position, start), problem)
  }
}

// MARK: - Names and symbols

extension Lexer {
  private mutating func name() -> Token.Kind {
    let start = position
    while let character = peek(), RName.canContinue(character) { position += 1 }
    return .name(String(characters[start..<position]), isQuoted: false)
  }

  private static let symbols: Set<String> = [
    "~", "+", "-", "*", "/", "^", "(", ")", ",", "=", ":", "|", "||", "&", "&&",
    "!", "==", "!=", "<", "<=", ">", ">=",
  ]

  private mutating func symbol() throws(FormulaError) -> String {
    let start = position
    if peek() == "%" { return try percentOperator() }
    if let first = peek(), let second = peek(1) {
      let pair = String([first, second])
      position += 2
      if pair == "**" { return "^" }
      if pair == "<-" || pair == "->" { throw error(.assignment(pair), from: start) }
      if Lexer.symbols.contains(pair) { return pair }
      position -= 2
    }
    let single = String(characters[position])
    position += 1
    guard Lexer.symbols.contains(single) else {
      throw error(.unexpectedCharacter(single), from: start)
    }
    return single
  }

  private mutating func percentOperator() throws(FormulaError) -> String {
    let start = position
    for symbol in ["%in%", "%/%", "%%"] {
      if characters[start...].starts(with: symbol) {
        position += symbol.count
        return symbol
      }
    }
    position += 1
    while let character = peek(), character != "%", !character.isNewline { position += 1 }
    if peek() == "%" { position += 1 }
    throw error(.unknownOperator(String(characters[start..<position])), from: start)
  }
}

// MARK: - Numbers and quoted text

extension Lexer {
  /// `12`, `.5`, `1e-3`, `0x1F`; the `L` of an integer is dropped, as R's term labels do.
  private mutating func number() throws(FormulaError) -> Token.Kind {
    let start = position
    if peek() == "0", peek(1) == "x" || peek(1) == "X" {
      position += 2
      while let character = peek(), character.isASCII, character.isHexDigit { position += 1 }
    } else {
      skipDigits()
      if peek() == "." { position += 1 }
      skipDigits()
      if peek() == "e" || peek() == "E" {
        position += 1
        if peek() == "+" || peek() == "-" { position += 1 }
        skipDigits()
      }
    }
    var digits = String(characters[start..<position])
    if digits.last == "." { digits.removeLast() }
    if digits.first == "." { digits = "0" + digits }
    digits = digits.replacingDotBeforeExponent()
    if peek() == "L" { position += 1 }
    if let character = peek(), RName.canContinue(character) {
      while let next = peek(), RName.canContinue(next) { position += 1 }
      throw error(.badNumber(String(characters[start..<position])), from: start)
    }
    guard let value = Double(digits) else {
      throw error(.badNumber(String(characters[start..<position])), from: start)
    }
    return .number(value)
  }

  private mutating func skipDigits() {
    while let character = peek(), isDigit(character) { position += 1 }
  }

  /// The text between two quotes of one kind, with R's escapes replaced.
  private mutating func quoted(by quote: Character) throws(FormulaError) -> String {
    let start = position
    position += 1
    var content = ""
    while let character = peek() {
      position += 1
      if character == quote { return content }
      if character == "\\" { content.append(try escape()) } else { content.append(character) }
    }
    position = start + 1
    throw error(.unclosedQuote(String(quote)), from: start)
  }

  private mutating func escape() throws(FormulaError) -> Character {
    let start = position - 1
    guard let character = peek() else { throw error(.badEscape("\\"), from: start) }
    position += 1
    switch character {
    case "n": return "\n"
    case "t": return "\t"
    case "r": return "\r"
    case "a": return "\u{7}"
    case "b": return "\u{8}"
    case "f": return "\u{C}"
    case "v": return "\u{B}"
    case "\\", "\"", "'", "`", " ", "\n": return character
    case "x": return try codePoint(from: start, radix: 16, digits: 2)
    case "u": return try codePoint(from: start, radix: 16, digits: 4)
    case "U": return try codePoint(from: start, radix: 16, digits: 8)
    case "0"..."7":
      position -= 1
      return try codePoint(from: start, radix: 8, digits: 3)
    default: throw error(.badEscape("\\" + String(character)), from: start)
    }
  }

  private mutating func codePoint(
    from start: Int, radix: Int, digits: Int
  ) throws(FormulaError) -> Character {
    let isBraced = radix == 16 && peek() == "{"
    if isBraced { position += 1 }
    var value: UInt32 = 0
    var count = 0
    while count < digits, let digit = peek()?.hexDigitValue, digit < radix {
      value = value * UInt32(radix) + UInt32(digit)
      position += 1
      count += 1
    }
    let isClosed = !isBraced || peek() == "}"
    if isBraced, isClosed { position += 1 }
    guard isClosed, count > 0, value > 0, let scalar = Unicode.Scalar(value) else {
      throw error(.badEscape(String(characters[start..<position])), from: start)
    }
    return Character(scalar)
  }
}

extension String {
  /// R reads `5.e3`, Swift does not.
  fileprivate func replacingDotBeforeExponent() -> String {
    guard let dot = firstIndex(of: ".") else { return self }
    let next = index(after: dot)
    guard next < endIndex, self[next] == "e" || self[next] == "E" else { return self }
    var copy = self
    copy.remove(at: dot)
    return copy
  }
}
