// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// Draws responses of a model with residuals that are correlated in time, row by row.
///
/// Sums over rows do not say how those of such residuals vary together: Cov(XᵀW_jε, XᵀW_kε) is of all rows of a
/// subject with each other. So rows are kept in memory, and a response takes a pass over them.
struct RowSimulator: Sendable {
  private let model: LinearMixedModel
  private let rows: RowsOfFit
  private let effects: EffectDraws
  /// Of every row: w of the step to it and √(1 − w²), 0 and 1 for a subject's first; σ_s in units of the scaled response.
  private let steps: [(w: Double, rest: Double, deviation: Double)]
  /// Of every A_k the terms that it adds up.
  private let parts: [Part]

  private enum Part: Sendable {
    /// Rows, one at the ends of two steps twice.
    case rows([Int])
    /// Later rows of steps.
    case differences([Int])
  }

  /// - Parameter sigma: Of the first stratum, in units of the scaled response.
  init(_ model: LinearMixedModel, _ rows: RowsOfFit, φ: [Double], sigma: Double) throws {
    let (serial, own) = model.covariance.serial(φ)!
    (self.model, self.rows) = (model, rows)
    effects = try EffectDraws(model, spreads: model.levelFactors(φ), sigma: sigma)
    let ratios = [1] + model.strataRatios(φ)
    steps = (0..<rows.count).map { row in
      let step = rows.steps[row]
      let w = step.previous < 0 ? 0 : serial.correlation(over: step.time, own)
      return (w, (1 - w * w).squareRoot(), ratios[rows.strata[row]] * sigma)
    }
    parts = Self.parts(rows, serial, model.covariance.residual as? StratifiedCorrelation)
  }

  private static func parts(
    _ rows: RowsOfFit, _ serial: SerialCorrelation, _ stratified: StratifiedCorrelation?
  ) -> [Part] {
    let strataCount = stratified?.ofStrata.labels.count ?? 1
    let ofStrata = (0..<strataCount).map { s in (0..<rows.count).filter { rows.strata[$0] == s } }
    let kinds =
      stratified?.parts
      ?? serial.lengths.indices.flatMap { length in
        [.ends, .differences].map { .init(kind: $0, length: length, strata: (0, 0)) }
      }
    let later = (0..<rows.count).filter { rows.steps[$0].previous >= 0 }
    return ofStrata.map { .rows($0) }
      + kinds.map { part in
        let steps = later.filter { row in
          let own = [rows.strata[rows.steps[row].previous], rows.strata[row]]
          return rows.steps[row].time == serial.lengths[part.length]
            && own.sorted() == [part.strata.first, part.strata.second].sorted()
        }
        return switch part.kind {
        case .differences: .differences(steps)
        case .ends: .rows(steps.flatMap { [rows.steps[$0].previous, $0] })
        case .endsInFirst:
          .rows(steps.map { rows.strata[$0] == part.strata.first ? $0 : rows.steps[$0].previous })
        }
      }
  }

  /// The model with a response that was drawn, relative to its fixed part.
  func draw(_ stream: inout RandomStream) -> LinearMixedModel {
    let y = response(&stream)
    var drawn = model
    var all = model.parts!
    for k in parts.indices { all.all[k] = all.all[k].replacingResponse(products(parts[k], y)) }
    drawn.parts = all
    return drawn.weighted(by: model.covariance.residual!.independent)
  }

  /// Of every row, times the root of its weight.
  func response(_ stream: inout RandomStream) -> [Double] {
    let b = effects(&stream)
    var y = [Double](repeating: 0, count: rows.count)
    stream.fillNormal(&y)
    var residual = 0.0
    for row in y.indices {
      residual = steps[row].w * residual + steps[row].rest * y[row]
      y[row] = steps[row].deviation * residual
      for g in b.indices {
        let ℓ = effects.spreads[g].rows
        let first = Int(rows.levels[g][row]) * ℓ
        for k in 0..<ℓ { y[row] += rows.z[g][row * ℓ + k] * b[g][first + k] }
      }
    }
    return y
  }

  private func products(_ part: Part, _ y: [Double]) -> ResponseProducts {
    let p = model.fixedEffectCount
    var products = ResponseProducts(
      z: model.groups.map { Array(repeating: 0, count: $0.levelCount * $0.size) },
      x: Array(repeating: 0, count: p), square: 0)
    func add(_ row: Int, _ value: Double) {
      for k in 0..<p { products.x[k] += rows.x[row * p + k] * value }
      for g in model.groups.indices {
        let ℓ = model.groups[g].size
        let first = Int(rows.levels[g][row]) * ℓ
        for k in 0..<ℓ { products.z[g][first + k] += rows.z[g][row * ℓ + k] * value }
      }
    }
    switch part {
    case .rows(let some):
      for row in some {
        add(row, y[row])
        products.square += y[row] * y[row]
      }
    case .differences(let later):
      for row in later {
        let previous = rows.steps[row].previous
        let difference = y[row] - y[previous]
        add(row, difference)
        add(previous, -difference)
        products.square += difference * difference
      }
    }
    return products
  }
}
