// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// How V = Σ γ_rG_r moves with the parameters ψ of structured terms: its derivatives by way of the elements
/// γ_r of the terms' covariance matrices and σ², which is last in both.
///
/// ψ are the coordinates φ of terms with a structure, and the elements of others; whatever is made from
/// the derivatives here does not depend on the choice of coordinates. Parameters of the residuals stand behind
/// them, each an element of its own; their second derivatives are elements that no parameter moves.
struct ParameterDirections {
  /// ∂γ_r/∂ψ_k, elements × parameters.
  let slopes: DenseMatrix
  fileprivate let blocks: [Part]
  /// Parameters of the residuals.
  private let residualCount: Int

  /// Of one term: its first element, its first parameter, and φ.
  fileprivate struct Part {
    let element: Int
    let parameter: Int
    let structure: any CovarianceStructure
    let φ: [Double]
  }

  /// nil where the elements themselves are the parameters.
  init?(_ covariance: RelativeCovariance, _ φ: [Double]) {
    residualCount = covariance.residual?.names.count ?? 0
    guard residualCount > 0 || covariance.blocks.contains(where: { $0.structure != nil }) else { return nil }
    let ofBlocks = covariance.blocks.reduce(0) { $0 + $1.rank * ($1.rank + 1) / 2 }
    let elementCount = ofBlocks + residualCount * (residualCount + 3) / 2
    let parameterCount = covariance.blocks.reduce(residualCount) { $0 + $1.parameterCount }
    var J = DenseMatrix(rows: elementCount + 1, columns: parameterCount + 1)
    J[elementCount, parameterCount] = 1
    var (element, parameter): (Int, Int) = (0, 0)
    var parts: [Part] = []
    for (block, range) in zip(covariance.blocks, covariance.blockRanges) {
      if let structure = block.structure {
        let own = structure.insideBoundary(φ[range])
        parts.append(Part(element: element, parameter: parameter, structure: structure, φ: own))
        for (k, slope) in structure.covarianceSlopes(own[...]).enumerated() {
          for (r, value) in slope.lowerElements.enumerated() { J[element + r, parameter + k] = value }
        }
      } else {
        for k in 0..<block.parameterCount { J[element + k, parameter + k] = 1 }
      }
      element += block.rank * (block.rank + 1) / 2
      parameter += block.parameterCount
    }
    for k in 0..<residualCount { J[element + k, parameter + k] = 1 }
    (slopes, blocks) = (J, parts)
  }

  /// Σ_kl W_kl ∂²γ_r/∂ψ_k∂ψ_l of every element, by extrapolated differences of the slopes.
  func curvature(_ W: DenseMatrix) -> [Double] {
    var sums = [Double](repeating: 0, count: slopes.rows)
    for block in blocks {
      for k in block.φ.indices {
        let weights = block.φ.indices.map { W[block.parameter + k, block.parameter + $0] }
        guard weights.contains(where: { $0 != 0 }) else { continue }
        let h = 1e-3 * block.structure.parameters[k].unit(block.φ[k])
        let (near, far) = (block.change(k, h, weights), block.change(k, 2 * h, weights))
        for r in near.indices { sums[block.element + r] += (4 * near[r] - far[r]) / 3 }
      }
    }
    // The elements of the second derivatives end before σ².
    let (last, first) = (slopes.rows - 1, slopes.columns - 1 - residualCount)
    var element = last - residualCount * (residualCount + 1) / 2
    for k in 0..<residualCount {
      for l in 0...k {
        sums[element] = (k == l ? 1 : 2) * W[first + k, first + l]
        element += 1
      }
    }
    return sums
  }
}

extension ParameterDirections.Part {
  /// The central difference in φ_k of Σ_l w_l ∂γ/∂φ_l.
  func change(_ k: Int, _ h: Double, _ weights: [Double]) -> [Double] {
    func weighted(_ step: Double) -> [Double] {
      var moved = φ
      moved[k] += step
      var sum = [Double](repeating: 0, count: structure.size * (structure.size + 1) / 2)
      for (weight, slope) in zip(weights, structure.covarianceSlopes(moved[...])) {
        for (r, value) in slope.lowerElements.enumerated() { sum[r] += weight * value }
      }
      return sum
    }
    return zip(weighted(h), weighted(-h)).map { ($0 - $1) / (2 * h) }
  }
}

extension CovarianceStructure {
  /// φ with standard deviations that are not zero, where V would not move with them: their variances have
  /// information as others have.
  fileprivate func insideBoundary(_ φ: ArraySlice<Double>) -> [Double] {
    zip(parameters, φ).map { parameter, value in
      guard parameter.isUnsigned else { return value }
      let least = parameter.coordinate(Self.leastDeviation)
      if case .deviation = parameter { return max(value, least) }
      return abs(value) < least ? least : value
    }
  }

  private static var leastDeviation: Double { 1e-3 }
}

extension DenseMatrix {
  /// The lower triangle by columns, in the order of `CovarianceParameter`s.
  fileprivate var lowerElements: [Double] {
    (0..<columns).flatMap { j in (j..<rows).map { self[$0, j] } }
  }
}
