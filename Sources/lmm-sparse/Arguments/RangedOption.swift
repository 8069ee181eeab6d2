// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import ModelFrames

/// Options whose value is a number: their help states the range and the default, and a value outside
/// is refused while the command line is read.
///
///     @Option(.replicates, "Responses to simulate", valueName: "n") var replicates = 1000
extension Option where Value: RangedNumber {
  init(
    wrappedValue: Value, _ range: ValueRange<Value>, _ help: String, valueName: String,
    name: NameSpecification = .long
  ) {
    self.init(
      wrappedValue: wrappedValue, name: name, parsing: .unconditional,
      help: .ranged(help + " (default: \(wrappedValue))", range, valueName),
      transform: { try range.value(of: $0, "it") })
  }
}

extension Option {
  /// An option that may be missing.
  init<Number: RangedNumber>(
    _ range: ValueRange<Number>, _ help: String, valueName: String,
    name: NameSpecification = .long
  ) where Value == Number? {
    self.init(
      name: name, parsing: .unconditional, help: .ranged(help, range, valueName),
      transform: { try range.value(of: $0, "it") })
  }
}

extension ArgumentHelp {
  fileprivate static func ranged<Value>(
    _ text: String, _ range: ValueRange<Value>, _ valueName: String
  ) -> ArgumentHelp {
    ArgumentHelp("\(text); \(range.words).", valueName: valueName)
  }
}
