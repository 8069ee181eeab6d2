// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// What marginal means are wanted of: `~ f`, `~ f | g`, `~ f:g`, `~ f * g`, `~ 1`.
public struct MeansSpecification: Sendable, Equatable {
  public let text: String
  /// Variables whose combinations have a mean each; none for the grand mean.
  public let variables: [String]
  /// Variables within whose combinations means are compared.
  public let groups: [String]

  init(text: String, variables: [String], groups: [String]) {
    (self.text, self.variables, self.groups) = (text, variables, groups)
  }

  /// - Throws: `InferenceError` for anything else.
  public init(_ text: String) throws {
    self.text = text
    var body = Substring(text).drop { $0 == " " }
    guard body.first == "~" else { throw Self.refusal(text, "it does not begin with ~") }
    body = body.dropFirst()
    let parts = Self.split(body, at: ["|"])
    guard parts.count <= 2 else { throw Self.refusal(text, "it has more than one |") }
    let lists = try parts.map { part in
      let names = try Self.split(part, at: [":", "*", "+"]).map { try Self.name($0, of: text) }
      guard names != ["1"] else { return [String]() }
      guard !names.contains("1") else { throw Self.refusal(text, "1 stands alone") }
      return names
    }
    (variables, groups) = (lists[0], lists.count > 1 ? lists[1] : [])
    let all = variables + groups
    guard Set(all).count == all.count else {
      throw Self.refusal(text, "a variable is named twice")
    }
  }

  private static func refusal(_ text: String, _ problem: String) -> InferenceError {
    .refused(
      "“\(text)” names no means: \(problem). Write ~ and factors, such as '~ f', '~ f | g', '~ f:g' or '~ 1'."
    )
  }

  /// Splits outside of backquotes and parentheses.
  private static func split(_ text: Substring, at separators: Set<Character>) -> [Substring] {
    var parts: [Substring] = []
    var (start, depth, isQuoted) = (text.startIndex, 0, false)
    for index in text.indices {
      switch text[index] {
      case "`": isQuoted.toggle()
      case "(" where !isQuoted: depth += 1
      case ")" where !isQuoted: depth -= 1
      case let character where !isQuoted && depth == 0 && separators.contains(character):
        parts.append(text[start..<index])
        start = text.index(after: index)
      default: break
      }
    }
    return parts + [text[start...]]
  }

  private static func name(_ text: Substring, of whole: String) throws -> String {
    var name = text.drop { $0 == " " }
    while name.last == " " { name.removeLast() }
    if name.count > 2, name.first == "`", name.last == "`" { name = name.dropFirst().dropLast() }
    guard !name.isEmpty else { throw refusal(whole, "a name is missing") }
    return String(name)
  }
}
