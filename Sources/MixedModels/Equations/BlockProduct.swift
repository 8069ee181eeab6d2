// SPDX-License-Identifier: GPL-2.0-or-later

/// a b for m × k and k × n, by columns.
@inline(__always)
func multiplyBlocks(
  _ m: Int, _ k: Int, _ n: Int, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>,
  into product: UnsafeMutablePointer<Double>
) {
  forEachProduct(m, k, n, a, b) { product[$0] = $1 }
}

/// target − a b for m × k and k × n, by columns.
@inline(__always)
func subtractBlockProduct(
  _ m: Int, _ k: Int, _ n: Int, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>,
  from target: UnsafeMutablePointer<Double>
) {
  forEachProduct(m, k, n, a, b) { target[$0] -= $1 }
}

/// The entries of a b with their places, for m × k and k × n by columns.
@inline(__always)
private func forEachProduct(
  _ m: Int, _ k: Int, _ n: Int, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>,
  _ body: (_ place: Int, _ value: Double) -> Void
) {
  for c in 0..<n {
    for r in 0..<m {
      var value = 0.0
      for x in 0..<k { value += a[x * m + r] * b[c * k + x] }
      body(c * m + r, value)
    }
  }
}
