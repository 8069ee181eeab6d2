// SPDX-License-Identifier: GPL-2.0-or-later

extension Expression {
  /// The expression as R's deparse writes it in the names of coefficients.
  public var deparsed: String {
    var text = ""
    write(to: &text)
    return text
  }

  private func write(to text: inout String) {
    switch self {
    case .number(let value): text += RNumber.deparsed(value)
    case .string(let value): text += RString.deparsed(value)
    case .logical(let value): text += value ? "TRUE" : "FALSE"
    case .pi: text += "pi"
    case .column(let name): text += RName.deparsed(name)
    case .parenthesized(let inner):
      text += "("
      inner.write(to: &text)
      text += ")"
    case .unary(let symbol, let operand):
      text += symbol.rawValue
      operand.write(to: &text)
    case .binary(let symbol, let left, let right):
      left.write(to: &text)
      text += symbol.deparsed
      right.write(to: &text)
    case .call(let function, let arguments):
      text += RName.deparsed(function) + "("
      for (index, argument) in arguments.enumerated() {
        if index > 0 { text += ", " }
        if let name = argument.name { text += RName.deparsed(name) + " = " }
        argument.value.write(to: &text)
      }
      text += ")"
    }
  }
}
