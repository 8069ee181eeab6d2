// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

/// θ ↔ Λ: the free entries of every term's lower triangular relative covariance factor λ.
///
/// The optimizer does not see θ but φ, the same triangle for the term's working columns
/// (orthonormal, unit mean
/// square): there all entries are of one size and one meaning, whatever the units and centring of
/// the covariates.
/// For an unstructured covariance any linear change of columns leaves the family of models as it
/// is; a diagonal one
/// only allows scaling.
package struct RelativeCovariance: Sendable {
  /// One lower triangular block λ.
  package struct Block: Sendable {
    /// Index of the group, and the block's first column among the group's.
    package let group: Int
    package let offset: Int
    package let size: Int
    /// Reported columns = working columns · R, size × size, upper triangular; with its columns in
    /// another order where the data do not determine all effects (`rank`).
    let R: DenseMatrix
    /// The leading working columns that have effects; the others, of which the data say nothing, have
    /// none, and rows of zeros in λ.
    let rank: Int
    /// What λ may be; nil where it may be any lower triangle. R is then diagonal.
    let structure: (any CovarianceStructure)?

    init(
      group: Int, offset: Int, size: Int, R: DenseMatrix, rank: Int? = nil,
      structure: (any CovarianceStructure)? = nil
    ) {
      (self.group, self.offset, self.size, self.R) = (group, offset, size, R)
      (self.rank, self.structure) = (rank ?? size, structure)
    }

    /// Entries among φ.
    var parameterCount: Int { structure?.parameters.count ?? rank * (rank + 1) / 2 }

    /// Entries among θ.
    var thetaCount: Int { structure?.parameters.count ?? size * (size + 1) / 2 }

    /// λ for the working columns, size × size, from the block's entries of φ.
    func working(_ φ: [Double], _ next: inout Int) -> DenseMatrix {
      if let structure {
        defer { next += parameterCount }
        return structure.working(φ[next..<next + parameterCount])
      }
      var λ = DenseMatrix(rows: size, columns: size)
      for j in 0..<rank {
        for i in j..<rank {
          λ[i, j] = φ[next]
          next += 1
        }
      }
      return λ
    }

    /// The entries of λ that are free, of an unstructured block.
    func entries(_ λ: DenseMatrix) -> [Double] {
      (0..<rank).flatMap { j in (j..<rank).map { λ[$0, j] } }
    }
  }
  package let blocks: [Block]
  /// Columns of each group.
  let groupSizes: [Int]
  /// Of the residuals, whose parameters stand behind those of the blocks in φ and θ; nil where they are
  /// independent and of one variance.
  var residual: (any ResidualStructure)?
  /// From which σ follows; nil where σ is estimated, or known itself.
  var knownDeviation: KnownDeviation? = nil

  package var parameterCount: Int { blockParameterCount + (residual?.names.count ?? 0) }

  /// Of Λ alone.
  private var blockParameterCount: Int { blocks.reduce(0) { $0 + $1.parameterCount } }

  /// The residual's entries of φ.
  func residualCoordinates(_ φ: [Double]) -> ArraySlice<Double> { φ[blockParameterCount...] }

  /// Strata of the residual variance with their entries of φ; nil where there is one variance.
  func strata(_ φ: [Double]) -> (structure: VarianceStrata, coordinates: ArraySlice<Double>)? {
    residual?.strata.map { ($0, residualCoordinates(φ).prefix($0.names.count)) }
  }

  /// The largest residual standard deviation of a stratum relative to σ; 1 where there is one variance.
  func largestRatio(_ φ: [Double]) -> Double {
    strata(φ).map { $0.structure.values($0.coordinates).reduce(1, max) } ?? 1
  }

  /// How residuals are correlated in time with its entry of φ; nil where they are independent.
  func serial(_ φ: [Double]) -> (structure: SerialCorrelation, coordinates: ArraySlice<Double>)? {
    residual?.serial.map { ($0, φ.suffix(1)) }
  }

  /// See `ResidualStructure.held`.
  func heldCoordinates(_ φ: [Double]) -> [Int] {
    residual?.held(residualCoordinates(φ)).map { blockParameterCount + $0 } ?? []
  }

  /// Whether the parameters are the elements of the terms' covariance matrices, in which V is linear.
  package var isUnstructured: Bool {
    residual == nil && blocks.allSatisfy { $0.structure == nil } && knownDeviation == nil
  }

  /// Every block's entries among φ.
  var blockRanges: [Range<Int>] {
    var next = 0
    return blocks.map { block in
      defer { next += block.parameterCount }
      return next..<(next + block.parameterCount)
    }
  }

  /// Every column of every block among φ, the diagonal entry first: what may change its sign, and be
  /// zero, as a whole. Of a structured block what has a sign that means nothing.
  package var columnRanges: [Range<Int>] { blockColumns.flatMap(\.self) }

  /// The same block by block.
  var blockColumns: [[Range<Int>]] {
    zip(blocks, blockRanges).map { block, range in
      var next = range.lowerBound
      if let structure = block.structure {
        return structure.signedColumns.map { next + $0.lowerBound..<next + $0.upperBound }
      }
      return (0..<block.rank).map { j in
        defer { next += block.rank - j }
        return next..<(next + block.rank - j)
      }
    }
  }

  /// Every row of every λ without a structure among φ, whose length is a standard deviation.
  var rowEntries: [[Int]] {
    zip(blocks, blockColumns).flatMap { block, columns -> [[Int]] in
      guard block.structure == nil else { return [] }
      return columns.indices.map { i in (0...i).map { j in columns[j].lowerBound + i - j } }
    }
  }

  /// See `StructureParameter`.
  static let smallestUnit = StructureParameter.smallestUnit

  /// The size of every coordinate: the relative standard deviation of its random effect, which is
  /// the length of its row of λ, or a twentieth.
  func units(at φ: [Double]) -> [Double] {
    zip(blocks, blockRanges).flatMap { block, range in
      if let structure = block.structure {
        return zip(structure.parameters, φ[range]).map { $0.unit($1) }
      }
      let rows = (0..<block.rank).flatMap { Array($0..<block.rank) }
      var squares = [Double](repeating: 0, count: block.rank)
      for (k, row) in zip(range, rows) { squares[row] += φ[k] * φ[k] }
      return rows.map { max(squares[$0].squareRoot(), Self.smallestUnit) }
    } + (residual?.names ?? []).map { _ in 1 }
  }

  /// φ at which all working columns have relative variance 1 and no covariance.
  package var identity: [Double] {
    blocks.flatMap { block in
      block.structure?.start
        ?? (0..<block.rank).flatMap { j in (j..<block.rank).map { $0 == j ? 1 : 0 } }
    } + (residual?.start ?? [])
  }

  /// lme4's start: all reported columns have relative variance 1 and no covariance.
  var identityTheta: [Double] {
    blocks.flatMap { block in
      block.structure.map { structure in
        structure.theta(structure.values(structure.start[...]))
      } ?? Self.entries(.identity(block.size))
    } + (residual.map { $0.values($0.start[...]) } ?? [])
  }

  /// Writes Λ's block for a level of every group, ℓ × ℓ column-major, lower triangular.
  package func factors(_ φ: [Double], into factors: inout [[Double]]) {
    var next = 0
    for block in blocks {
      let size = groupSizes[block.group]
      if block.structure != nil {
        let λ = block.working(φ, &next)
        for j in 0..<block.size {
          for i in j..<block.size {
            factors[block.group][(block.offset + j) * size + block.offset + i] = λ[i, j]
          }
        }
        continue
      }
      for j in 0..<block.rank {
        for i in j..<block.rank {
          factors[block.group][(block.offset + j) * size + block.offset + i] = φ[next]
          next += 1
        }
      }
    }
  }

  package var emptyFactors: [[Double]] { groupSizes.map { Array(repeating: 0, count: $0 * $0) } }

  /// θ, the lower triangle of λ for the reported columns: R⁻¹λ̃ made triangular again by a
  /// rotation.
  package func theta(_ φ: [Double]) -> [Double] {
    var next = 0
    return blocks.flatMap { block in
      block.structuredTheta(φ, &next) ?? Self.entries(block.reported(block.working(φ, &next)))
    } + (residual?.values(residualCoordinates(φ)) ?? [])
  }

  /// φ of a given θ.
  package func working(_ θ: [Double]) -> [Double] {
    var next = 0
    return blocks.flatMap { block in
      block.structuredCoordinates(θ, &next)
        ?? block.entries(
          (block.R * Self.lowerTriangle(θ, &next, size: block.size)).lowerTriangularFactor)
    } + (residual?.coordinates(θ.suffix(residual!.names.count)) ?? [])
  }

  /// The gradient in θ from the one in φ, at θ.
  ///
  /// With C the derivative in all entries of λ̃ = RλQ, the one in λ is RᵀCQᵀ.
  func gradient(
    theta θ: [Double], _ slopes: CovarianceSlopes, residualWeight w: Double
  ) -> [Double] {
    let own = blocks.indices.flatMap { gradient(theta: θ, slopes, residualWeight: w, block: $0) }
    guard let residual else { return own }
    let φ = residual.coordinates(θ.suffix(residual.names.count))
    let slopes = residual.gradient(slopes.parts!, at: φ[...], residualWeight: w)
    return own + zip(slopes, residual.valueSlopes(φ[...])).map { $0 / $1 }
  }

  /// The same for the entries of one block.
  func gradient(
    theta θ: [Double], _ slopes: CovarianceSlopes, residualWeight w: Double, block b: Int
  ) -> [Double] {
    let block = blocks[b]
    let C = derivative(slopes, block, residualWeight: w)
    var next = thetaRanges[b].lowerBound
    if let φ = block.structuredCoordinates(θ, &next) {
      return block.structuredThetaGradient(
        block.gradient(C, slopes.precisions[block.group], at: φ[...], residualWeight: w), at: φ)
    }
    let λ = Self.lowerTriangle(θ, &next, size: block.size)
    let rotation = (block.R * λ).lowerTriangularRotation
    return Self.entries(block.R.transposed * (C * rotation.Q.transposed))
  }

  /// Every block's entries among θ, in which effects that are held at zero have a part.
  private var thetaRanges: [Range<Int>] {
    var next = 0
    return blocks.map { block in
      defer { next += block.thetaCount }
      return next..<next + block.thetaCount
    }
  }

  /// The gradient in φ of log |K| + w r², or of log |M| + w r².
  package func gradient(
    _ slopes: CovarianceSlopes, at φ: [Double], residualWeight w: Double
  ) -> [Double] {
    zip(blocks, blockRanges).flatMap { block, range in
      block.gradient(
        derivative(slopes, block, residualWeight: w), slopes.precisions[block.group], at: φ[range],
        residualWeight: w)
    }
      + (residual?.gradient(slopes.parts!, at: residualCoordinates(φ), residualWeight: w) ?? [])
  }

  /// The derivative in all entries of one block of Λ.
  private func derivative(
    _ slopes: CovarianceSlopes, _ block: Block, residualWeight w: Double
  ) -> DenseMatrix {
    let ℓ = groupSizes[block.group]
    var C = DenseMatrix(rows: block.size, columns: block.size)
    for j in 0..<block.size {
      for i in 0..<block.size {
        let k = (block.offset + j) * ℓ + block.offset + i
        C[i, j] = 2 * (slopes.logDeterminant[block.group][k] - w * slopes.residual[block.group][k])
      }
    }
    return C
  }

  /// Every block's λ for the reported columns.
  package func reportedFactors(_ φ: [Double]) -> [DenseMatrix] {
    var next = 0
    return blocks.map { $0.reported($0.working(φ, &next)) }
  }

  static func lowerTriangle(_ values: [Double], _ next: inout Int, size: Int) -> DenseMatrix {
    var λ = DenseMatrix(rows: size, columns: size)
    for j in 0..<size {
      for i in j..<size {
        λ[i, j] = values[next]
        next += 1
      }
    }
    return λ
  }

  package static func entries(_ λ: DenseMatrix) -> [Double] {
    (0..<λ.columns).flatMap { j in (j..<λ.rows).map { λ[$0, j] } }
  }
}
