// SPDX-License-Identifier: GPL-2.0-or-later

/// What a description lacks, or has where something else belongs: the name of the member, and what
/// is wrong with it where that does not go without saying.
struct MalformedMember: Error {
  let name: String
  var problem: String?

  init(name: String, _ problem: String? = nil) { (self.name, self.problem) = (name, problem) }

  /// With the text that the member belongs to.
  func words(in text: String? = nil) -> String {
    name + (text.map { " in \($0)" } ?? "") + (problem.map { ": \($0)" } ?? "")
  }
}

/// A JSON value with its name, whose parts are taken by their kinds.
struct JSONMember {
  let name: String
  let value: JSONValue

  subscript(_ member: String) -> JSONMember {
    get throws(MalformedMember) {
      let full = name.isEmpty ? member : "\(name).\(member)"
      guard case .object(let members) = value,
        let found = members.first(where: { $0.name == member })
      else { throw MalformedMember(name: full) }
      return JSONMember(name: full, value: found.value)
    }
  }

  /// A member that is not there, or null, in some files.
  func optional(_ member: String) throws(MalformedMember) -> JSONMember? {
    guard case .object(let members) = value,
      let found = members.first(where: { $0.name == member })
    else { return nil }
    if case .null = found.value { return nil }
    return try self[member]
  }

  var string: String {
    get throws(MalformedMember) {
      guard case .string(let text) = value else { throw MalformedMember(name: name) }
      return text
    }
  }

  /// A name of ours: letters, digits, and signs between them.
  var word: String {
    get throws(MalformedMember) {
      let text = try string
      guard text.utf8.count <= 100, text.utf8.allSatisfy({ (32..<127).contains($0) }) else {
        throw MalformedMember(name: name, "it is no name")
      }
      return text
    }
  }

  var optionalString: String? {
    get throws(MalformedMember) {
      if case .null = value { return nil }
      return try string
    }
  }

  var bool: Bool {
    get throws(MalformedMember) {
      guard case .bool(let flag) = value else { throw MalformedMember(name: name) }
      return flag
    }
  }

  /// A number that is not negative, and small enough to be added up.
  var count: Int {
    get throws(MalformedMember) {
      guard case .integer(let count) = value, (0...1 << 53).contains(count) else {
        throw MalformedMember(name: name)
      }
      return count
    }
  }

  var double: Double {
    get throws(MalformedMember) {
      switch value {
      case .integer(let number): return Double(number)
      case .number(let number) where number.isFinite: return number
      default: throw MalformedMember(name: name)
      }
    }
  }

  /// What a measurement of time or memory can be: not negative, and small enough to be printed.
  var measurement: Double {
    get throws(MalformedMember) {
      let value = try double
      guard (0...1e15).contains(value) else { throw MalformedMember(name: name, "it is \(value)") }
      return value
    }
  }

  /// Strings none of which comes twice.
  var distinctStrings: [String] {
    get throws(MalformedMember) {
      let strings = try strings
      var seen: Set<String> = []
      guard let twice = strings.first(where: { !seen.insert($0).inserted }) else { return strings }
      throw MalformedMember(name: name, "“\(twice)” is there twice")
    }
  }

  var elements: [JSONMember] {
    get throws(MalformedMember) {
      guard case .array(let elements) = value else { throw MalformedMember(name: name) }
      return elements.enumerated().map { JSONMember(name: "\(name)[\($0)]", value: $1) }
    }
  }

  var members: [(key: String, member: JSONMember)] {
    get throws(MalformedMember) {
      guard case .object(let members) = value else { throw MalformedMember(name: name) }
      return members.map { ($0.name, JSONMember(name: "\(name).\($0.name)", value: $0.value)) }
    }
  }

  var doubles: [Double] {
    get throws(MalformedMember) {
      let elements = try elements
      return try elements.map { (element) throws(MalformedMember) in try element.double }
    }
  }

  var strings: [String] {
    get throws(MalformedMember) {
      let elements = try elements
      return try elements.map { (element) throws(MalformedMember) in try element.string }
    }
  }
}

extension JSONValue {
  var text: String {
    var text = ""
    write(to: &text)
    return text
  }
}
