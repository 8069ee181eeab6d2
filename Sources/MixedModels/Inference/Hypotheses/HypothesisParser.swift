// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// Reads `2*a - b = 1`: sums of coefficients with factors, on one or both sides of `=`.
///
/// Coefficients' names hold any characters, as in `I(x^2)`, `poly(x, 2)1` or `(Intercept)`, so the
/// longest known name that stands at a place is taken before anything else; blanks count only where
/// they tell two names apart. In backquotes a name stands for itself, and names may have backquotes
/// themselves, as R writes the column `x 1` and its interactions.
struct HypothesisParser {
  private let text: String
  private let characters: [Character]
  private let names: [String]
  private let spelledNames: [[Character]]
  /// Without blanks.
  private let compactNames: [[Character]]
  private var position = 0
  private var depth = 0

  init(_ text: String, names: [String]) {
    self.text = text
    characters = Array(text)
    self.names = names
    spelledNames = names.map { Array($0) }
    compactNames = names.map { $0.filter { !$0.isWhitespace }.map { $0 } }
  }

  mutating func hypothesis() throws(HypothesisError) -> (coefficients: [Double], value: Double) {
    var form = try sum()
    skipBlanks()
    if peek == "=" {
      position += peek(1) == "=" ? 2 : 1
      let right = try sum()
      form = form.adding(right, times: -1)
      skipBlanks()
    }
    guard position == characters.count else {
      throw error(
        position..<position + 1, "“\(characters[position])” is not understood here",
        "A hypothesis looks like 2*a - b = 1")
    }
    let coefficients = names.indices.map { form.coefficients[$0] ?? 0 }
    guard coefficients.contains(where: { $0 != 0 }) else {
      throw error(
        0..<characters.count, "no coefficient is left in the hypothesis",
        "Coefficients are \(Self.listed(names))")
    }
    return (coefficients, form.constant == 0 ? 0 : -form.constant)
  }

  private mutating func sum() throws(HypothesisError) -> LinearForm {
    var form = try product()
    while true {
      skipBlanks()
      guard let sign = peek, sign == "+" || sign == "-" || sign == "−" else { return form }
      position += 1
      form = form.adding(try product(), times: sign == "+" ? 1 : -1)
    }
  }

  private mutating func product() throws(HypothesisError) -> LinearForm {
    skipBlanks()
    var start = position
    var form = try factor()
    while true {
      skipBlanks()
      guard let symbol = peek, symbol == "*" || symbol == "/" else { return form }
      position += 1
      skipBlanks()
      let next = position
      let right = try factor()
      if symbol == "/" {
        guard right.isConstant, right.constant != 0 else {
          throw error(next..<position, "one can divide by a number other than 0 only", nil)
        }
        form = form.scaled(1 / right.constant)
      } else if right.isConstant {
        form = form.scaled(right.constant)
      } else if form.isConstant {
        form = right.scaled(form.constant)
      } else {
        throw error(
          start..<position, "a product of coefficients is no linear hypothesis",
          "Multiply coefficients by numbers")
      }
      start = min(start, next)
    }
  }

  private mutating func factor() throws(HypothesisError) -> LinearForm {
    skipBlanks()
    guard let character = peek else {
      throw error(
        position..<position, "something is missing at the end", "A hypothesis looks like Days = 0")
    }
    if let (name, end) = character == "`" ? quotedName() : longestName() {
      position = end
      return LinearForm(coefficients: [name: 1])
    }
    if character == "`" { throw unknownQuotedName() }
    if character == "-" || character == "−" || character == "+" {
      position += 1
      let sign: Double = character == "+" ? 1 : -1
      return try nested { (parser) throws(HypothesisError) in try parser.factor() }.scaled(sign)
    }
    if character == "(" {
      let start = position
      position += 1
      let form = try nested { (parser) throws(HypothesisError) in try parser.sum() }
      skipBlanks()
      guard peek == ")" else {
        throw error(start..<start + 1, "this parenthesis is not closed", nil)
      }
      position += 1
      return form
    }
    if character.isNumber || character == "." { return LinearForm(constant: try number()) }
    throw unknownName()
  }

  /// Deep nesting is refused, not a reason to run out of stack.
  private mutating func nested(
    _ body: (inout HypothesisParser) throws(HypothesisError) -> LinearForm
  ) throws(HypothesisError) -> LinearForm {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 100 else {
      throw error(position..<position + 1, "the hypothesis is nested too deeply", nil)
    }
    return try body(&self)
  }
}

