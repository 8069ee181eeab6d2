// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// Residuals of a covariance matrix σ²R with R⁻¹ = Σ c_k W_k, so that A(φ) = Σ c_k(φ) A_k of sums A_k over
/// rows that no parameter enters.
///
/// Coordinates φ have no bounds; values are what θ reports of them.
protocol ResidualStructure: Sendable {
  /// Of the parameters, in θ.
  var names: [String] { get }
  /// φ where a search begins: independent residuals of one variance.
  var start: [Double] { get }
  /// c_k of every A_k where residuals are independent and of one variance.
  var independent: [Double] { get }
  /// c_k of every A_k.
  func coefficients(_ φ: ArraySlice<Double>) -> [Double]
  /// ∂c_k/∂φ_i, for every i those of all k.
  func coefficientSlopes(_ φ: ArraySlice<Double>) -> [[Double]]
  /// log |R|, but for the prior weights.
  func logDeterminant(_ φ: ArraySlice<Double>) -> Double
  /// Its derivatives.
  func logDeterminantSlopes(_ φ: ArraySlice<Double>) -> [Double]
  /// A step to about the best parameters where all others stay, and by what it multiplies σ; nil where there is none.
  ///
  /// - Parameter w: df / r².
  func scoringStep(
    _ φ: ArraySlice<Double>, _ slopes: PartSlopes, residualWeight w: Double
  ) -> (φ: [Double], growth: Double)?
  /// About the second derivatives of the criterion, each parameter alone.
  func information(_ φ: ArraySlice<Double>) -> [Double]
  /// - Throws: `FitError` where the coefficients are so far apart that rounding hides what is small.
  func check(_ φ: ArraySlice<Double>) throws(FitError)
  /// - Throws: `FitError` where a search that has ended here went towards no minimum.
  func checkEnd(_ φ: ArraySlice<Double>) throws(FitError)
  /// Parameters that are held where they are, since the criterion is least at an edge that no φ reaches.
  func held(_ φ: ArraySlice<Double>) -> [Int]
  func values(_ φ: ArraySlice<Double>) -> [Double]
  func coordinates(_ values: ArraySlice<Double>) -> [Double]
  /// The derivative of every value in its coordinate.
  func valueSlopes(_ φ: ArraySlice<Double>) -> [Double]
  /// Why numbers are no values; nil where they are.
  func problem(_ values: ArraySlice<Double>) -> String?
  /// The same with parameters kept nearer to φ where it is at an edge that has no coordinates.
  func bounded(near φ: ArraySlice<Double>) -> Self
  /// The same with another stratum in the place of the first, and that one in its place.
  func exchangingFirst(with stratum: Int) -> Self
  /// Strata of rows, whose parameters are the first ones; nil where all rows have one variance.
  var strata: VarianceStrata? { get }
  /// How rows are correlated in time, by the last parameter; nil where they are independent.
  var serial: SerialCorrelation? { get }
}

extension ResidualStructure {
  var strata: VarianceStrata? { nil }
  var serial: SerialCorrelation? { nil }

  func held(_ φ: ArraySlice<Double>) -> [Int] { [] }

  func scoringStep(
    _ φ: ArraySlice<Double>, _ slopes: PartSlopes, residualWeight w: Double
  ) -> (φ: [Double], growth: Double)? { nil }

  func bounded(near φ: ArraySlice<Double>) -> Self { self }
  func exchangingFirst(with stratum: Int) -> Self { self }

  /// The gradient in φ of log |K| + log |R| + w r² (M for ML).
  func gradient(
    _ slopes: PartSlopes, at φ: ArraySlice<Double>, residualWeight w: Double
  ) -> [Double] {
    let own = slopes.includesResidualDeterminant ? logDeterminantSlopes(φ) : names.map { _ in 0 }
    let parts = zip(slopes.logDeterminant, slopes.squares).map { $0 + w * $1 }
    return zip(own, coefficientSlopes(φ)).map { $0 + dot($1, parts) }
  }
}

/// Strata of rows with residual standard deviations σ_s of their own, nlme's `varIdent`: σ_s = σ e^φ_s,
/// the first one's being σ; c_s = (σ/σ_s)², log |R| = 2 Σ n_s φ_s.
struct VarianceStrata: ResidualStructure {
  /// What tells the strata apart.
  let name: String
  /// In their order.
  let labels: [String]
  /// n_s
  let rows: [Int]
  /// The raw cell set that they are, and the stratum of every cell.
  let cellSet: Int
  let cells: [Int]

