// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

/// A JSON object from outside, whose members are known by name.
struct Request {
  /// What it is, as messages call it.
  let title: String
  private let members: [(name: String, value: JSONValue)]

  /// - Parameters:
  ///   - text: NULL is an empty object.
  ///   - known: Names that there may be.
  /// - Throws: `RequestError`
  init(_ text: UnsafePointer<CChar>?, _ title: String, known: [String]) throws {
    try self.init(text, title)
    try check(known)
  }

  /// One whose names are checked later.
  init(_ text: UnsafePointer<CChar>?, _ title: String) throws {
    self.title = title
    guard let text else {
      members = []
      return
    }
    guard let text = String(validatingCString: text) else {
      throw RequestError("\(title): the JSON is not UTF-8.")
    }
    guard case .object(let members)? = JSONParser.value(of: text) else {
      throw RequestError("\(title) takes a JSON object in which no name is there twice.")
    }
    self.members = members.filter { if case .null = $0.value { false } else { true } }
  }

  /// - Throws: `RequestError` for a name that is not known.
  func check(_ known: [String]) throws {
    guard let foreign = members.first(where: { !known.contains($0.name) }) else { return }
    let near = closestName(to: foreign.name, among: known).map { "Did you mean \"\($0)\"?" }
    let all = known.isEmpty ? "There are none." : "There are \(known.joined(separator: ", "))."
    throw RequestError("\(title): no option \(quoted(foreign.name)). \(near ?? all)")
  }

  subscript(name: String) -> JSONValue? { members.first { $0.name == name }?.value }

  func has(_ name: String) -> Bool { self[name] != nil }

  func fault(_ name: String, _ words: String) -> RequestError {
    RequestError("\(title): \(quoted(name)) \(words).")
  }

  func string(_ name: String) throws -> String? {
    guard let value = self[name] else { return nil }
    guard case .string(let text) = value else { throw fault(name, "takes a text") }
    return text
  }

  /// One of some words.
  func word<Word: RawRepresentable<String> & CaseIterable>(_ name: String, _: Word.Type) throws -> Word? {
    guard let text = try string(name) else { return nil }
    guard let word = Word(rawValue: text) else {
      throw fault(name, "takes \(joinedAsChoice(Word.allCases.map(\.rawValue))), not \(quoted(text))")
    }
    return word
  }

  /// A text or a list of texts.
  func strings(_ name: String) throws -> [String] {
    guard let value = self[name] else { return [] }
    return try strings(value, name)
  }

  func strings(_ value: JSONValue, _ name: String) throws -> [String] {
    if case .string(let text) = value { return [text] }
    guard case .array(let elements) = value else { throw fault(name, "takes texts") }
    return try elements.map { element in
      switch element {
      case .string(let text): text
      // Levels and values of numbers may be written as such.
      case .integer(let number): String(number)
      case .number(let number): "\(number)"
      case .bool(let flag): flag ? "TRUE" : "FALSE"
      default: throw fault(name, "takes texts")
      }
    }
  }

  func bool(_ name: String) throws -> Bool? {
    guard let value = self[name] else { return nil }
    guard case .bool(let flag) = value else { throw fault(name, "takes true or false") }
    return flag
  }

  func integer(_ name: String) throws -> Int? {
    guard let value = self[name] else { return nil }
    guard case .integer(let number) = value else { throw fault(name, "takes a whole number") }
    return number
  }

  func seed(_ name: String) throws -> UInt64? {
    guard let number = try integer(name) else { return nil }
    guard number >= 0 else { throw fault(name, "takes a whole number from 0 on") }
    return UInt64(number)
  }

  func double(_ name: String) throws -> Double? {
    guard let value = self[name] else { return nil }
    guard let number = Self.number(value) else { throw fault(name, "takes a number") }
    return number
  }

  /// A number or a list of numbers.
  func doubles(_ name: String) throws -> [Double]? {
    guard let value = self[name] else { return nil }
    if let number = Self.number(value) { return [number] }
    return try doubles(value, name)
  }

  func doubles(_ value: JSONValue, _ name: String) throws -> [Double] {
    guard case .array(let elements) = value else { throw fault(name, "takes numbers") }
    return try elements.map {
      guard let number = Self.number($0) else { throw fault(name, "takes numbers") }
      return number
    }
  }

  func object(_ name: String) throws -> [(name: String, value: JSONValue)] {
    guard let value = self[name] else { return [] }
    guard case .object(let members) = value else { throw fault(name, "takes an object") }
    return members
  }

  private static func number(_ value: JSONValue) -> Double? {
    switch value {
    case .integer(let number): Double(number)
    case .number(let number) where number.isFinite: number
    default: nil
    }
  }
}

private func quoted(_ text: String) -> String { "\"\(printableText(text, limit: 200))\"" }
