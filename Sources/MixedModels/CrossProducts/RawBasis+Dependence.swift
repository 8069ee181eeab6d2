// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension RawBasis {
  /// Rows that are looked at, and numeric columns beyond which nobody looks.
  private static let sampleRows = 2000
  private static let mostColumns = 64
  /// What other columns leave of one's square below which products in double lose too many digits.
  private static let resolution = 1e-7

  /// Whether numeric columns of X nearly depend on each other in the first rows, so that their products
  /// have to be summed in more digits.
  ///
  /// - Parameter shares: Σw / w of the rows.
  func hasDependentColumns(_ values: RowValues, _ rows: [Int], _ shares: [Double]) -> Bool {
    let monomials = fixed[0].monomials
    guard monomials.count > 2, monomials.count <= Self.mostColumns else { return false }
    let sample = rows.prefix(Self.sampleRows)
    let polynomials = atoms.indices.map { a in
      atoms[a].columns(sample.map { values.atoms[a][$0] })
    }
    let columns = monomials.map { monomial in
      let column = RowBlock.values(of: monomial, polynomials, count: sample.count)
      let weighted = zip(column, shares).map { $0 / $1.squareRoot() }
      let norm = euclideanNorm(weighted)
      return norm > 0 ? weighted.map { $0 / norm } : weighted
    }
    let own = columns.filter { $0.contains { $0 != 0 } }
    let X = DenseMatrix(rows: sample.count, columns: own.count, storage: own.flatMap(\.self))
    let gram = X.multipliedByTransposeOnLeft(X)
    return DenseCholesky.pivoted(gram, relativeTolerance: Self.resolution).rank < own.count
  }
}
