// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Variances of effects without the bias of their estimates: Kline, Saggio & Sølvsten (2020, Econometrica 88,
/// 1859–1898).
///
/// β̂ᵀAβ̂ is too large by Σ Bᵢᵢσᵢ², B = C(CᵀC)⁻¹A(CᵀC)⁻¹Cᵀ, and yᵢeᵢ / (1 − Pᵢᵢ) estimates σᵢ² without bias
/// whatever the rows' variances are (eqs. 2 and 5). In all of it y is about its mean.
struct LeaveOutEstimates {
  let plugIn: [Double]
  let corrected: [Double]
  /// nil where the estimate of a variance is not positive.
  let standardErrors: [Double?]
  /// Of `corrected` over random vectors; nil where it is exact.
  let monteCarloErrors: [Double]?
  /// Random vectors that B was estimated with, and leverages were.
  let vectors: Int?
  let leverageVectors: Int?
  /// Mean of σᵢ².
  let residualVariance: Double
  /// Of it over random vectors; nil where leverages are exact.
  let residualVarianceError: Double?
  let responseVariance: Double

  /// Different rows of D for which B is exact, and numbers that these take.
  static let mostExact = 20_000
  private static let mostNumbers = 4e8
  private static let (fewestVectors, mostVectors) = (48, 960)
  /// Random vectors go on until what they leave is this share of a standard error.
  private static let share = 0.05

  init(_ equations: LeaveOutEquations, _ forms: QuadraticForms, seed: UInt64, mostExact: Int) throws {
    let rows = equations.rows
    let n = rows.count
    let mean = rows.y.reduce(0, +) / Double(n)
    let y = rows.y.map { $0 - mean }
    let (r, s) = equations.transposedTimes([y])
    let β = try equations.solve(r, s)
    let fitted = equations.fitted(β, 0)
    let leverages = equations.leverages
    let variances = (0..<n).map { y[$0] * (y[$0] - fitted[$0]) * leverages.inverseRests[$0] }
    let plugIn = forms.values(β.levels.column(0))
    let smooth = Self.smoothed(variances, by: leverages.values)
    // There are no fewer combinations than pairs.
    let pairCount = equations.pairs.map(\.levels.count).max() ?? 0
    let kinds = pairCount <= mostExact ? LevelKinds(rows) : nil
    let isExact =
      kinds.map {
        $0.count <= mostExact && Double($0.count) * Double(equations.levelCount) <= Self.mostNumbers
      } ?? false
    let biases: RowBiases
    if let kinds, isExact {
      biases = try RowBiases(equations, forms, kinds, variances)
    } else {
      biases = try RowBiases(
        equations, forms, variances, seed: seed, from: Self.fewestVectors, to: Self.mostVectors
      ) { biases in
        // About the standard error, by the part of it that is linear in the rows' errors.
        try EffectForm.allCases.allSatisfy { form in
          let sampling = try SamplingVariance(equations, forms, form, biases.rows[form.rawValue], y, smooth)
            .linear
          return biases.errors![form.rawValue] <= Self.share * max(sampling, 0).squareRoot()
        }
      }
    }
    self.plugIn = plugIn
    corrected = zip(plugIn, biases.totals).map { $0 - $1 }
    let products = (0..<n).map { y[$0] * (y[$0] - fitted[$0]) }
    let ofLeverages = try leverages.errors(
      of: biases.rows.map { zip($0, products).map { $0 * $1 } } + [products.map { $0 / Double(n) }],
      equations, seed: seed)
    monteCarloErrors = biases.errors.map { own in
      zip(own, ofLeverages ?? own.map { _ in 0 }).map { ($0 * $0 + $1 * $1).squareRoot() }
    } ?? ofLeverages.map { Array($0.dropLast()) }
    residualVarianceError = ofLeverages?.last
    leverageVectors = leverages.sums?.vectors
    vectors = isExact ? nil : biases.count
    standardErrors = try EffectForm.allCases.map { form in
      let variance = try SamplingVariance(
        equations, forms, form, biases.rows[form.rawValue], y, smooth
      ).total(seed: seed)
      return variance > 0 ? variance.squareRoot() : nil
    }
    residualVariance = variances.reduce(0, +) / Double(n)
    responseVariance = y.reduce(0) { $0 + $1 * $1 } / Double(n)
  }

  private static let (bins, rowsOfBin) = (20, 50)

  /// σᵢ² as a function of the leverage, for standard errors: means over rows of about the same one, of which
  /// none is below zero.
  static func smoothed(_ variances: [Double], by leverages: [Double]) -> [Double] {
    let n = variances.count
    let count = max(1, min(bins, n / rowsOfBin))
    let order = leverages.indices.sorted { (leverages[$0], $0) < (leverages[$1], $1) }
    var result = variances
    var start = 0
    while start < n {
      var end = min(start + max(n / count, 1), n)
      // Rows of one leverage, but for rounding, stay together.
      while end < n, leverages[order[end]] - leverages[order[end - 1]] < 1e-9 { end += 1 }
      let own = order[start..<end]
      let mean = own.reduce(0.0) { $0 + variances[$1] } / Double(own.count)
      for row in own { result[row] = max(mean, 0) }
      start = end
    }
    return result
  }
}
