// SPDX-License-Identifier: GPL-2.0-or-later

/// A number that can be written in text and has bounds.
package protocol RangedNumber: Comparable, LosslessStringConvertible, Sendable {}

extension Int: RangedNumber {}
extension UInt64: RangedNumber {}
extension Double: RangedNumber {}

/// The values that a number from outside may have, and the words that say so.
///
/// Every number that the program or a caller of the library states has one, and is checked against it
/// before memory is taken or threads are started for it.
package struct ValueRange<Value: RangedNumber>: Sendable {
  private let least: Value
  private let most: Value
  /// Whether `least` and `most` themselves are too small and too large.
  private let isOpen: (below: Bool, above: Bool)

  private init(_ least: Value, _ most: Value, isOpen: (Bool, Bool)) {
    (self.least, self.most, self.isOpen) = (least, most, isOpen)
  }

  package init(_ values: ClosedRange<Value>) {
    self.init(values.lowerBound, values.upperBound, isOpen: (false, false))
  }

  package init(above least: Value, upTo most: Value) {
    self.init(least, most, isOpen: (true, false))
  }

  package init(between least: Value, and most: Value) {
    self.init(least, most, isOpen: (true, true))
  }

  /// False for NaN, too.
  package func contains(_ value: Value) -> Bool {
    (isOpen.below ? value > least : value >= least) && (isOpen.above ? value < most : value <= most)
  }

  /// For a help text: `1 to 1024`.
  package var words: String {
    isOpen.above
      ? "between \(Self.text(least)) and \(Self.text(most))"
      : "\(isOpen.below ? "above " : "")\(Self.text(least)) to \(Self.text(most))"
  }

  /// For an error: `must be at least 1 and at most 1024`.
  package var rule: String {
    if isOpen.above { return "must lie between \(Self.text(least)) and \(Self.text(most))" }
    return isOpen.below
      ? "must be greater than \(least == Self.zero ? "zero" : Self.text(least)) and at most \(Self.text(most))"
      : "must be at least \(Self.text(least)) and at most \(Self.text(most))"
  }

  private static var zero: Value? { Value("0") }

  /// Whole numbers without a decimal point.
  private static func text(_ value: Value) -> String {
    let text = "\(value)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// The number that a text spells.
  ///
  /// - Throws: `OutOfRange` for a text that is no such number, too.
  package func value(of text: String, _ name: String) throws(OutOfRange) -> Value {
    guard let value = Value(text), contains(value) else {
      throw OutOfRange(name: name, value: text, rule: rule)
    }
    return value
  }

  /// - Throws: `OutOfRange`.
  package func check(_ value: Value, _ name: String) throws(OutOfRange) {
    guard contains(value) else { throw OutOfRange(name: name, value: "\(value)", rule: rule) }
  }
}

/// A number from outside that is not in its range.
public struct OutOfRange: Error, Sendable, Equatable, CustomStringConvertible {
  /// What the number is.
  public let name: String
  public let value: String
  /// `must be at least 1 and at most 1024`.
  public let rule: String

  package init(name: String, value: String, rule: String) {
    (self.name, self.value, self.rule) = (name, value, rule)
  }

  public var description: String {
    ("\(name) \(rule), not \(value)." as MessageText).description
  }
}

extension ValueRange<Int> {
  package static let threads = ValueRange(1...1024)
  /// Of the criterion, by one search.
  package static let evaluations = ValueRange(1...1_000_000_000)
  /// Simulated responses that are fitted.
  package static let replicates = ValueRange(1...10_000_000)
  /// A study's, whose spread is of interest.
  package static let studyReplicates = ValueRange(2...10_000_000)
  /// Draws of a statistic.
  package static let simulations = ValueRange(1...100_000_000)
  /// Submodels that are fitted.
  package static let submodels = ValueRange(2...100_000)
  /// Significant digits that are shown.
  package static let digits = ValueRange(1...15)
  /// Columns of new responses.
  package static let responses = ValueRange(1...1_000_000)
  /// Points of a profile's curve on one side.
  package static let curvePoints = ValueRange(0...10_000)
  /// Keeps the bytes of any table, and the cells of any split of it, countable.
  package static let rows = ValueRange(1...1_000_000_000_000)
  package static let levels = ValueRange(1...100_000_000)
}

extension ValueRange<UInt64> {
  package static let seed = ValueRange(0...UInt64.max)
}

extension ValueRange<Double> {
  /// Of intervals.
  package static let coverage = ValueRange(between: 0, and: 1)
  package static let tolerance = ValueRange(above: 0, upTo: 1)
  /// Standard error of a criterion.
  package static let accuracy = ValueRange(above: 0, upTo: 1e6)
  /// Parameters whose squares and sums are to stay finite.
  package static let standardDeviation = ValueRange(0...1e100)
  package static let coefficient = ValueRange(-1e100...1e100)
  package static let correlation = ValueRange(-1...1)
}
