// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// G, the inverse of the core's leading block, where it is needed: at the rows that levels have in
/// common.
enum CoreInverse {
  /// The lower triangle by columns.
  case dense(UnsafePointer<Double>, stride: Int)
  case sparse(InverseSubset)

  /// For i ≥ j.
  func entry(_ i: Int, _ j: Int) -> Double {
    switch self {
    case .dense(let start, let stride): start[j * stride + i]
    // Two levels that a leading level occurs with are neighbours in the core.
    case .sparse(let subset): subset.lookup(i, j)!
    }
  }

  /// The block of `count` scalars from `first` on, symmetric, by columns.
  func block(_ first: Int, _ count: Int) -> [Double] {
    var block = [Double](repeating: 0, count: count * count)
    for j in 0..<count {
      for i in j..<count {
        let value = entry(first + i, first + j)
        block[j * count + i] = value
        block[i * count + j] = value
      }
    }
    return block
  }

  /// Column c from the diagonal on, indexed by rows. `dense` is zero, of the core's size, and zero
  /// again afterwards.
  @inline(__always)
  func withColumn(
    _ c: Int, _ dense: UnsafeMutablePointer<Double>, _ body: (UnsafePointer<Double>) -> Void
  ) {
    switch self {
    case .dense(let start, let stride): body(start + c * stride)
    case .sparse(let subset):
      subset.scatter(column: c, into: dense)
      body(dense)
      subset.clear(column: c, in: dense)
    }
  }
}
