// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames
import NumericalMethods

/// Residuals of a subject whose correlation is a power of the time between them, nlme's `corAR1` and
/// `corCAR1`: R_st = ρ^|t − s|.
///
/// What a row adds to the one before is independent of it, so that R⁻¹ has rows and their neighbours only
/// (Jones & Boadi-Boateng 1991, Biometrics 47). With w_k = ρ^d_k over n_k steps of the length d_k, A of all
/// rows, S_k of the rows at the steps' ends and D_k of the differences between them,
///
///     A(ρ) = A + Σ_k [w_k/(1 − w_k²) D_k − w_k/(1 + w_k) S_k],   log |R| = Σ_k n_k log(1 − w_k²).
struct SerialCorrelation: ResidualStructure {
  let term: ResidualTerm
  let word: SerialWord
  /// d_k, ascending.
  let lengths: [Double]
  /// n_k
  let steps: [Int]
  let subjects: Int
  /// The time over which the correlation is the parameter: all steps are multiples of that of `ar1`, and
  /// it is a usual one of `car1`.
  let unit: Double

  /// The correlation over `unit`.
  var parameter: StructureParameter { .correlation(above: word == .ar1 ? -1 : 0) }
  /// d_k in units.
  private var exponents: [Double] { lengths.map { $0 / unit } }
  /// The time that the correlation is reported of, in units.
  private var reported: Double { word == .ar1 ? 1 : 1 / unit }

  var serial: SerialCorrelation? { self }

  var names: [String] { ["Residual.rho"] }
  /// Half alike over a usual time, where zero is a boundary.
  var start: [Double] { [0] }
  var independent: [Double] { [1] + lengths.flatMap { _ in [0.0, 0] } }

  /// w_k and its derivative in φ.
  func correlations(_ φ: ArraySlice<Double>) -> [(value: Double, slope: Double)] {
    let φ = φ.first ?? 0
    let (r, slope) = (parameter.value(φ), parameter.slope(φ))
    return exponents.map { e in (pow(r, e), e == 1 ? slope : e * pow(r, e - 1) * slope) }
  }

  /// w_k
  func correlation(_ k: Int, _ φ: ArraySlice<Double>) -> Double { correlations(φ)[k].value }

  /// Of two residuals with some time between them; NaN where that is no whole number of steps of `ar1`.
  func correlation(over time: Double, _ φ: ArraySlice<Double>) -> Double {
    let exponent = time / unit
    guard word == .car1 || exponent == exponent.rounded() else { return .nan }
    return pow(parameter.value(φ.first ?? 0), exponent)
  }

  func coefficients(_ φ: ArraySlice<Double>) -> [Double] {
    var all = [1.0]
    for (w, _) in correlations(φ) {
      all.append(-w / (1 + w))
      all.append(w / (1 - w * w))
    }
    return all
  }

  func coefficientSlopes(_ φ: ArraySlice<Double>) -> [[Double]] {
    var all = [0.0]
    for (w, slope) in correlations(φ) {
      let rest = 1 - w * w
      all.append(-slope / ((1 + w) * (1 + w)))
      all.append(slope * (1 + w * w) / (rest * rest))
    }
    return [all]
  }

  func logDeterminant(_ φ: ArraySlice<Double>) -> Double {
    zip(steps, correlations(φ)).reduce(0) { $0 + Double($1.0) * log1p(-$1.1.value * $1.1.value) }
  }

  func logDeterminantSlopes(_ φ: ArraySlice<Double>) -> [Double] {
    let slopes = zip(steps, correlations(φ)).map { n, w -> Double in
      let rest = 1 - w.value * w.value
      return -2 * Double(n) * w.value * w.slope / rest
    }
    return [slopes.reduce(0, +)]
  }

  func information(_ φ: ArraySlice<Double>) -> [Double] {
    let parts = zip(steps, correlations(φ)).map { n, w -> Double in
      let (square, rest) = (w.value * w.value, 1 - w.value * w.value)
      let ofCorrelation = 2 * Double(n) * (1 + square) / (rest * rest)
      return ofCorrelation * w.slope * w.slope
    }
    return [parts.reduce(0, +)]
  }

  /// The closest that a correlation over a unit comes to 1 where a search has found a minimum.
  private static let leastRest = 1e-7

  /// As close as coordinates come where a profile holds a correlation of 1.
  func check(_ φ: ArraySlice<Double>) throws(FitError) { try check(φ, least: 1e-13) }
  func checkEnd(_ φ: ArraySlice<Double>) throws(FitError) { try check(φ, least: Self.leastRest) }

  private func check(_ φ: ArraySlice<Double>, least: Double) throws(FitError) {
    let r = parameter.value(φ.first ?? 0)
    guard !(1 - abs(r) >= least) else { return }
    throw .serial(
      term.text,
      "has a correlation that goes to \(r < 0 ? "−1" : "1"), and the likelihood has no maximum: the residuals of \(term.subject) hardly change. A random intercept of \(term.subject) and this correlation say the same then: take one of both out"
    )
  }

  /// Whether a correlation that cannot be negative is as good as zero.
  func isOnBoundary(_ φ: ArraySlice<Double>) -> Bool {
    word == .car1 && parameter.value(φ.first ?? 0) < 1e-6
  }

  /// ρ, over one step of `ar1`, and one unit of time of `car1`.
  func values(_ φ: ArraySlice<Double>) -> [Double] {
    φ.map { φ in reported == 1 ? parameter.value(φ) : pow(parameter.value(φ), reported) }
  }

  func coordinates(_ values: ArraySlice<Double>) -> [Double] {
    values.map { ρ in parameter.coordinate(reported == 1 ? ρ : pow(max(ρ, 0), 1 / reported)) }
  }

  func valueSlopes(_ φ: ArraySlice<Double>) -> [Double] {
    φ.map { φ in
      let slope = parameter.slope(φ)
      return reported == 1 ? slope : reported * pow(parameter.value(φ), reported - 1) * slope
    }
  }

  func problem(_ values: ArraySlice<Double>) -> String? {
    guard let ρ = values.first, let problem = parameter.problem(ρ) else { return nil }
    return "\(names[0]) is \(ρ), and \(problem)"
  }

  /// Where ρ may lie.
  var range: ClosedRange<Double> { word == .ar1 ? -1...1 : 0...1 }
}

extension SerialCorrelation {
  /// - Throws: `FitError.serial` without any steps.
  init(
    _ serial: BoundSerial, lengths: [Double], steps: [Int], subjects: Int
  ) throws(FitError) {
    guard !lengths.isEmpty else {
      throw .serial(
        serial.term.text,
        "has no subject with two rows, so that nothing is correlated. Leave it out, or name the column of the subjects"
      )
    }
    (term, word, self.subjects) = (serial.term, serial.word, subjects)
    (self.lengths, self.steps) = (lengths, steps)
    unit = serial.word == .ar1 ? Self.commonStep(lengths) : Self.usual(lengths, steps)
  }

  /// The greatest whole number of which all lengths are multiples.
  private static func commonStep(_ lengths: [Double]) -> Double {
    lengths.reduce(0) { common, length in
      var (a, b) = (common, length)
      while b > 0 { (a, b) = (b, a.truncatingRemainder(dividingBy: b)) }
      return a
    }
  }

  /// The median of the steps' lengths.
  private static func usual(_ lengths: [Double], _ steps: [Int]) -> Double {
    let half = steps.reduce(0, +) / 2
    var before = 0
    for (length, count) in zip(lengths, steps) {
      before += count
      if before > half { return length }
    }
    return lengths[lengths.count - 1]
  }
}
