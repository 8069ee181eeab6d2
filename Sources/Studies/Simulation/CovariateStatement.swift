// SPDX-License-Identifier: GPL-2.0-or-later

import Glibc
import ModelFrames

/// `NAME=VALUES [in turn] [per FACTOR]`: what a column's values are.
struct CovariateStatement {
  enum Values {
    case number(SimulatedCovariate.Distribution, decimals: Int)
    /// Levels of a factor in R's order, with the weights of draws.
    case labels([String], weights: [Double])
  }

  let name: String
  let values: Values
  let isInTurn: Bool
  let within: String?

  static let standard = Values.number(.normal(mean: 0, sd: 1), decimals: 5)

  /// `isFactor` says whether a column is used as a factor, so that numbers are its labels.
  ///
  /// - Throws: `SimulationError` that says what can be written.
  init(_ text: String, isFactor: (String) -> Bool) throws(SimulationError) {
    guard let equals = text.firstIndex(of: "=") else {
      throw .stated(
        .covariates, " takes NAME=VALUES, such as x=normal(5,2) or f=a|b|c, not '\(text)'.")
    }
    name = String(text[..<equals]).withoutOuterBlanks.unquotedName
    var rest = String(text[text.index(after: equals)...]).withoutOuterBlanks
    within = rest.cutTail(after: " per ")?.unquotedName
    var isInTurn = rest.hasSuffix(" in turn")
    if isInTurn { rest = String(rest.dropLast(" in turn".count)).withoutOuterBlanks }
    guard !name.isEmpty, !rest.isEmpty, within != "" else {
      throw .stated(.covariates, " '\(text)': a name or what comes after the = is missing.")
    }
    if let numbers = try Self.range(rest, of: name) {
      values = .number(.sequence(numbers), decimals: 0)
      isInTurn = true
    } else if rest.contains("|") {
      values = try Self.list(rest, name: name, isFactor: isFactor(name), isInTurn: isInTurn)
    } else {
      values = try Self.distribution(rest, of: name)
      if isInTurn {
        throw .stated(.covariates, " \(name): '\(rest)' has no order to be taken in turn.")
      }
    }
    self.isInTurn = isInTurn
  }

  /// `0..9`.
  private static func range(_ text: String, of name: String) throws(SimulationError) -> [Double]? {
    guard let dots = text.firstRange(of: ".."),
      let low = Int(String(text[..<dots.lowerBound]).withoutOuterBlanks),
      let high = Int(String(text[dots.upperBound...]).withoutOuterBlanks), low <= high
    else { return nil }
    let (distance, overflow) = high.subtractingReportingOverflow(low)
    guard !overflow, distance < mostNumbers, max(abs(Double(low)), abs(Double(high))) <= 1e15 else {
      throw .stated(
        .covariates,
        " \(name): '\(text)' has more than \(mostNumbers) numbers, or numbers beyond 1e15."
      )
    }
    return (low...high).map(Double.init)
  }

  private static let mostNumbers = 1_000_000

  /// `a|b|c`, each perhaps with `*weight`.
  private static func list(
    _ text: String, name: String, isFactor: Bool, isInTurn: Bool
  ) throws(SimulationError) -> Values {
    var items: [(label: String, weight: Double)] = []
    for field in text.topLevelFields("|") {
      var (label, weight) = (field, 1.0)
      if let star = field.lastIndex(of: "*"),
        let w = Double(String(field[field.index(after: star)...]).withoutOuterBlanks)
      {
        (label, weight) = (String(field[..<star]).withoutOuterBlanks, w)
      }
      guard !label.isEmpty, label != "NA", weight > 0, weight.isFinite else {
        throw .stated(.covariates, " \(name): '\(field)' is no value with a positive weight.")
      }
      guard !items.contains(where: { $0.label == label }) else {
        throw .stated(.covariates, " \(name): the value \(label) is there twice.")
      }
      items.append((label, weight))
    }
    if isInTurn, Set(items.map(\.weight)).count > 1 {
      throw .stated(.covariates, " \(name): values taken in turn have no weights.")
    }
    let numbers = items.compactMap { Double($0.label) }.filter(\.isFinite)
    guard isFactor || numbers.count < items.count else {
      return .number(
        isInTurn ? .sequence(numbers) : .values(numbers, weights: items.map(\.weight)),
        decimals: numbers.map(\.exactDecimals).max() ?? 0)
    }
    let areNumbers = numbers.count == items.count
    let sorted = items.sorted {
      areNumbers
        ? (Double($0.label) ?? 0) < (Double($1.label) ?? 0)
        : $0.label.utf8.lexicographicallyPrecedes($1.label.utf8)
    }
    return .labels(sorted.map(\.label), weights: sorted.map(\.weight))
  }

