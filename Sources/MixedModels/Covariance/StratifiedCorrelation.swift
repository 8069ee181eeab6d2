// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// Strata of rows with residual standard deviations of their own, and a correlation of a subject's rows in
/// time, nlme's `varIdent` beside `corAR1`: Cov(ε_t, ε_t′) = σ²r_sr_s′ρ^|t − t′| with r_s = σ_s/σ.
///
/// With a_s = σ/σ_s the rows of a step that are not of one stratum make, of their differences D, and of the
/// rows E at its ends in either stratum,
///
///     (a_s x − a_s′x′)(a_s x − a_s′x′)ᵀ = a_s a_s′D + a_s(a_s − a_s′)E + a_s′(a_s′ − a_s)E′
///
/// so that with g = w/(1 − w²) of `SerialCorrelation` every A_k has a coefficient αa_s² + βa_s a_s′, α and β
/// functions of w. Parameters are those of the strata, then ρ.
struct StratifiedCorrelation: ResidualStructure {
  let ofStrata: VarianceStrata
  let inTime: SerialCorrelation
  /// Behind those of the strata.
  let parts: [Part]

  /// What an A_k of steps is of.
  struct Part: Sendable {
    enum Kind: Sendable {
      /// Rows at both ends, which are of one stratum.
      case ends
      /// Rows at the ends in the first of two strata.
      case endsInFirst
      case differences
    }
    let kind: Kind
    /// The place of its length.
    let length: Int
    /// The second is the same where rows are of one.
    let strata: (first: Int, second: Int)
  }

  var strata: VarianceStrata? { ofStrata }
  var serial: SerialCorrelation? { inTime }
  var names: [String] { ofStrata.names + inTime.names }
  var start: [Double] { ofStrata.start + inTime.start }
  var independent: [Double] { ofStrata.independent + parts.map { _ in 0 } }

  private func own(_ φ: ArraySlice<Double>) -> (strata: ArraySlice<Double>, time: ArraySlice<Double>) {
    (φ.dropLast(), φ.suffix(1))
  }

  /// a_s
  private func inverses(_ φ: ArraySlice<Double>) -> [Double] { [1] + own(φ).strata.map { exp(-$0) } }

  func coefficients(_ φ: ArraySlice<Double>) -> [Double] {
    let (a, w) = (inverses(φ), inTime.correlations(own(φ).time))
    return a.map { $0 * $0 }
      + parts.map { part in
        let (s, t) = part.strata
        let c = part.weights(w[part.length].value)
        return c.α * a[s] * a[s] + c.β * a[s] * a[t]
      }
  }

  func coefficientSlopes(_ φ: ArraySlice<Double>) -> [[Double]] {
    let (a, w) = (inverses(φ), inTime.correlations(own(φ).time))
    var slopes = a.indices.dropFirst().map { k in
      a.indices.map { $0 == k ? -2 * a[k] * a[k] : 0 }
        + parts.map { part in
          let (s, t) = part.strata
          let c = part.weights(w[part.length].value)
          return (s == k ? -2 * c.α * a[s] * a[s] : 0)
            - Double((s == k ? 1 : 0) + (t == k ? 1 : 0)) * c.β * a[s] * a[t]
        }
    }
    slopes.append(
      a.map { _ in 0 }
        + parts.map { part in
          let (s, t) = part.strata
          let c = part.weightSlopes(w[part.length].value)
          return w[part.length].slope * (c.α * a[s] * a[s] + c.β * a[s] * a[t])
        })
    return slopes
  }

  func logDeterminant(_ φ: ArraySlice<Double>) -> Double {
    ofStrata.logDeterminant(own(φ).strata) + inTime.logDeterminant(own(φ).time)
  }

  func logDeterminantSlopes(_ φ: ArraySlice<Double>) -> [Double] {
    ofStrata.logDeterminantSlopes(own(φ).strata) + inTime.logDeterminantSlopes(own(φ).time)
  }

  func information(_ φ: ArraySlice<Double>) -> [Double] {
    ofStrata.information(own(φ).strata) + inTime.information(own(φ).time)
  }

  func check(_ φ: ArraySlice<Double>) throws(FitError) {
    try ofStrata.check(own(φ).strata)
    try inTime.check(own(φ).time)
  }

  func checkEnd(_ φ: ArraySlice<Double>) throws(FitError) {
    try ofStrata.checkEnd(own(φ).strata)
    try inTime.checkEnd(own(φ).time)
  }

  func held(_ φ: ArraySlice<Double>) -> [Int] { ofStrata.held(own(φ).strata) }

  func bounded(near φ: ArraySlice<Double>) -> StratifiedCorrelation {
    StratifiedCorrelation(ofStrata: ofStrata.bounded(near: own(φ).strata), inTime: inTime, parts: parts)
  }

  func values(_ φ: ArraySlice<Double>) -> [Double] {
    ofStrata.values(own(φ).strata) + inTime.values(own(φ).time)
  }

  func coordinates(_ values: ArraySlice<Double>) -> [Double] {
    ofStrata.coordinates(own(values).strata) + inTime.coordinates(own(values).time)
  }

  func valueSlopes(_ φ: ArraySlice<Double>) -> [Double] {
    ofStrata.valueSlopes(own(φ).strata) + inTime.valueSlopes(own(φ).time)
  }

  func problem(_ values: ArraySlice<Double>) -> String? {
    ofStrata.problem(own(values).strata) ?? inTime.problem(own(values).time)
  }
}

extension StratifiedCorrelation.Part {
  /// α and β for steps of the correlation w.
  fileprivate func weights(_ w: Double) -> (α: Double, β: Double) {
    let g = w / (1 - w * w)
    return switch kind {
    case .ends: (-w / (1 + w), 0)
    case .endsInFirst: (w * g, -g)
    case .differences: (0, g)
    }
  }

  /// Their derivatives in w.
  fileprivate func weightSlopes(_ w: Double) -> (α: Double, β: Double) {
    let rest = 1 - w * w
    let g = (1 + w * w) / (rest * rest)
    return switch kind {
    case .ends: (-1 / ((1 + w) * (1 + w)), 0)
    case .endsInFirst: (2 * w / (rest * rest), -g)
    case .differences: (0, g)
    }
  }
}
