// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames
import NumericalMethods

/// A number that a row supplies, seen through Chebyshev polynomials T₀ … T_degree of t = (value −
/// shift) / scale.
///
/// The shift and the scale come from the first rows of the data. They keep sums of squares and
/// products well conditioned for years, for x ~ 1e6 and for polynomials, and cost nothing to undo.
package struct Atom: Sendable, Hashable {
  package var expression: Expression
  package var degree: Int
  package var shift = 0.0
  /// A power of two, so that scaling is exact.
  package var scale = 1.0
  /// poly() and scale() need the moments of the values themselves, without weights.
  package var needsMoments: Bool
  /// Whose columns stand in place of the polynomials; there is no shift and no scale then.
  package var spline: SplineBasis?

  /// T₁, T₂, … of values, or the columns of the spline.
  func columns(_ values: [Double]) -> [[Double]] {
    spline?.columns(values)
      ?? Chebyshev.evaluate(values.map { ($0 - shift) / scale }, degree: degree)
  }
}

/// A product of T_k(atom), at most one per atom; the empty product is the constant 1.
package struct Monomial: Sendable, Hashable {
  /// Ascending atoms with their degrees, which are at least 1.
  package var powers: [Power]

  package struct Power: Sendable, Hashable {
    package var atom: Int
    package var degree: Int
  }

  package static let one = Monomial(powers: [])
}

/// Columns monomial × indicator(cell), for every cell of one classification (or once, without one).
package struct ColumnBlock: Sendable, Hashable {
  /// Index of the cell set; nil for columns that are not bound to a cell.
  package var cellSet: Int?
  /// Closed under taking factors away, so that a change of shifts stays inside the block.
  package var monomials: [Monomial]
}

/// Where a factor's codes come from.
package enum FactorSource: Sendable, Hashable {
  case column(String)
  /// A comparison: levels FALSE and TRUE.
  case logical(Expression)

  package var name: String {
    switch self {
    case .column(let name): name
    case .logical(let expression): expression.deparsed
    }
  }
}

/// The columns that rows are accumulated in. They need no look-ahead: numbers minus a shift,
/// factors as full indicators of the cells met so far.
package struct RawBasis: Sendable, Hashable {
  package var response: Expression
  package var offsets: [Expression]
  package var weights: Expression?
  package var atoms: [Atom]
  package var factors: [FactorSource]
  /// Products refer to earlier entries only.
  package var cellSets: [CellSetSource]
  /// X; the first block has no cell set and begins with the constant.
  package var fixed: [ColumnBlock]
  package var groups: [RawGroup]
  /// What rows are clustered by; nil where nobody asked.
  package var clusters: RawClusters?
  /// The response is accumulated as (y − offset − Σ predictor[k] · fixed[0] column k) /
  /// responseScale.
  package var predictor: [Double]
  package var responseScale = 1.0
  /// Whether [y X]ᵀW[y X] is summed in twice the digits of a double, since columns of the first rows
  /// nearly depend on each other.
  package var wantsExtendedSums = false
  /// Means by groups that expressions of the atoms and factors use. They come from rows, and are no part of
  /// what makes two bases compatible.
  package var groupMeans: [GroupMean.Source: LevelMeans] = [:]
  /// The cell set whose cells have residual variances of their own, and sums of their own.
  package var strata: Int?
  /// Subjects whose rows are correlated in time; nil where rows are independent.
  package var serial: RawSerial?
}

/// Rows of a subject in the order of time, of which steps from one to the next are summed.
package struct RawSerial: Sendable, Hashable {
  /// Of the subjects.
  package var cellSet: Int
  package var time: Expression
  /// Whether times are any numbers; else they are whole.
  package var isContinuous: Bool
}

/// Clusters of rows, of which [y X]ᵀW[y X] is summed one by one, and their place among the levels of
/// the grouping factors.
package struct RawClusters: Sendable, Hashable {
  package var cellSet: Int
  /// For every group the cell set of clusters × its levels, which has as many cells as there are levels
  /// where every level lies in one cluster; nil where the levels are the clusters.
  package var nestings: [Int?]
}

/// The columns of all random-effects terms on one grouping factor, or the constant of an absorbed one.
package struct RawGroup: Sendable, Hashable {
  package var cellSet: Int
  package var blocks: [ColumnBlock]
  /// Whether its levels' effects are fixed. Such groups come last.
  package var isFixed = false
}

extension RawBasis {
  /// Σ w (y − ȳ)², or Σ wy², in units of the response.
  ///
  /// - Parameter all: [y X]ᵀW[y X] in raw columns: y is column 0, the constant column 1.
  func squaresOfResponse(_ all: DenseMatrix, aboutMean: Bool) -> Double {
    let response = [responseScale] + (0..<all.rows - 1).map { $0 < predictor.count ? predictor[$0] : 0 }
    guard aboutMean else { return dot(response, all * response) }
    // The mean is taken off before squares are formed, so that a large one costs no digits.
    var rest = response
    rest[1] = 0
    let image = all * rest
    rest[1] = -image[1] / all[1, 1]
    return dot(rest, all * rest)
  }
}
