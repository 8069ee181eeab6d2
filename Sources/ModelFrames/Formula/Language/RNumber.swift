// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// R's way to write a number: the fewest of 15 digits that show it, fixed unless that is longer.
enum RNumber {
  static func deparsed(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "Inf" }
    if value == 0 { return "0" }
    let scientific = formatted("%.14e", value)  // d.dddddddddddddde±xx
    let parts = scientific.split(separator: "e")
    guard parts.count == 2, let exponent = Int(parts[1]) else { return "\(value)" }
    var digits = parts[0].filter { $0 != "." && $0 != "-" }
    while digits.count > 1, digits.last == "0" { digits.removeLast() }

    let decimals = max(0, digits.count - exponent - 1)
    let fixedWidth = max(exponent, 0) + 1 + (decimals > 0 ? decimals + 1 : 0)
    let mantissaWidth = digits.count > 1 ? digits.count + 1 : 1
    let scientificWidth = mantissaWidth + (abs(exponent) >= 100 ? 5 : 4)
    return fixedWidth <= scientificWidth
      ? formatted("%.\(decimals)f", value) : formatted("%.\(digits.count - 1)e", value)
  }

  private static func formatted(_ format: String, _ value: Double) -> String {
    withVaList([value]) { arguments in
      var buffer = [CChar](repeating: 0, count: 400)
      let count = vsnprintf(&buffer, buffer.count, format, arguments)
      let used = buffer.prefix(max(0, min(Int(count), buffer.count - 1)))
      return String(decoding: used.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }
}
