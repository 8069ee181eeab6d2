// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// A variance, or another parameter, as a function of (φ, log σ).
struct NamedVariance {
  let name: String
  let value: Linearized
  /// Whether it can be anything from zero on, as variances and standard deviations are.
  var isNonnegative = true
  /// Not at the edge of the parameter space.
  var isInside = true
  var isDetermined = true
}

/// The variances of a model by the names that expressions call them by.
struct NamedVariances {
  let model: LinearMixedModel
  /// Names of what the data do not determine.
  let notDetermined: [String]

  /// At covariance parameters, and σ in units of the response.
  func at(_ φ: [Double], sigma: Double) -> [NamedVariance] {
    let n = φ.count
    let place = Place(count: n, sigma: sigma)
    let terms = zip(model.terms, zip(model.covariance.blocks, model.covariance.blockRanges))
      .flatMap { term, block in
        named(term, RelativeSlopes(block.0, Array(φ[block.1])), place, block.1)
      }
    let σ = Linearized(value: sigma, slopes: Array(repeating: 0, count: n) + [sigma])
    return terms + [
      NamedVariance(name: "Residual", value: σ * σ), NamedVariance(name: "sigma", value: σ),
    ]
  }

  private struct Place {
    /// Of φ.
    let count: Int
    let sigma: Double

    /// A function s of the φ at `range` times a factor, that of σ among it where `hasSigma`.
    func linear(
      _ factor: Double, _ s: Double, _ slopes: [Double], _ range: Range<Int>, hasSigma: Bool
    ) -> Linearized {
      var all = [Double](repeating: 0, count: count + 1)
      for (k, slope) in zip(range, slopes) where slope.isFinite { all[k] = factor * slope }
      if hasSigma { all[count] = factor * s }
      return Linearized(value: factor * s, slopes: all)
    }
  }

  private func named(
    _ term: ReportedTerm, _ slopes: RelativeSlopes, _ place: Place, _ range: Range<Int>
  ) -> [NamedVariance] {
    let (here, columns) = (slopes.here, term.columns)
    let deviations = columns.indices.map { i in
      place.linear(place.sigma, here.deviations[i], slopes.deviations[i], range, hasSigma: true)
    }
    let names = columns.map { ModelParameter.deviationName($0, of: term.name) }
    let known = names.map { !notDetermined.containsLabel($0) }
    return columns.indices.flatMap { i in
      let variance = deviations[i] * deviations[i]
      let own = (columns.count == 1 ? [(term.name, variance)] : [])
        + [("var" + names[i].dropFirst(2), variance), (names[i], deviations[i])]
      let pairs = (0..<i).flatMap { j in
        let name = ModelParameter.correlationName(columns[i], columns[j], of: term.name)
        let isInside = here.isFree(i) && here.isFree(j)
        // Zero where one has no effects.
        var ρ = place.linear(
          1, here.correlations[i, j], slopes.correlations[j * columns.count + i], range,
          hasSigma: false)
        if !isInside { ρ.value = 0 }
        return [("cov" + name.dropFirst(3), ρ * deviations[i] * deviations[j]), (name, ρ)].map {
          NamedVariance(
            name: $0, value: $1, isNonnegative: false, isInside: isInside,
            isDetermined: known[i] && known[j] && !notDetermined.containsLabel(name))
        }
      }
      return own.map {
        NamedVariance(name: $0, value: $1, isInside: here.isFree(i), isDetermined: known[i])
      } + pairs
    }
  }
}

extension VarianceExpression {
  /// Where it can lie when the variances in it can be anything; without ends where that is not known.
  ///
  /// Ratios have their ends where some variances are zero, and do not change when all that are left grow.
  func range(_ variances: [NamedVariance]) -> ClosedRange<Double> {
    let all = -Double.infinity...Double.infinity
    let used = used.sorted()
    guard !used.isEmpty, used.count <= 6, used.allSatisfy({ variances[$0].isNonnegative }) else {
      return all
    }
    func values(_ sizes: [Double]) -> [Double] {
      var values: [Double] = []
      var choice = [Int](repeating: 0, count: used.count)
      while true {
        var point = variances.map { _ in Linearized(value: 0, slopes: []) }
        for (place, k) in zip(used, choice) { point[place].value = sizes[k] }
        let found = value(point).value
        if !found.isNaN { values.append(found) }
        guard let next = choice.firstIndex(where: { $0 + 1 < sizes.count }) else { return values }
        choice[next] += 1
        for k in 0..<next { choice[k] = 0 }
      }
    }
    let (few, more) = (values([0, 1]), values([0, 1, 1e6]))
    guard let low = few.min(), let high = few.max(), let least = more.min(), let most = more.max(),
      low < high
    else { return all }
    let slack = 1e-9 * (high - low)
    let start = least < low - slack ? -Double.infinity : low
    return start...(most > high + slack ? Double.infinity : high)
  }
}
