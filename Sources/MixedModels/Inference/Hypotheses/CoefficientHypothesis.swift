// SPDX-License-Identifier: GPL-2.0-or-later

/// A linear hypothesis about the coefficients as they are reported: coefficients · β = value.
public struct CoefficientHypothesis: Sendable, Equatable {
  /// As it was written.
  public let text: String
  /// One for every column of X, the dropped ones included.
  public let coefficients: [Double]
  public let value: Double
}

extension FittedModel {
  /// Reads a hypothesis written with coefficient names: `Days = 0`, `2*a - b = 1`, `a:bT`, which
  /// means that the combination is zero.
  ///
  /// - Throws: `HypothesisError` that points at the character.
  public func hypothesis(_ text: String) throws(HypothesisError) -> CoefficientHypothesis {
    try checkCoefficients(text)
    var parser = HypothesisParser(text, names: fit.fixedEffects.map(\.name))
    let (coefficients, value) = try parser.hypothesis()
    return CoefficientHypothesis(text: text, coefficients: coefficients, value: value)
  }

  /// Reads a row of L, `0,1`: a number for every coefficient, or for every one that was kept.
  ///
  /// - Throws: `HypothesisError` that points at the character.
  public func hypothesis(row text: String) throws(HypothesisError) -> CoefficientHypothesis {
    try checkCoefficients(text)
    var values: [Double] = []
    var start = 0
    for field in text.split(separator: ",", omittingEmptySubsequences: false) {
      let range = start..<start + field.count
      start = range.upperBound + 1
      let trimmed = field.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
      guard let value = Double(String(trimmed)), value.isFinite else {
        throw HypothesisError(
          text: text, range: range, message: "“\(field)” is no number",
          suggestion: "Write a row of L as numbers with commas between them, such as 0,1")
      }
      values.append(value)
    }
    return try hypothesis(values, equals: 0, text: text)
  }

  /// A row of L: a number for every coefficient, or for every one that was kept.
  ///
  /// - Throws: `HypothesisError` for another number of them, or for nothing but zeros.
  public func hypothesis(
    _ row: [Double], equals value: Double = 0
  ) throws(HypothesisError) -> CoefficientHypothesis {
    let text = row.map { "\($0)" }.joined(separator: ",")
    try checkCoefficients(text)
    return try hypothesis(row, equals: value, text: text)
  }

  private func hypothesis(
    _ row: [Double], equals value: Double, text: String
  ) throws(HypothesisError) -> CoefficientHypothesis {
    var values = row
    let names = fit.fixedEffects.map(\.name)
    let kept = names.indices.filter { fit.fixedEffects[$0].estimate != nil }
    guard values.count == names.count || values.count == kept.count else {
      let all = names.count == kept.count ? "" : ", \(names.count) with those that were dropped"
      throw HypothesisError(
        text: text, range: 0..<text.count,
        message:
          "\(values.count) \(values.count == 1 ? "number" : "numbers") for \(kept.count) coefficients\(all)",
        suggestion: "In this order: \(kept.prefix(50).map { names[$0] }.joined(separator: ", "))\(kept.count > 50 ? ", …" : "")")
    }
    if values.count < names.count {
      var all = [Double](repeating: 0, count: names.count)
      for (k, column) in kept.enumerated() {
        all[column] = values[k]
      }
      values = all
    }
    guard values.contains(where: { $0 != 0 }), (values + [value]).allSatisfy(\.isFinite) else {
      throw HypothesisError(
        text: text, range: 0..<text.count,
        message: (values + [value]).allSatisfy(\.isFinite)
          ? "all numbers are zero: there is nothing to test" : "a number is not finite",
        suggestion: nil)
    }
    return CoefficientHypothesis(text: text, coefficients: values, value: value)
  }
}

extension FittedModel {
  private func checkCoefficients(_ text: String) throws(HypothesisError) {
    guard !fit.fixedEffects.contains(where: { $0.estimate != nil }) else { return }
    throw HypothesisError(
      text: text, range: 0..<text.count,
      message: "the model has no fixed-effects coefficients to test", suggestion: nil)
  }
}

/// What is wrong with a hypothesis, and where.
public struct HypothesisError: Error, Sendable, Equatable {
  public let text: String
  /// Characters of `text` concerned; empty at the place where something is missing.
  public let range: Range<Int>
  /// Without the full stop.
  public let message: String
  public let suggestion: String?
}
