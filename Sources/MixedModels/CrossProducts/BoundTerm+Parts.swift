// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

extension BoundTerm {
  /// Whether this term's variables are among those of `other`, which has more (R's `drop.scope`).
  func isPartOf(_ other: BoundTerm) -> Bool {
    let (factors, numbers) = (Set(factors.map(\.variable)), Set(numbers))
    let (theirFactors, theirNumbers) = (Set(other.factors.map(\.variable)), Set(other.numbers))
    return factors.isSubset(of: theirFactors) && numbers.isSubset(of: theirNumbers)
      && factors.count + numbers.count < theirFactors.count + theirNumbers.count
  }
}