// MARK: - Characters

extension HypothesisParser {
  private var peek: Character? { peek(0) }

  private func peek(_ offset: Int) -> Character? {
    position + offset < characters.count ? characters[position + offset] : nil
  }

  private mutating func skipBlanks() {
    while peek?.isWhitespace == true { position += 1 }
  }

  private func error(
    _ range: Range<Int>, _ message: String, _ suggestion: String?
  ) -> HypothesisError {
    HypothesisError(text: text, range: range, message: message, suggestion: suggestion)
  }

  /// The longest name that stands here, and where it ends; of two, the one whose blanks are these.
  private func longestName() -> (name: Int, end: Int)? {
    guard let spelled = spelledName(), let compact = compactName() else {
      return spelledName() ?? compactName()
    }
    return compact.end > spelled.end ? compact : spelled
  }

  private func spelledName() -> (name: Int, end: Int)? {
    longest(spelledNames.map { matchEnd($0, skipsBlanks: false) })
  }

  private func compactName() -> (name: Int, end: Int)? {
    longest(compactNames.map { matchEnd($0, skipsBlanks: true) })
  }

  private func longest(_ ends: [Int?]) -> (name: Int, end: Int)? {
    ends.indices.compactMap { name in ends[name].map { (name: name, end: $0) } }
      .max { ($0.end, $1.name) < ($1.end, $0.name) }
  }

  /// What begins with a backquote here: a name that has it itself, or one between two of them.
  private func quotedName() -> (name: Int, end: Int)? {
    if let spelled = spelledName() { return spelled }
    if let end = characters[(position + 1)...].firstIndex(of: "`"),
      let name = names.firstIndex(ofLabel: String(characters[position + 1..<end]))
    {
      return (name, end + 1)
    }
    return compactName()
  }

  private func matchEnd(_ name: [Character], skipsBlanks: Bool) -> Int? {
    guard let last = name.last else { return nil }
    var place = position
    for character in name {
      while skipsBlanks, place > position, place < characters.count,
        characters[place].isWhitespace
      {
        place += 1
      }
      guard place < characters.count, characters[place].utf8.elementsEqual(character.utf8) else {
        return nil
      }
      place += 1
    }
    // `Days` does not stand in `Days2`, nor `a` in `a:b`.
    guard place < characters.count else { return place }
    let next = characters[place]
    let continues = next.isLetter || next.isNumber || "._:".contains(next)
    let isCall = next == "(" && last != ")"
    return continues || isCall ? nil : place
  }

  private func unknownQuotedName() -> HypothesisError {
    guard let end = characters[(position + 1)...].firstIndex(of: "`") else {
      return error(position..<position + 1, "this backquote is not closed", nil)
    }
    return noSuchName(String(characters[position + 1..<end]), position..<end + 1)
  }

  private mutating func number() throws(HypothesisError) -> Double {
    let start = position
    func isPart(_ place: Int) -> Bool {
      let character = characters[place]
      if character.isASCII, character.isNumber || character.isLetter || character == "." {
        return true
      }
      return (character == "+" || character == "-") && place > start
        && (characters[place - 1] == "e" || characters[place - 1] == "E")
    }
    while position < characters.count, isPart(position) { position += 1 }
    let digits = String(characters[start..<position])
    guard let value = Double(digits), value.isFinite else {
      throw error(
        start..<max(position, start + 1), "“\(digits)” is no number",
        "Write products with *, as in 2*a")
    }
    return value
  }

  /// What stands here is neither a name nor a number.
  private func unknownName() -> HypothesisError {
    let end =
      characters[position...].firstIndex { $0.isWhitespace || "+-−*/=".contains($0) }
      ?? characters.count
    guard end > position else {
      return error(position..<position + 1, "a coefficient or a number is missing here", nil)
    }
    return noSuchName(String(characters[position..<end]), position..<end)
  }

  private func noSuchName(_ name: String, _ range: Range<Int>) -> HypothesisError {
    let suggestion =
      closestName(to: name, among: names).map { "Did you mean “\($0)”?" }
      ?? "Coefficients are \(Self.listed(names))"
    return error(range, "no coefficient “\(name)”", suggestion)
  }

  private static func listed(_ names: [String]) -> String {
    names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", …" : "")
  }
}
