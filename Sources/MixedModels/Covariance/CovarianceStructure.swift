// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// The covariance matrices that the effects of one term may have: Cov(b) = σ²λλᵀ at every level, with
/// λ a function of a few parameters.
///
/// A structure says what λ is; what a search, reports and tests must know of the parameters follows
/// from `parameters`.
protocol CovarianceStructure: Sendable {
  /// The formula's word: `ar1(0 + day | subject)`.
  static var word: String { get }
  /// Whether all standard deviations are one where the formula does not say.
  static var isHomogeneousByDefault: Bool { get }
  /// - Parameters:
  ///   - size: ℓ, columns of the term.
  ///   - isHomogeneous: Whether all columns have one standard deviation.
  init(size: Int, isHomogeneous: Bool)

  /// ℓ
  var size: Int { get }
  var parameters: [StructureParameter] { get }
  /// λ, ℓ × ℓ, lower triangular.
  ///
  /// - Parameter values: Of the parameters, each in its range.
  func factor(_ values: [Double]) -> DenseMatrix
  /// ∂f/∂values from C = ∂f/∂λ at `values`; by default from differences of λ.
  func pullback(_ C: DenseMatrix, at values: [Double]) -> [Double]
}

extension CovarianceStructure {
  func pullback(_ C: DenseMatrix, at values: [Double]) -> [Double] {
    values.indices.map { k in
      let step = 1e-5 * max(abs(values[k]), 1e-2)
      func moved(_ change: Double) -> DenseMatrix {
        var there = values
        there[k] += change
        return factor(there)
      }
      return dot(C.storage, (moved(step) - moved(-step)).storage) / (2 * step)
    }
  }

  /// Row i times the i-th standard deviation, or all times the only one.
  func scaled(_ λ: DenseMatrix, _ values: [Double]) -> DenseMatrix {
    let isOne = parameters[0] == .commonDeviation
    var scaled = λ
    for j in 0..<size { for i in 0..<size { scaled[i, j] *= isOne ? values[0] : values[i] } }
    return scaled
  }

  /// One standard deviation for all columns, or one for each, and a correlation where there are two.
  static func parameters(
    _ size: Int, isHomogeneous: Bool, correlationAbove least: Double
  ) -> [StructureParameter] {
    (isHomogeneous ? [.commonDeviation] : (0..<size).map { .deviation(column: $0) })
      + (size > 1 ? [.correlation(above: least)] : [])
  }
}

/// A parameter of a covariance structure.
enum StructureParameter: Sendable, Equatable {
  /// Of all columns, relative to σ.
  case commonDeviation
  /// Of one column, relative to σ.
  case deviation(column: Int)
  /// In (`above`, 1).
  case correlation(above: Double)

  /// The parameter at a coordinate of φ, which has no bounds.
  ///
  /// A common deviation may have any sign, so that the criterion is smooth where it is zero; the others
  /// are logarithms, since signs would make another structure; correlations follow z/√(1 + z²).
  func value(_ φ: Double) -> Double {
    switch self {
    case .commonDeviation: φ
    case .deviation: exp(φ)
    case .correlation(let least): least + (1 - least) * (0.5 + 0.5 * φ / (1 + φ * φ).squareRoot())
    }
  }

  /// The coordinate for a value.
  func coordinate(_ value: Double) -> Double {
    switch self {
    case .commonDeviation: return value
    case .deviation: return log(max(value, Self.leastDeviation))
    case .correlation(let least):
      let share = 2 * (value - least) / (1 - least) - 1
      let inside = min(max(share, -1 + 1e-12), 1 - 1e-12)
      return inside / (1 - inside * inside).squareRoot()
    }
  }

  /// The derivative of `value`.
  func slope(_ φ: Double) -> Double {
    switch self {
    case .commonDeviation: 1
    case .deviation: exp(φ)
    case .correlation(let least): 0.5 * (1 - least) * pow(1 + φ * φ, -1.5)
    }
  }

  /// Where a search begins: deviations of σ, columns independent.
  var start: Double {
    switch self {
    case .commonDeviation: 1
    case .deviation: 0
    case .correlation: coordinate(0)
    }
  }

  /// The size of a large step.
  func unit(_ φ: Double) -> Double {
    self == .commonDeviation ? max(abs(φ), Self.smallestUnit) : 1
  }

  /// Whether values are multiples of a column's unit.
  var isDeviation: Bool {
    if case .correlation = self { false } else { true }
  }

  /// In θ's names, after that of the group.
  func name(_ columns: [String]) -> String {
    switch self {
    case .commonDeviation: "sd"
    case .deviation(let column): columns[column]
    case .correlation: "rho"
    }
  }

  /// A random effect is not taken for smaller than this: from zero a search must find its way back.
  static let smallestUnit = 0.05
  /// A standard deviation that counts as zero.
  static let leastDeviation = 1e-6
}
