// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// One of many independent streams of random numbers: xoshiro256++ (Blackman & Vigna 2021, ACM
/// TOMS 47:36).
///
/// A stream is named by (seed, purpose, block), hashed by SplitMix64 (Steele, Lea & Flood 2014)
/// into its state, so that any block can be drawn on any thread, in any order, with the same
/// outcome.
package struct RandomStream: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  package init(seed: UInt64, purpose: UInt64 = 0, block: UInt64 = 0) {
    var key = SplitMix64(state: seed)
    key = SplitMix64(state: key.next() ^ purpose)
    key = SplitMix64(state: key.next() ^ block)
    state = (key.next(), key.next(), key.next(), key.next())
  }

  @inline(__always)
  package mutating func next() -> UInt64 {
    let result = rotated(state.0 &+ state.3, 23) &+ state.0
    let t = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= t
    state.3 = rotated(state.3, 45)
    return result
  }

  /// Uniform on the open interval (0, 1).
  @inline(__always)
  package mutating func uniform() -> Double { (Double(next() >> 12) + 0.5) * 0x1p-52 }

  /// Uniform on 0..<bound, which must be positive (Lemire 2019, ACM TOMACS 29:3).
  @inline(__always)
  package mutating func below(_ bound: UInt64) -> UInt64 {
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let rejected = (0 &- bound) % bound
      while product.low < rejected { product = next().multipliedFullWidth(by: bound) }
    }
    return product.high
  }

  /// Fills with numbers uniform on `range`.
  package mutating func fillUniform(_ values: inout [Double], _ range: ClosedRange<Double>) {
    let (low, width) = (range.lowerBound, range.upperBound - range.lowerBound)
    for i in values.indices { values[i] = low + width * uniform() }
  }

  /// Fills with integers uniform on 0..<bound.
  package mutating func fillBelow(_ bound: Int, _ values: inout [Int32]) {
    for i in values.indices { values[i] = Int32(truncatingIfNeeded: below(UInt64(bound))) }
  }

  /// Fills with standard normal numbers: Marsaglia's polar method, exact up to rounding.
  package mutating func fillNormal(_ values: inout [Double]) {
    var i = 0
    while i < values.count {
      let (a, b) = normalPair()
      values[i] = a
      if i + 1 < values.count { values[i + 1] = b }
      i += 2
    }
  }

  @inline(__always)
  private mutating func normalPair() -> (Double, Double) {
    while true {
      let (a, b) = (2 * uniform() - 1, 2 * uniform() - 1)
      let square = a * a + b * b
      if square < 1, square > 0 {
        let scale = (-2 * log(square) / square).squareRoot()
        return (a * scale, b * scale)
      }
    }
  }
}

private struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

@inline(__always)
private func rotated(_ x: UInt64, _ k: UInt64) -> UInt64 { (x << k) | (x >> (64 - k)) }
