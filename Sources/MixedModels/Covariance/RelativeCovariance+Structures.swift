// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension CovarianceStructure {
  /// λ at coordinates φ.
  func working(_ φ: ArraySlice<Double>) -> DenseMatrix {
    factor(zip(parameters, φ).map { $0.value($1) })
  }

  /// The lower triangle of λ by columns, differentiated in φ.
  func jacobian(_ φ: ArraySlice<Double>) -> DenseMatrix {
    let entries = (0..<size).flatMap { j in (j..<size).map { ($0, j) } }
    var J = DenseMatrix(rows: entries.count, columns: parameters.count)
    for (a, (i, j)) in entries.enumerated() {
      var unit = DenseMatrix(rows: size, columns: size)
      unit[i, j] = 1
      for (k, slope) in gradient(unit, at: φ).enumerated() { J[a, k] = slope }
    }
    return J
  }

  /// ∂f/∂φ from C = ∂f/∂λ.
  func gradient(_ C: DenseMatrix, at φ: ArraySlice<Double>) -> [Double] {
    let slopes = pullback(C, at: zip(parameters, φ).map { $0.value($1) })
    return zip(slopes, zip(parameters, φ)).map { $0 * $1.0.slope($1.1) }
  }
}

extension RelativeCovariance.Block {
  /// The gradient in the block's φ from the derivative in the entries of λ.
  func gradient(_ C: DenseMatrix, at φ: ArraySlice<Double>) -> [Double] {
    structure?.gradient(C, at: φ) ?? entries(C)
  }

  /// θ of a structured block: standard deviations relative to σ in the columns' own units, and
  /// correlations; nil for others.
  func structuredTheta(_ φ: [Double], _ next: inout Int) -> [Double]? {
    guard let structure else { return nil }
    defer { next += parameterCount }
    return structure.parameters.enumerated().map { k, parameter in
      let value = parameter.value(φ[next + k])
      return parameter.isDeviation ? abs(value) / unit(of: parameter) : value
    }
  }

  /// The block's φ for its θ; nil for an unstructured one.
  func structuredCoordinates(_ θ: [Double], _ next: inout Int) -> [Double]? {
    guard let structure else { return nil }
    defer { next += parameterCount }
    return structure.parameters.enumerated().map { k, parameter in
      parameter.coordinate(
        parameter.isDeviation ? θ[next + k] * unit(of: parameter) : θ[next + k])
    }
  }

  /// dθ/dφ.
  func structuredThetaSlopes(_ φ: [Double]) -> [Double] {
    zip(structure?.parameters ?? [], φ).map { parameter, φ in
      parameter.slope(φ) / (parameter.isDeviation ? unit(of: parameter) : 1)
    }
  }

  /// Working columns are reported ones divided by this.
  private func unit(of parameter: StructureParameter) -> Double {
    if case .deviation(let column) = parameter { R[column, column] } else { R[0, 0] }
  }
}
