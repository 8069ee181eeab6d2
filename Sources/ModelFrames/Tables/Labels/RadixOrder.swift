// SPDX-License-Identifier: GPL-2.0-or-later

/// The indices of `keys` in ascending order of the keys, equal keys in their given order.
///
/// A radix sort from the low digits up that skips digits all keys share: time is linear in the
/// number of keys, and in the bits that differ. Fewer than 2³² keys.
package func radixOrder(_ keys: [UInt64]) -> [UInt32] {
  let count = keys.count
  precondition(count <= UInt32.max, "too many keys for one sort")
  guard let first = keys.first else { return [] }
  var differing: UInt64 = 0
  var isSorted = true
  var previous = first
  for key in keys {
    differing |= key ^ first
    if key < previous { isSorted = false }
    previous = key
  }
  var order = [UInt32](0..<UInt32(count))
  if isSorted { return order }
  if count <= 128 {
    order.sort { (keys[Int($0)], $0) < (keys[Int($1)], $1) }
    return order
  }
  let digits = radixDigits(differing, count: count)
  var (from, to) = (keys, [UInt64](repeating: 0, count: digits.count > 1 ? count : 0))
  var scattered = [UInt32](repeating: 0, count: count)
  for (pass, digit) in digits.enumerated() {
    scatter(
      digit, keys: from, order: order, toKeys: &to, toOrder: &scattered,
      movesKeys: pass + 1 < digits.count)
    swap(&from, &to)
    swap(&order, &scattered)
    if pass == 0 {  // `to` is the caller's now
      to = [UInt64](repeating: 0, count: digits.count > 2 ? count : 0)
    }
  }
  return order
}

private struct Digit {
  var shift: UInt64
  var bits: UInt64
}

/// Digits that cover all differing bits, lowest first.
private func radixDigits(_ differing: UInt64, count: Int) -> [Digit] {
  let widest: UInt64 = count < 1 << 12 ? 8 : 11
  var digits: [Digit] = []
  var rest = differing
  var shift: UInt64 = 0
  while rest != 0 {
    let skipped = UInt64(rest.trailingZeroBitCount)
    shift += skipped
    rest >>= skipped
    digits.append(Digit(shift: shift, bits: widest))
    rest = rest >> widest
    shift += widest
  }
  return digits
}

/// One stable pass by one digit.
private func scatter(
  _ digit: Digit, keys: [UInt64], order: [UInt32], toKeys: inout [UInt64],
  toOrder: inout [UInt32], movesKeys: Bool
) {
  let mask: UInt64 = 1 << digit.bits - 1
  var next = [Int](repeating: 0, count: 1 << Int(digit.bits))
  for key in keys { next[Int(key >> digit.shift & mask)] += 1 }
  var sum = 0
  for value in next.indices {
    let frequency = next[value]
    next[value] = sum
    sum += frequency
  }
  next.withUnsafeMutableBufferPointer { next in
    toKeys.withUnsafeMutableBufferPointer { toKeys in
      toOrder.withUnsafeMutableBufferPointer { toOrder in
        for i in keys.indices {
          let key = keys[i]
          let value = Int(key >> digit.shift & mask)
          let target = next[value]
          next[value] = target + 1
          if movesKeys { toKeys[target] = key }
          toOrder[target] = order[i]
        }
      }
    }
  }
}
