// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The number as R's `as.character` writes a double: as many digits as its first 15 need, in
/// fixed notation unless scientific notation is shorter.
package func numberLabel(_ value: Double) -> String {
  if value == 0 { return "0" }
  guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "Inf" }
  let scientific = printed("%.14e", value.magnitude)  // d.dddddddddddddde±xx
  let e = scientific.firstIndex(of: "e")!
  let exponent = Int(scientific[scientific.index(after: e)...])!
  var mantissa = scientific[..<e]
  while mantissa.last == "0" { mantissa.removeLast() }
  if mantissa.last == "." { mantissa.removeLast() }
  let digits = mantissa.utf8.count == 1 ? 1 : mantissa.utf8.count - 1
  let decimals = max(0, digits - 1 - exponent)  // in fixed notation
  let fixedWidth = max(exponent, 0) + 1 + (decimals > 0 ? decimals + 1 : 0)
  let sign = value < 0 ? "-" : ""
  if fixedWidth > mantissa.utf8.count + scientific[e...].utf8.count {
    return sign + mantissa + scientific[e...]
  }
  return sign + printed("%.\(decimals)f", value.magnitude)
}

/// `printf` of one double with a format of few digits.
private func printed(_ format: String, _ value: Double) -> String {
  var buffer = [CChar](repeating: 0, count: 64)
  let count = withVaList([value]) { vsnprintf(&buffer, buffer.count, format, $0) }
  return String(decoding: buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
