// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// `value` with `decimals` digits after the point, as C's `%.*f`.
package func fixedNotation(_ value: Double, decimals: Int) -> String {
  printed("%.*f", Int32(clamping: decimals), value)
}

/// `value` with `decimals` digits after the point of the mantissa, as C's `%.*e`.
package func scientificNotation(_ value: Double, decimals: Int) -> String {
  printed("%.*e", Int32(clamping: decimals), value)
}

private func printed(_ format: String, _ arguments: any CVarArg...) -> String {
  withVaList(arguments) { list in
    // The widest fixed notation has 309 digits before the point.
    var buffer = [CChar](repeating: 0, count: 512)
    let written = vsnprintf(&buffer, buffer.count, format, list)
    precondition(written >= 0 && written < buffer.count, "number too long to print")
    return String(decoding: buffer[..<Int(written)].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

/// `value` rounded to `decimals` digits after the point, as R ≥ 4.0.0 rounds.
///
/// Of the two neighbouring decimals, each as the nearest double, the closer one; the one with the
/// even last digit if both are equally far. Values with no more than 15 digits come back unchanged.
package func rounded(_ value: Double, decimals: Int) -> Double {
  guard value.isFinite, value != 0 else { return value }
  let integerDigits = log10(abs(value)).rounded(.up)
  guard Double(decimals) + integerDigits <= 15 else { return value }
  let scale = pow(10, Double(decimals))
  let scaled = value * scale
  let below = scaled.rounded(.down) / scale
  let above = scaled.rounded(.up) / scale
  let (toBelow, toAbove) = (value - below, above - value)
  if toBelow != toAbove { return toBelow < toAbove ? below : above }
  return scaled.rounded(.down).truncatingRemainder(dividingBy: 2) == 0 ? below : above
}

/// `values` with what is negligible beside the largest set to zero: rounded to the decimal place
/// that is the last of `digits` significant digits of the largest, as R's `zapsmall`.
package func zappedSmall(_ values: [Double], digits: Int) -> [Double] {
  let largest = values.lazy.filter(\.isFinite).map(abs).max() ?? 0
  let decimals = largest > 0 ? max(0, Double(digits) - log10(largest)) : Double(digits)
  return values.map { rounded($0, decimals: Int((decimals + 0.5).rounded(.down))) }
}
