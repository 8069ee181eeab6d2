// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// R's function of that name, of each value.
func apply(_ function: NumericFunction, to x: RowValues) -> RowValues {
  switch function {
  case .log: x.map { log($0) }
  case .exp: x.map { exp($0) }
  case .sqrt: x.map { $0.squareRoot() }
  case .abs: x.map { $0.magnitude }
  case .log2: x.map { log2($0) }
  case .log10: x.map { log10($0) }
  case .log1p: x.map { log1p($0) }
  case .expm1: x.map { expm1($0) }
  case .sin: x.map { sin($0) }
  case .cos: x.map { cos($0) }
  case .tan: x.map { tan($0) }
  case .asin: x.map { asin($0) }
  case .acos: x.map { acos($0) }
  case .atan: x.map { atan($0) }
  case .sinh: x.map { sinh($0) }
  case .cosh: x.map { cosh($0) }
  case .tanh: x.map { tanh($0) }
  case .floor: x.map { $0.rounded(.down) }
  case .ceiling: x.map { $0.rounded(.up) }
  case .trunc: x.map { $0.rounded(.towardZero) }
  case .round: x.map { $0.rounded(.toNearestOrEven) }
  case .sign: x.map { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }
  case .asNumeric: x
  }
}
