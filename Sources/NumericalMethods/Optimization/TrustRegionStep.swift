// SPDX-License-Identifier: GPL-2.0-or-later

/// The step s that minimizes gᵀs + ½ sᵀHs over ‖s / units‖ ≤ radius.
///
/// By the eigenvectors of H in the given units, so H may have negative eigenvalues or none at all
/// (Conn, Gould & Toint 2000, Trust-Region Methods, 7.3): s = −(H + λI)⁻¹g with the smallest
/// λ ≥ 0 that makes H + λI positive semidefinite and the step short enough.
package struct TrustRegionStep {
  package let step: [Double]
  /// −(gᵀs + ½ sᵀHs) ≥ 0
  package let predictedDecrease: Double
  /// ‖s / units‖
  package let length: Double

  package init(gradient: [Double], hessian: DenseMatrix, units: [Double], radius: Double) {
    let n = gradient.count
    var scaled = hessian
    for j in 0..<n { for i in 0..<n { scaled[i, j] *= units[i] * units[j] } }
    let (values, vectors) = symmetricEigenvectors(scaled)
    let g = vectors.multipliedByTransposeOnLeft(zip(gradient, units).map { $0 * $1 })
    let coordinates = Self.coordinates(g, values, radius)
    var decrease = 0.0
    for k in 0..<n { decrease -= coordinates[k] * (g[k] + 0.5 * values[k] * coordinates[k]) }
    predictedDecrease = decrease
    length = euclideanNorm(coordinates)
    step = zip(vectors * coordinates, units).map { $0 * $1 }
  }

  /// The step in the basis of the eigenvectors.
  private static func coordinates(_ g: [Double], _ values: [Double], _ radius: Double) -> [Double] {
    let least = values.first ?? 0
    let flat = 1e-14 * max(abs(values.last ?? 0), abs(least))
    func step(_ λ: Double) -> [Double] {
      zip(g, values).map { $0 == 0 ? 0 : -$0 / ($1 + λ) }
    }
    if least > flat {
      let newton = step(0)
      if euclideanNorm(newton) <= radius { return newton }
    }
    // Where g has nothing along the least eigenvectors, the limit at λ = −least may be too short:
    // it is lengthened along the first.
    let floor = max(0, -least)
    let limit = zip(g, values).map { abs($1 + floor) <= flat ? 0 : -$0 / ($1 + floor) }
    let hidden = zip(g, values).allSatisfy { abs($1 + floor) > flat || abs($0) <= 1e-300 }
    let length = euclideanNorm(limit)
    if hidden, length <= radius {
      guard least < -flat else { return limit }
      var longer = limit
      longer[0] = (radius * radius - length * length).squareRoot()
      return longer
    }
    var (low, high) = (floor, floor + euclideanNorm(g) / radius + flat)
    for _ in 0..<200 where high - low > 1e-12 * high {
      let middle = 0.5 * (low + high)
      if euclideanNorm(step(middle)) > radius { low = middle } else { high = middle }
    }
    return step(high)
  }
}
