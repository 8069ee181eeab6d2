// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Numbers printed together, as R formats a column: all with the same number of decimals and the
/// same width.
///
/// The decimals are the fewest that show `digits` significant digits of every element (trailing
/// zeros not counted). All are written in fixed notation unless scientific notation is narrower.
package struct NumberColumn {
  /// The numbers as text, right-justified to a common width; nil became `NA`.
  package let cells: [String]

  package init(_ values: [Double?], digits: Int, minimumDecimals: Int = 0) {
    let shapes = values.compactMap { $0 }.filter(\.isFinite).map {
      DecimalShape($0, digits: digits)
    }
    let sign = shapes.contains(where: \.isNegative) ? 1 : 0
    let decimals = shapes.map(\.decimals).max() ?? 0
    let significant = shapes.map(\.significantDigits).max() ?? 1
    let hasLongExponent = shapes.contains { abs($0.exponent) >= 100 }

    let fixedWidth =
      (shapes.map(\.integerWidth).max() ?? 1) + (decimals > 0 ? decimals + 1 : 0)
    let scientificWidth =
      sign + significant + (significant > 1 ? 1 : 0) + (hasLongExponent ? 5 : 4)

    let texts = values.map { value -> String in
      guard let value else { return "NA" }
      if value.isNaN { return "NaN" }
      if value.isInfinite { return value < 0 ? "-Inf" : "Inf" }
      return fixedWidth <= scientificWidth
        ? fixedNotation(value, decimals: max(decimals, minimumDecimals))
        : scientificNotation(value, decimals: significant - 1)
    }
    let width = texts.map(\.count).max() ?? 0
    cells = texts.map { String(repeating: " ", count: width - $0.count) + $0 }
  }
}

/// What it takes to show a finite number to a given number of significant digits.
private struct DecimalShape {
  let isNegative: Bool
  /// Power of ten of the first digit after rounding to the significant digits.
  let exponent: Int
  /// Without trailing zeros, at least 1.
  let significantDigits: Int
  /// Characters before the decimal point in fixed notation, the sign included.
  let integerWidth: Int

  /// Digits after the decimal point in fixed notation.
  var decimals: Int { max(0, significantDigits - exponent - 1) }

  init(_ value: Double, digits: Int) {
    let text = scientificNotation(abs(value), decimals: digits - 1)
    let parts = text.split(separator: "e")
    let mantissa = parts[0].filter { $0 != "." }
    exponent = Int(parts[1]) ?? 0
    significantDigits = max(1, mantissa.reversed().drop { $0 == "0" }.count)
    isNegative = value < 0

    // 9996 to three digits is 1.00e+04, but takes four places, not five, in fixed notation.
    let shownDecimals = Double(min(max(0, digits - exponent), 22))
    let roundsUpOnlyInScientific =
      exponent > 0 && abs(value) < pow(10, Double(exponent)) - 0.5 * pow(10, -shownDecimals)
    let places = exponent + 1 - (roundsUpOnlyInScientific ? 1 : 0)
    integerWidth = (isNegative ? 1 : 0) + max(1, places)
  }
}
