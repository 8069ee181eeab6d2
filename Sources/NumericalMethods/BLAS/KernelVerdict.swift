// SPDX-License-Identifier: GPL-2.0-or-later

/// What the test of a kernel came to.
package enum KernelVerdict: Equatable, CustomStringConvertible, Sendable {
  case passed
  /// A routine's result differs from that of plain loops.
  case wrong(String)
  /// The library took another kernel than it was asked for.
  case refused
  /// The child was ended by a signal, such as that of an unknown instruction.
  case crashed(signal: Int32)
  case hung
  /// There was no test, for want of memory or processes: it says nothing of the kernel.
  case untested

  package var description: String {
    switch self {
    case .passed: "its results were right"
    case .wrong(let routine): "its results were wrong in a test (\(routine))"
    case .refused: "this OpenBLAS does not have it"
    case .crashed(let signal): "a test of it ended by signal \(signal)"
    case .hung: "a test of it did not end"
    case .untested: "it could not be tested"
    }
  }

  /// One line, for `init(line:)`, without its end.
  package var line: String {
    switch self {
    case .passed: "passed"
    case .wrong(let routine): "wrong \(routine)"
    case .refused: "refused"
    case .crashed(let signal): "crashed \(signal)"
    case .hung: "hung"
    case .untested: "untested"
    }
  }

  package init?(line: some StringProtocol) {
    let text = line.last == "\n" ? line.dropLast() : line[...]
    let words = text.split(separator: " ", maxSplits: 1)
    switch (words.first, words.dropFirst().first) {
    case ("passed", nil): self = .passed
    case ("wrong", let routine?): self = .wrong(String(routine))
    case ("refused", nil): self = .refused
    case ("crashed", let signal?): self = .crashed(signal: Int32(signal) ?? 0)
    case ("hung", nil): self = .hung
    case ("untested", nil): self = .untested
    default: return nil
    }
  }
}
