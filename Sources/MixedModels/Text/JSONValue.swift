// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// A JSON value whose members keep their order.
///
/// Numbers that JSON cannot write become null.
package enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  /// Written with the fewest digits that read back as the same double.
  case number(Double)
  case string(String)
  case array([JSONValue])
  /// An array whose elements are made as they are written.
  case elements(count: Int, _ element: @Sendable (Int) -> JSONValue)
  case object([(name: String, value: JSONValue)])
  /// An array of rows of numbers that are computed as they are written.
  case rows(count: Int, columns: Int, value: @Sendable (_ row: Int, _ column: Int) -> Double)
}

extension JSONValue {
  package static func optional(_ value: Double?) -> JSONValue { value.map(number) ?? .null }
  package static func optional(_ value: Int?) -> JSONValue { value.map(integer) ?? .null }
  package static func optional(_ value: String?) -> JSONValue { value.map(string) ?? .null }
  package static func numbers(_ values: [Double]) -> JSONValue { .array(values.map(number)) }
  package static func strings(_ values: [String]) -> JSONValue { .array(values.map(string)) }
  package static func matrix(_ rows: [[Double]]) -> JSONValue { .array(rows.map(numbers)) }

  /// Writes the value.
  ///
  /// Members of objects start new lines down to `depth` levels; deeper values
  /// stay on one line.
  package func write(
    to output: inout some TextOutputStream, breakingLines depth: Int = 0, indentation: Int = 0
  ) {
    switch self {
    case .null: output.write("null")
    case .bool(let value): output.write(value ? "true" : "false")
    case .integer(let value): output.write(String(value))
    case .number(let value): output.write(value.isFinite ? value.description : "null")
    case .string(let text): Self.write(quoted: text, to: &output)
    case .rows(let count, let columns, let value):
      output.write("[")
      for row in 0..<count {
        output.write(row > 0 ? ", [" : "[")
        for column in 0..<columns {
          if column > 0 { output.write(", ") }
          JSONValue.number(value(row, column)).write(to: &output)
        }
        output.write("]")
      }
      output.write("]")
    case .elements(let count, let element):
      writeList(0..<count, open: "[", close: "]", depth, indentation, to: &output) {
        element($0).write(to: &$1, breakingLines: depth - 1, indentation: indentation + 1)
      }
    case .array(let elements):
      writeList(elements, open: "[", close: "]", depth, indentation, to: &output) {
        $0.write(to: &$1, breakingLines: depth - 1, indentation: indentation + 1)
      }
    case .object(let members):
      writeList(members, open: "{", close: "}", depth, indentation, to: &output) {
        Self.write(quoted: $0.name, to: &$1)
        $1.write(": ")
        $0.value.write(to: &$1, breakingLines: depth - 1, indentation: indentation + 1)
      }
    }
  }

  private func writeList<Elements: Collection, Output: TextOutputStream>(
    _ elements: Elements, open: String, close: String, _ depth: Int, _ indentation: Int,
    to output: inout Output, write: (Elements.Element, inout Output) -> Void
  ) {
    let breaks = depth > 0 && !elements.isEmpty
    let newline = "\n" + String(repeating: "  ", count: indentation)
    output.write(open)
    for (index, element) in elements.enumerated() {
      if index > 0 { output.write(breaks ? "," : ", ") }
      if breaks { output.write(newline + "  ") }
      write(element, &output)
    }
    if breaks { output.write(newline) }
    output.write(close)
  }

  private static func write(quoted text: String, to output: inout some TextOutputStream) {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case _ where scalar.isUnprintable:
        // Characters beyond the first 2¹⁶ are two units of UTF-16.
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16)
          quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    output.write(quoted + "\"")
  }
}