  private static func distribution(
    _ text: String, of name: String
  ) throws(SimulationError) -> Values {
    let known =
      "normal(mean,sd), uniform(low,high), lognormal(mean,sd), exponential(mean), gamma(shape,scale), bernoulli(p), poisson(mean), a list such as a|b|c or 1|2|5, or a range such as 0..9"
    guard let call = StatedCall(text) else {
      throw .stated(.covariates, " \(name): '\(text)' is none of \(known).")
    }
    let x = call.arguments
    try checkRanges(call, text, of: name)
    switch (call.name, x.count) {
    case ("normal", 2) where x[1] >= 0:
      return .number(.normal(mean: x[0], sd: x[1]), decimals: x[1].decimalsForSpread)
    case ("uniform", 2) where x[0] < x[1]:
      return .number(.uniform(x[0]...x[1]), decimals: (x[1] - x[0]).decimalsForSpread)
    case ("lognormal", 2) where x[1] >= 0:
      let spread = exp(x[0]) * min(x[1], 1)
      return .number(.lognormal(mean: x[0], sd: x[1]), decimals: spread.decimalsForSpread)
    case ("exponential", 1) where x[0] > 0:
      return .number(.exponential(mean: x[0]), decimals: x[0].decimalsForSpread)
    case ("gamma", 2) where x[0] > 0 && x[1] > 0:
      let spread = x[0].squareRoot() * x[1]
      return .number(.gamma(shape: x[0], scale: x[1]), decimals: spread.decimalsForSpread)
    case ("bernoulli", 1) where (0...1).contains(x[0]):
      return .number(.bernoulli(x[0]), decimals: 0)
    case ("poisson", 1) where x[0] >= 0 && x[0] < 1e9:
      return .number(.poisson(mean: x[0]), decimals: 0)
    default:
      throw .stated(.covariates, " \(name): '\(text)' is none of \(known).")
    }
  }
}

extension CovariateStatement {
  /// What the parameters may be; values drawn with them and their squares are finite.
  private static let ranges: [String: [(name: String, range: ValueRange<Double>)]] = [
    "normal": [("mean", .coefficient), ("sd", .standardDeviation)],
    "uniform": [("low", .coefficient), ("high", .coefficient)],
    "lognormal": [("mean", ValueRange(-200...200)), ("sd", .logarithmicDeviation)],
    "exponential": [("mean", .standardDeviation)],
    "gamma": [("shape", .shape), ("scale", .standardDeviation)],
    "bernoulli": [("p", ValueRange(0...1))],
    "poisson": [("mean", ValueRange(0...1e9))],
  ]

  private static func checkRanges(
    _ call: StatedCall, _ text: String, of name: String
  ) throws(SimulationError) {
    for (value, parameter) in zip(call.arguments, ranges[call.name] ?? [])
    where !parameter.range.contains(value) {
      throw .stated(
        .covariates, " \(name): '\(text)': \(parameter.name) \(parameter.range.rule), not \(value)."
      )
    }
  }
}

extension String {
  /// Takes off what follows the last `mark`, and gives it.
  mutating func cutTail(after mark: String) -> String? {
    guard let place = ranges(of: mark).last else { return nil }
    let tail = String(self[place.upperBound...]).withoutOuterBlanks
    self = String(self[..<place.lowerBound]).withoutOuterBlanks
    return tail
  }

  /// Without the backquotes around it.
  var unquotedName: String {
    count > 2 && first == "`" && last == "`" ? String(dropFirst().dropLast()) : self
  }
}
