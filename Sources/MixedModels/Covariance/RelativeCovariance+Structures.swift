// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension CovarianceStructure {
  var start: [Double] { parameters.map(\.start) }

  func values(_ φ: ArraySlice<Double>) -> [Double] { zip(parameters, φ).map { $0.value($1) } }

  /// Parameters that may change their signs together, and be zero: a deviation, or the loadings on one
  /// factor, that of the first column foremost.
  var signedColumns: [Range<Int>] {
    var columns: [Range<Int>] = []
    for (k, parameter) in parameters.enumerated() {
      switch parameter {
      case .commonDeviation, .specificDeviation: columns.append(k..<k + 1)
      case .loading(let column, let factor) where column > factor:
        columns[factor] = columns[factor].lowerBound..<k + 1
      case .loading: columns.append(k..<k + 1)
      default: break
      }
    }
    return columns
  }

  /// λ at coordinates φ.
  func working(_ φ: ArraySlice<Double>) -> DenseMatrix { factor(values(φ)) }

  /// ∂λ/∂φ_k, as `slopes`.
  func workingSlopes(_ φ: ArraySlice<Double>) -> [DenseMatrix] {
    zip(slopes(values(φ)), zip(parameters, φ)).map { $1.0.slope($1.1) * $0 }
  }

  /// ∂f/∂φ from C = ∂f/∂λ, f a function of λλᵀ.
  func gradient(_ C: DenseMatrix, at φ: ArraySlice<Double>) -> [Double] {
    workingSlopes(φ).map { dot(C.storage, $0.storage) }
  }

  /// λλᵀ's derivatives in φ, each symmetric.
  func covarianceSlopes(_ φ: ArraySlice<Double>) -> [DenseMatrix] {
    let λ = working(φ)
    return workingSlopes(φ).map { slope in
      let half = slope * λ.transposed
      return half + half.transposed
    }
  }
}

extension RelativeCovariance.Block {
  /// The gradient in the block's φ from the derivative in the entries of λ, and from those in the entries of
  /// Q where that has parameters.
  func gradient(
    _ C: DenseMatrix, _ ofLevels: PrecisionSlopes?, at φ: ArraySlice<Double>, residualWeight w: Double
  ) -> [Double] {
    guard let structure else { return entries(C) }
    let own = structure.gradient(C, at: φ)
    guard let ofLevels, structure.hasLevelParameters else { return own }
    let values = structure.precisionGradient(structure.values(φ), ofLevels, residualWeight: w)
    return own.indices.map { k in
      own[k] + values[k] * structure.parameters[k].slope(φ[φ.startIndex + k])
    }
  }

  /// θ of a structured block: standard deviations relative to σ in the columns' own units, and
  /// correlations; nil for others.
  func structuredTheta(_ φ: [Double], _ next: inout Int) -> [Double]? {
    guard let structure else { return nil }
    defer { next += parameterCount }
    let θ = structure.theta(structure.values(φ[next..<next + parameterCount]))
    return zip(structure.parameters, θ).map { parameter, value in
      (parameter.isUnsigned ? abs(value) : value) / unit(of: parameter)
    }
  }

  /// The block's φ for its θ; nil for an unstructured one.
  ///
  /// Numbers that are no θ (`problem`) give some φ.
  func structuredCoordinates(_ θ: [Double], _ next: inout Int) -> [Double]? {
    guard let structure else { return nil }
    defer { next += parameterCount }
    let own = zip(structure.parameters, θ[next...]).map { $1 * unit(of: $0) }
    let values = (try? structure.values(theta: own)) ?? own
    return zip(structure.parameters, values).map { $0.coordinate($1) }
  }

  /// The gradient in the block's θ from the one in its φ.
  func structuredThetaGradient(_ slopes: [Double], at φ: [Double]) -> [Double] {
    guard let structure else { return slopes }
    let J = structure.thetaSlopes(structure.values(φ[...]))
    var rest = zip(slopes, zip(structure.parameters, φ)).map { $0 / $1.0.slope($1.1) }
    for k in rest.indices.reversed() {  // Jᵀg = rest, J lower triangular
      for i in (k + 1)..<max(rest.count, k + 1) { rest[k] -= J[i, k] * rest[i] }
      rest[k] /= J[k, k]
    }
    return zip(rest, structure.parameters).map { $0 * unit(of: $1) }
  }

  /// Why the block's θ is that of no covariance matrix; nil where it is.
  func problem(theta θ: ArraySlice<Double>, names: ArraySlice<String>) -> String? {
    guard let structure else { return nil }
    for (parameter, (value, name)) in zip(structure.parameters, zip(θ, names)) {
      if let problem = parameter.problem(value) { return "\(name) is \(value), and \(problem)" }
    }
    do throws(StructureProblem) {
      _ = try structure.values(theta: zip(structure.parameters, θ).map { $1 * unit(of: $0) })
      return nil
    } catch {
      return "\(names.last ?? ""): \(error.reason). \(error.remedy)"
    }
  }

  /// Whether θ has the same places for both.
  func hasForm(of other: RelativeCovariance.Block) -> Bool {
    (structure == nil) == (other.structure == nil) && thetaCount == other.thetaCount
  }

  /// Correlations between levels, among the structure's parameters.
  var levelCorrelations: [Int] {
    (structure?.parameters ?? []).enumerated().filter { $1.isLevelCorrelation }.map(\.offset)
  }

  /// Working columns are reported ones divided by this; 1 for what has no column's unit.
  func unit(of parameter: StructureParameter) -> Double {
    parameter.column.map(size(ofColumn:)) ?? 1
  }
}

extension RelativeCovariance {
  /// Points that differ from φ in a correlation of the term whose standard deviation is at a place: where
  /// that is zero they are the same model, but not the same way out of it.
  func turned(_ φ: [Double], beside place: Int) -> [[Double]] {
    zip(blocks, blockRanges).filter { $1.contains(place) }.flatMap { block, range in
      zip(range, block.structure?.parameters ?? []).flatMap { k, parameter in
        parameter.isDeviation
          ? []
          : [-4.0, -1, 1, 4].map { coordinate in
            var turned = φ
            turned[k] = coordinate
            return turned
          }
      }
    }
  }

  /// Why numbers are no θ; nil where they are.
  func problem(theta θ: [Double], names: [String]) -> String? {
    var next = 0
    for block in blocks {
      let range = next..<next + block.thetaCount
      if let problem = block.problem(theta: θ[range], names: names[range]) { return problem }
      next = range.upperBound
    }
    return residual?.problem(θ[next...])
  }
}

extension RelativeCovariance {
  /// φ with every standard deviation and loading so many times as large.
  func stretched(_ φ: [Double], by factor: Double) -> [Double] {
    var changed = φ
    for (block, range) in zip(blocks, blockRanges) {
      guard let structure = block.structure else {
        for k in range { changed[k] *= factor }
        continue
      }
      for (k, parameter) in zip(range, structure.parameters) where parameter.isDeviation {
        changed[k] = parameter.coordinate(factor * parameter.value(φ[k]))
      }
    }
    return changed
  }

  /// The largest standard deviation or loading of a structured block, relative to σ.
  func largestDeviation(of block: Int, _ φ: [Double]) -> Double {
    zip(blockRanges[block], blocks[block].structure?.parameters ?? []).reduce(0) { largest, next in
      next.1.isDeviation ? max(largest, abs(next.1.value(φ[next.0]))) : largest
    }
  }
}

extension RelativeCovariance.Block {
  /// The root mean square of a reported column, each row divided by √(1/w).
  func size(ofColumn j: Int) -> Double { dot(R.column(j), R.column(j)).squareRoot() }
}
