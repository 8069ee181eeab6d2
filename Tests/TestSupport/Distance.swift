// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

/// max |a − b|, infinite if the shapes differ or anything is NaN.
package func distance(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).map { abs($0 - $1) }.reduce(0) { $1.isNaN ? .infinity : max($0, $1) }
}

package func distance(_ a: DenseMatrix, _ b: DenseMatrix) -> Double {
  a.rows == b.rows ? distance(a.storage, b.storage) : .infinity
}