  var strata: VarianceStrata? { self }

  /// In θ.
  var names: [String] { labels.dropFirst().map { "Residual.\($0)" } }
  var start: [Double] { labels.dropFirst().map { _ in 0 } }
  var independent: [Double] { labels.map { _ in 1 } }

  func coefficients(_ φ: ArraySlice<Double>) -> [Double] { [1] + φ.map { exp(-2 * $0) } }

  func coefficientSlopes(_ φ: ArraySlice<Double>) -> [[Double]] {
    φ.enumerated().map { i, φ in
      labels.indices.map { $0 == i + 1 ? -2 * exp(-2 * φ) : 0 }
    }
  }

  func logDeterminant(_ φ: ArraySlice<Double>) -> Double {
    zip(rows.dropFirst(), φ).reduce(0) { $0 + 2 * Double($1.0) * $1.1 }
  }

  func logDeterminantSlopes(_ φ: ArraySlice<Double>) -> [Double] {
    rows.dropFirst().map { 2 * Double($0) }
  }

  func information(_ φ: ArraySlice<Double>) -> [Double] {
    let n = Double(rows.reduce(0, +))
    return rows.dropFirst().map { 4 * Double($0) * (1 - Double($0) / n) }
  }

  /// σ_s² becomes ŵᵀA_sŵ over the degrees of freedom that effects leave to the stratum (Harville 1977, JASA 72):
  ///
  ///     σ_s² ← σ_s² · w c_s ŵᵀA_sŵ / (n_s − c_s tr K⁻¹K̃_s).
  func scoringStep(
    _ φ: ArraySlice<Double>, _ slopes: PartSlopes, residualWeight w: Double
  ) -> (φ: [Double], growth: Double)? {
    let c = coefficients(φ)
    let factors = rows.indices.map { s in
      w * c[s] * slopes.squares[s] / (Double(rows[s]) - c[s] * slopes.logDeterminant[s])
    }
    guard factors.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
    let logs = factors.map { 0.5 * max(-Self.longestStep, min(log($0), Self.longestStep)) }
    return (zip(φ, logs.dropFirst()).map { $0 + $1 - logs[0] }, exp(logs[0]))
  }

  /// Of the logarithm of a variance.
  private static let longestStep = 6.0

  /// Ratio of standard deviations beyond which a search has not found a minimum, but a way along which a
  /// stratum's rows come to be explained exactly and the criterion falls without end.
  static let mostRatio = 1e6
  var largestRatio = VarianceStrata.mostRatio

  /// A search shortens steps that lead beyond the largest ratio, and ends before it.
  func checkEnd(_ φ: ArraySlice<Double>) throws(FitError) {
    try check(φ, largest: Self.mostRatio / 10, besides: isZero(φ))
  }

  func check(_ φ: ArraySlice<Double>) throws(FitError) { try check(φ, largest: largestRatio) }

  /// - Parameter zeros: Of every stratum whether it is known to have no variance; none has where that is empty.
  private func check(
    _ φ: ArraySlice<Double>, largest: Double, besides zeros: [Bool] = []
  ) throws(FitError) {
    let all: [Double] = [0] + φ
    let others = all.indices.filter { zeros.isEmpty || !zeros[$0] }
    guard let least = others.min(by: { all[$0] < all[$1] }), let most = all.max(),
      !(most - all[least] <= log(largest))
    else { return }
    throw .strata(
      name,
      "has the level “\(labels[least])” whose residual variance falls to zero beside the others: the model explains its rows exactly, or they are too few to tell, and the likelihood has no maximum. Merge it with another level, leave its rows out, or take terms out"
    )
  }

  /// σ_s / σ
  func values(_ φ: ArraySlice<Double>) -> [Double] { φ.map { exp($0) } }
  func coordinates(_ values: ArraySlice<Double>) -> [Double] { values.map { log($0) } }
  func valueSlopes(_ φ: ArraySlice<Double>) -> [Double] { values(φ) }

  func problem(_ values: ArraySlice<Double>) -> String? {
    zip(names, values).first { !($0.1 > 0 && $0.1.isFinite) }.map {
      "\($0.0) is \($0.1), and a ratio of standard deviations is a positive number"
    }
  }
}
