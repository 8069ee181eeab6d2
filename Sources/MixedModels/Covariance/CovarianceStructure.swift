// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The covariance matrices that the effects of one term may have: Cov(b) = σ²λλᵀ at every level, with
/// λ a function of a few parameters.
///
/// A structure says what λ is and how it changes; what a search, reports and tests must know of the
/// parameters follows from `parameters`.
protocol CovarianceStructure: Sendable {
  /// ℓ
  var size: Int { get }
  var parameters: [StructureParameter] { get }
  /// Of λλᵀ inside the parameters' ranges; ℓ unless the structure says that it is less.
  var rank: Int { get }
  /// Whether the parameters can be told from the residuals' variance where every effect has one row.
  var isToldFromResiduals: Bool { get }

  /// λ, ℓ × ℓ, lower triangular.
  ///
  /// - Parameter values: Of the parameters, each in its range.
  func factor(_ values: [Double]) -> DenseMatrix
  /// ∂λ/∂value for every parameter, ℓ × ℓ, or that of another root of λλᵀ turned to λ: what counts is
  /// λ̇λᵀ + λλ̇ᵀ, the derivative of λλᵀ.
  func slopes(_ values: [Double]) -> [DenseMatrix]

  /// The numbers that θ shows for the values: the values, unless others are better known.
  func theta(_ values: [Double]) -> [Double]
  /// The values of such numbers.
  ///
  /// - Throws: `StructureProblem` where no covariance matrix has them.
  func values(theta: [Double]) throws(StructureProblem) -> [Double]
  /// ∂θ/∂values, lower triangular.
  func thetaSlopes(_ values: [Double]) -> DenseMatrix

  /// Whether some parameters are of the covariances between the group's levels.
  var hasLevelParameters: Bool { get }
  /// Q of the levels; nil where no parameter is about them.
  func precision(_ values: [Double]) -> SparsePrecision?
  /// The derivatives of log |K| − log |Q| + w r² by way of Q, in every parameter's value.
  func precisionGradient(_ values: [Double], _ slopes: PrecisionSlopes, residualWeight w: Double) -> [Double]
  /// About the second derivatives of the criterion by way of Q, each parameter alone.
  func precisionInformation(_ values: [Double]) -> [Double]
  /// - Throws: `FitError` for values at which Q has no digits.
  func check(_ values: [Double]) throws(FitError)
  /// - Throws: `FitError` where a search that has ended here went towards no minimum.
  func checkEnd(_ values: [Double]) throws(FitError)
}

extension CovarianceStructure {
  var rank: Int { size }
  var isToldFromResiduals: Bool { true }
  func theta(_ values: [Double]) -> [Double] { values }
  func values(theta: [Double]) throws(StructureProblem) -> [Double] { theta }
  func thetaSlopes(_ values: [Double]) -> DenseMatrix { .identity(values.count) }

  var hasLevelParameters: Bool { false }
  func precision(_ values: [Double]) -> SparsePrecision? { nil }
  func precisionGradient(
    _ values: [Double], _ slopes: PrecisionSlopes, residualWeight w: Double
  ) -> [Double] { values.map { _ in 0 } }
  func precisionInformation(_ values: [Double]) -> [Double] { values.map { _ in 0 } }
  func check(_ values: [Double]) throws(FitError) {}
  func checkEnd(_ values: [Double]) throws(FitError) {}
}

extension CovarianceStructure {
  /// The parameter that a column's standard deviation is; nil where it is none by itself.
  func index(ofDeviation column: Int) -> Int? {
    parameters.firstIndex { $0 == .commonDeviation || $0 == .deviation(column: column) }
  }

  /// The parameter that the correlation of two columns is, the later one first; nil where it is none by
  /// itself.
  func index(ofCorrelation row: Int, _ column: Int) -> Int? {
    parameters.firstIndex { parameter in
      switch parameter {
      case .correlation(let least): least > -1 || row == column + 1 || size == 2
      case .autocorrelation(let lag): lag == 1 && row == column + 1
      case .pairCorrelation(let i, let j, let isPartial): !isPartial && i == row && j == column
      default: false
      }
    }
  }
}
