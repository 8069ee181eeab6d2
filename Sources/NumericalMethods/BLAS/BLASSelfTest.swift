// SPDX-License-Identifier: GPL-2.0-or-later

/// Products and factorizations of the BLAS in use, held against plain loops.
///
/// Kernels have been wrong on processors that came after them. Matrices of many odd shapes go through
/// each routine that the fits call, at the edges of tiles and beyond the sizes at which kernels
/// divide their work. A result R is compared by what it does to random vectors v: of C = AB, Cv and A(Bv) must
/// agree. That takes loops over numbers no more than there are in the matrices, and an error in one element
/// cannot hide.
package struct BLASSelfTest {
  /// Rounding of well-conditioned systems of some hundred rows stays below by a factor of a thousand.
  private static let tolerance = 1e-10
  /// Orders of square matrices: below, at and above the widths of vectors, tiles and LAPACK's blocks.
  static let orders = [1, 2, 3, 5, 8, 13, 17, 24, 31, 33, 65, 100, 131]
  /// Rows, columns and inner sizes of products.
  static let shapes =
    zip(orders, zip(orders.dropFirst(3) + orders.prefix(3), orders.dropFirst(7) + orders.prefix(7)))
    .map { ($0, $1.0, $1.1) } + [(131, 97, 103), (9, 11, 517), (530, 7, 19), (5, 530, 33)]

  var numbers = UniformNumbers()
  /// The routine that was wrong first, with the sizes.
  package private(set) var difference: String?

  package init() {}

  /// The name of the first routine whose result differs, with the sizes; nil if all agree.
  package static func firstDifference() -> String? {
    var test = BLASSelfTest()
    for n in [1, 2, 3, 7, 8, 15, 16, 31, 33, 67, 260] { test.checkVectors(n) }
    for shape in shapes { test.checkProducts(shape) }
    for n in orders {
      test.checkSymmetricProducts(n)
      test.checkTriangles(n)
      test.checkFactorizations(n)
    }
    return test.difference
  }

  /// Notes the routine unless the two agree, number by number; NaN never does.
  package mutating func expect(
    _ result: [Double], _ expected: [Double], _ routine: String, _ sizes: Int...
  ) {
    guard difference == nil else { return }
    let scale = expected.reduce(1) { max($0, abs($1)) }
    let agrees = zip(result, expected).allSatisfy { abs($0 - $1) <= Self.tolerance * scale }
    if !agrees || result.count != expected.count {
      difference = "\(routine) of \(sizes.map(String.init).joined(separator: " × "))"
    }
  }

  /// Notes the routine where it wrote into what is not its own.
  mutating func expectIntact(_ matrix: PaddedMatrix, _ routine: String, _ sizes: Int...) {
    guard difference == nil, !matrix.isPaddingIntact else { return }
    difference =
      "\(routine) of \(sizes.map(String.init).joined(separator: " × ")), which wrote beyond its result"
  }
}
