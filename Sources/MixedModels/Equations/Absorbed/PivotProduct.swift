// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// log Π of many pivots, each ≥ 1 but for rounding, as mantissa · 2^exponent and eight products at
/// a time: one logarithm for all of them, and an error smaller than that of a sum of logarithms.
struct PivotProduct {
  private var mantissa = SIMD8<Double>(repeating: 1)
  private var exponent = SIMD8<UInt64>(repeating: 0)
  private var sum = SIMD8<Double>(repeating: 0)
  private var signs = SIMD8<UInt64>(repeating: 0)

  @inline(__always)
  mutating func multiply(_ factor: SIMD8<Double>) {
    let bits = unsafeBitCast(mantissa * factor, to: SIMD8<UInt64>.self)
    exponent &+= (bits &>> FloatBits.fractionWidth) &- FloatBits.bias
    mantissa = unsafeBitCast(bits & FloatBits.fraction | FloatBits.one, to: SIMD8<Double>.self)
    sum += factor
    signs |= bits
  }

  /// Calls `body` with mantissa, exponent, sum and signs, eight numbers each, for loops in C.
  mutating func withNumbers(_ body: (UnsafeMutablePointer<Double>) -> Void) {
    withUnsafeMutableBytes(of: &self) { bytes in
      precondition(bytes.count == 256)
      body(bytes.baseAddress!.assumingMemoryBound(to: Double.self))
    }
  }

  /// NaN if a factor was negative or not finite.
  var logarithm: Double {
    guard sum.sum().isFinite, (0..<8).allSatisfy({ signs[$0] & FloatBits.sign == 0 }) else {
      return .nan
    }
    var total = 0.0
    for lane in 0..<8 { total += log(mantissa[lane]) }
    return total + Double(Int64(bitPattern: exponent.wrappedSum())) * FloatBits.ln2
  }
}

/// The same, one product at a time.
struct ScalarPivotProduct {
  private var mantissa = 1.0
  private var exponent: UInt64 = 0
  private var sum = 0.0
  private var signs: UInt64 = 0

  @inline(__always)
  mutating func multiply(_ factor: Double) {
    let bits = (mantissa * factor).bitPattern
    exponent &+= (bits &>> FloatBits.fractionWidth) &- FloatBits.bias
    mantissa = Double(bitPattern: bits & FloatBits.fraction | FloatBits.one)
    sum += factor
    signs |= bits
  }

  /// NaN if a factor was negative or not finite.
  var logarithm: Double {
    guard sum.isFinite, signs & FloatBits.sign == 0 else { return .nan }
    return log(mantissa) + Double(Int64(bitPattern: exponent)) * FloatBits.ln2
  }
}

/// The parts of a double (IEEE 754).
private enum FloatBits {
  static let fractionWidth: UInt64 = 52
  static let fraction: UInt64 = 1 << 52 - 1
  static let sign: UInt64 = 1 << 63
  static let bias: UInt64 = 1023
  static let one: UInt64 = 1023 << 52
  static let ln2 = 0.693147180559945309417232121458
}
