// SPDX-License-Identifier: GPL-2.0-or-later

// Eight characters at a time, the first one in the lowest byte of a word.

/// "00000000": the exclusive or with it makes digits of characters.
let zeroDigits: UInt64 = 0x3030_3030_3030_3030

/// A word whose lowest byte with its top bit set is the first byte above 9; zero if there is none.
@inline(__always)
func beyondDigits(_ bytes: UInt64) -> UInt64 {
  (bytes | (bytes &+ 0x7676_7676_7676_7676)) & 0x8080_8080_8080_8080
}

@inline(__always)
func areDigits(_ bytes: UInt64) -> Bool { beyondDigits(bytes) == 0 }

/// The eight digits 0…9 of a number below 10⁸, the first in the lowest byte: taken apart into fours, pairs and digits.
@inline(__always)
func eightDigits(_ number: UInt64) -> UInt64 {
  let fours = number / 10_000 | (number % 10_000) &<< 32
  let hundreds = (fours &* 10_486) &>> 20 & 0x0000_007F_0000_007F  // each four over 100
  let pairs = hundreds | (fours &- 100 &* hundreds) &<< 16
  let tens = (pairs &* 103) &>> 10 & 0x000F_000F_000F_000F  // each pair over 10
  return tens | (pairs &- 10 &* tens) &<< 8
}

/// The number of eight digits 0…9, put together in pairs, fours and eights (Lemire 2018).
@inline(__always)
func numberOfEightDigits(_ digits: UInt64) -> UInt64 {
  let pairs = digits &* 10 &+ digits &>> 8
  let mask: UInt64 = 0x0000_00FF_0000_00FF
  let high = (pairs & mask) &* 0x000F_4240_0000_0064  // · 100 and · 10⁶
  let low = (pairs &>> 16 & mask) &* 0x0000_2710_0000_0001  // · 1 and · 10⁴
  return (high &+ low) &>> 32
}
