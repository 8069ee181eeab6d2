// SPDX-License-Identifier: GPL-2.0-or-later

/// Polynomials as coefficients of Chebyshev polynomials: c[0]T₀ + c[1]T₁ + …
package enum Chebyshev {
  /// T₁(t) … T_degree(t) of every value; Tₖ₊₁ = 2tTₖ − Tₖ₋₁.
  package static func evaluate(_ t: [Double], degree: Int) -> [[Double]] {
    var polynomials = [t]
    for k in 1..<max(degree, 1) {
      let last = polynomials[k - 1]
      let beforeLast = k == 1 ? nil : polynomials[k - 2]
      polynomials.append(
        t.indices.map { 2 * t[$0] * last[$0] - (beforeLast?[$0] ?? 1) })
    }
    return polynomials
  }

  /// TᵢTⱼ = ½(Tᵢ₊ⱼ + T|ᵢ₋ⱼ|)
  package static func multiply(_ a: [Double], _ b: [Double]) -> [Double] {
    var product = [Double](repeating: 0, count: a.count + b.count - 1)
    for i in a.indices {
      for j in b.indices {
        product[i + j] += a[i] * b[j] / 2
        product[abs(i - j)] += a[i] * b[j] / 2
      }
    }
    return product
  }

  /// Coefficients in T of the powers (shift + scale · t)¹ … (…)^degree.
  package static func powers(degree: Int, shift: Double, scale: Double) -> [[Double]] {
    let linear = [shift, scale]
    var result = [linear]
    for _ in 1..<max(degree, 1) { result.append(multiply(result[result.count - 1], linear)) }
    return result
  }

  /// T₀ … T_degree of a·t + b, each as coefficients in T of t.
  package static func composed(degree: Int, a: Double, b: Double) -> [[Double]] {
    let argument = [b, a]
    var result: [[Double]] = [[1], argument]
    for k in 1..<max(degree, 1) {
      var next = multiply(result[k], argument).map { 2 * $0 }
      for i in result[k - 1].indices { next[i] -= result[k - 1][i] }
      result.append(next)
    }
    return Array(result.prefix(degree + 1))
  }
}
