// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import MixedModels

/// Tics of a horizontal axis whose labels have room beside each other.
///
/// gnuplot's own tics do not heed how wide their labels are.
package struct AxisTics {
  /// 1, 2 or 5 times a power of ten.
  package let step: Double
  /// gnuplot's, with as many digits as tell neighbouring tics apart.
  package let format: String
  /// Characters of the widest label.
  package let longest: Int

  /// Tics of low … high, at most `most` of them.
  ///
  /// - Parameters:
  ///   - low: the beginning of the axis.
  ///   - high: its end.
  ///   - width: of the axis, in CSS pixels.
  ///   - character: of a label, in CSS pixels.
  ///   - most: so many tics at most.
  package init(_ low: Double, _ high: Double, width: Double, character: Double = 7.3, most: Int = 8)
  {
    let range = high - low
    guard range > 0, range.isFinite else {
      (step, format, longest) = (1, "%g", 1)
      return
    }
    var candidate = Self.candidate(range, step: Self.nice(range / Double(most)), low)
    while true {
      let isRoomy =
        candidate.step / range * width >= (Double(candidate.longest) + 1.5) * character
      let next = Self.candidate(range, step: Self.nice(candidate.step * 1.5), low)
      // Longer steps could leave no label at all.
      if isRoomy || next.step > range { break }
      candidate = next
    }
    (step, longest) = (candidate.step, candidate.longest)
    format = candidate.digits > 6 ? "%.\(candidate.digits)g" : "%g"
  }

  func set(_ axis: GnuplotCommand, in script: inout GnuplotScript) {
    script.command("set \(axis)tics nomirror \(step)")
    script.command("set format \(axis) \(format)")
  }

  private static func candidate(
    _ range: Double, step: Double, _ low: Double
  ) -> (step: Double, digits: Int, longest: Int) {
    let largest = max(abs(low), abs(low + range))
    let (leading, last) = (exponent(largest), exponent(step))
    let digits = min(max(6, leading - last + 1), 15)
    let first = (low / step).rounded(.up)
    let count = Int(range / step)
    let longest = (0...count).map { length(of: (first + Double($0)) * step, digits: digits) }.max()
    return (step, digits, longest ?? 1)
  }

  /// Of ten, in a value's first digit.
  private static func exponent(_ value: Double) -> Int {
    value > 0 ? Int((log10(value) + 1e-9).rounded(.down)) : 0
  }

  /// The least of 1, 2 and 5 times a power of ten that is not below `value`.
  private static func nice(_ value: Double) -> Double {
    let power = pow(10, log10(value).rounded(.down))
    return power * ([1.0, 2, 5].first { $0 * power >= value * (1 - 1e-9) } ?? 10)
  }

  /// Of what C's `%.*g` makes of a value.
  private static func length(of value: Double, digits: Int) -> Int {
    guard value != 0 else { return 1 }
    let parts = scientificNotation(value, decimals: digits - 1).split(separator: "e")
    let exponent = Int(parts[1]) ?? 0
    let mantissa = String(parts[0].reversed().drop { $0 == "0" }.reversed())
    let significant = mantissa.count { $0.isNumber }
    let sign = value < 0 ? 1 : 0
    if exponent < -4 || exponent >= digits {
      return sign + significant + (significant > 1 ? 1 : 0) + 1 + parts[1].count
    }
    let whole = max(exponent, 0) + 1
    let decimals = max(0, significant - 1 - exponent)
    return sign + whole + (decimals > 0 ? decimals + 1 : 0)
  }
}
