// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

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
  struct Block: Sendable {
    /// Index of the group, and the block's first column among the group's.
    let group: Int
    let offset: Int
    let size: Int
    /// Reported columns = working columns · R, size × size, upper triangular.
    let R: DenseMatrix
  }
  let blocks: [Block]
  /// Columns of each group.
  let groupSizes: [Int]

  package var parameterCount: Int { blocks.reduce(0) { $0 + $1.size * ($1.size + 1) / 2 } }

  /// Every block's entries among φ.
  var blockRanges: [Range<Int>] {
    var next = 0
    return blocks.map { block in
      defer { next += block.size * (block.size + 1) / 2 }
      return next..<(next + block.size * (block.size + 1) / 2)
    }
  }

  /// Every column of every block among φ, the diagonal entry first.
  package var columnRanges: [Range<Int>] {
    var next = 0
    return blocks.flatMap { block in
      (0..<block.size).map { j in
        defer { next += block.size - j }
        return next..<(next + block.size - j)
      }
    }
  }

  /// Row of λ, among all rows of all blocks, that each entry of φ stands in: one for every random
  /// effect.
  var rowOfEntry: [Int] {
    var first = 0
    return blocks.flatMap { block in
      defer { first += block.size }
      return (0..<block.size).flatMap { j in (j..<block.size).map { first + $0 } }
    }
  }

  /// The size of every coordinate: the relative standard deviation of its random effect, which is
  /// the length of its row of λ.
  func units(at φ: [Double]) -> [Double] {
    let rows = rowOfEntry
    var squares = [Double](repeating: 0, count: (rows.max() ?? -1) + 1)
    for (k, row) in rows.enumerated() { squares[row] += φ[k] * φ[k] }
    return rows.map { max(squares[$0].squareRoot(), CriterionSearch.smallestUnit) }
  }

  /// φ at which all working columns have relative variance 1 and no covariance.
  package var identity: [Double] {
    blocks.flatMap { block in
      (0..<block.size).flatMap { j in (j..<block.size).map { $0 == j ? 1 : 0 } }
    }
  }

  /// Writes Λ's block for a level of every group, ℓ × ℓ column-major, lower triangular.
  func factors(_ φ: [Double], into factors: inout [[Double]]) {
    var next = 0
    for block in blocks {
      let size = groupSizes[block.group]
      for j in 0..<block.size {
        for i in j..<block.size {
          factors[block.group][(block.offset + j) * size + block.offset + i] = φ[next]
          next += 1
        }
      }
    }
  }

  var emptyFactors: [[Double]] { groupSizes.map { Array(repeating: 0, count: $0 * $0) } }

  /// θ, the lower triangle of λ for the reported columns: R⁻¹λ̃ made triangular again by a
  /// rotation.
  package func theta(_ φ: [Double]) -> [Double] {
    var next = 0
    return blocks.flatMap { block in
      let working = Self.lowerTriangle(φ, &next, size: block.size)
      return Self.entries(block.reported(working))
    }
  }

  /// φ of a given θ.
  package func working(_ θ: [Double]) -> [Double] {
    var next = 0
    return blocks.flatMap { block in
      Self.entries((block.R * Self.lowerTriangle(θ, &next, size: block.size)).lowerTriangularFactor)
    }
  }

  /// The gradient in θ from the one in φ, at θ.
  ///
  /// With C the derivative in all entries of λ̃ = RλQ, the one in λ is RᵀCQᵀ.
  func gradient(
    theta θ: [Double], _ slopes: CovarianceSlopes, residualWeight w: Double
  ) -> [Double] {
    var next = 0
    return blocks.flatMap { block in
      let λ = Self.lowerTriangle(θ, &next, size: block.size)
      let rotation = (block.R * λ).lowerTriangularRotation
      let C = derivative(slopes, block, residualWeight: w)
      return Self.entries(block.R.transposed * (C * rotation.Q.transposed))
    }
  }

  /// The gradient in φ of log |K| + w r², or of log |M| + w r².
  package func gradient(_ slopes: CovarianceSlopes, residualWeight w: Double) -> [Double] {
    blocks.flatMap { Self.entries(derivative(slopes, $0, residualWeight: w)) }
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
  func reportedFactors(_ φ: [Double]) -> [DenseMatrix] {
    var next = 0
    return blocks.map { $0.reported(Self.lowerTriangle(φ, &next, size: $0.size)) }
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

  static func entries(_ λ: DenseMatrix) -> [Double] {
    (0..<λ.columns).flatMap { j in (j..<λ.rows).map { λ[$0, j] } }
  }
}

extension RelativeCovariance.Block {
  /// λ of the reported columns from λ̃ of the working ones.
  func reported(_ working: DenseMatrix) -> DenseMatrix {
    solveR(working).lowerTriangularFactor
  }

  /// R⁻¹ a.
  func solveR(_ a: DenseMatrix) -> DenseMatrix {
    var x = a
    for j in 0..<x.columns {
      for i in stride(from: size - 1, through: 0, by: -1) {
        for k in (i + 1)..<max(size, i + 1) { x[i, j] -= R[i, k] * x[k, j] }
        x[i, j] /= R[i, i]
      }
    }
    return x
  }
}

extension DenseMatrix {
  /// The lower triangular L with LLᵀ = self · selfᵀ and a diagonal ≥ 0, by Givens rotations of
  /// columns (exact for singular matrices too). A triangular matrix is returned as it is, up to
  /// signs.
  var lowerTriangularFactor: DenseMatrix { lowerTriangularRotation.L }

  /// The same, with the orthogonal Q for which L = self · Q.
  var lowerTriangularRotation: (L: DenseMatrix, Q: DenseMatrix) {
    var (L, Q) = (self, DenseMatrix.identity(columns))
    for i in 0..<rows {
      for j in stride(from: columns - 1, to: i, by: -1) where L[i, j] != 0 {
        let r = (L[i, i] * L[i, i] + L[i, j] * L[i, j]).squareRoot()
        let (c, s) = (L[i, i] / r, L[i, j] / r)
        for k in i..<rows { L.rotate(row: k, i, j, c, s) }
        for k in 0..<columns { Q.rotate(row: k, i, j, c, s) }
        L[i, j] = 0
      }
      if L[i, i] < 0 {
        for k in i..<rows { L[k, i] = -L[k, i] }
        for k in 0..<columns { Q[k, i] = -Q[k, i] }
      }
    }
    return (L, Q)
  }

  private mutating func rotate(row k: Int, _ i: Int, _ j: Int, _ c: Double, _ s: Double) {
    let (a, b) = (self[k, i], self[k, j])
    self[k, i] = c * a + s * b
    self[k, j] = c * b - s * a
  }
}
