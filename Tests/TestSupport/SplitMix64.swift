// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation

/// Random numbers that are the same on every machine, so that failures can be repeated: SplitMix64
/// (Steele, Lea & Flood 2014) and Box–Muller.
package struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// One of 0 … count − 1.
  package mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }

  /// Uniform on (0, 1).
  package mutating func uniform() -> Double { (Double(next() >> 11) + 0.5) / 9_007_199_254_740_992 }

  /// Uniform on (−1, 1).
  package mutating func symmetric() -> Double { Double.random(in: -1..<1, using: &self) }

  /// Of N(0, 1).
  package mutating func normal() -> Double {
    let radius = (-2 * log(uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
  }
}
