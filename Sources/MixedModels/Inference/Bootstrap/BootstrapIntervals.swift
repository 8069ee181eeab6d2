// SPDX-License-Identifier: GPL-2.0-or-later

/// What the replicates say about one parameter.
///
/// There is no BCa interval. Its acceleration is a third moment of influences, as a rule from refits
/// without each level in turn; but a level's rows cannot be taken off the cross-products, which have
/// ZⱼᵀW[Z X y] of level j and [X y]ᵀW[X y] of all rows together only. For coefficients it would be near
/// zero (their scores are symmetric), so that little is lost: intervals of variances, where skewness
/// matters, are better taken from the profile of the likelihood.
public struct BootstrapInterval: Sendable {
  public let parameter: ModelParameter
  /// Converged replicates in which the parameter is defined.
  public let usedCount: Int
  /// Standard deviation of the replicates.
  public let standardError: Double?
  /// Mean of the replicates less the estimate.
  public let bias: Double?
  /// Quantiles of the replicates.
  public let percentile: (low: Double, high: Double)?
  /// The estimate less quantiles of the replicates' errors, not beyond what the parameter can be;
  /// nil for θ, whose sign is a convention.
  public let basic: (low: Double, high: Double)?
}

extension Bootstrap {
  /// Intervals for every parameter, of coverage `level`.
  public func intervals(level: Double = 0.95) -> [BootstrapInterval] {
    parameters.indices.map { interval($0, level: level) }
  }

  private func interval(_ k: Int, level: Double) -> BootstrapInterval {
    let parameter = parameters[k]
    let values = replicates.filter { $0.converged && !$0.values[k].isNaN }
      .map { $0.values[k] }.sorted()
    let n = Double(values.count)
    guard values.count > 1 else {
      return BootstrapInterval(
        parameter: parameter, usedCount: values.count, standardError: nil, bias: nil,
        percentile: nil, basic: nil)
    }
    let mean = values.reduce(0, +) / n
    let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)
    let low = values.quantile((1 - level) / 2)
    let high = values.quantile((1 + level) / 2)
    let range = parameter.range
    let basic =
      parameter.kind == .theta
      ? nil
      : parameter.estimate.map { estimate in
        (
          low: min(max(2 * estimate - high, range.lowerBound), range.upperBound),
          high: min(max(2 * estimate - low, range.lowerBound), range.upperBound)
        )
      }
    return BootstrapInterval(
      parameter: parameter, usedCount: values.count, standardError: square.squareRoot(),
      bias: parameter.estimate.map { mean - $0 }, percentile: (low, high), basic: basic)
  }

  /// Replicates below which the quantiles of intervals with coverage `level` are mere extremes.
  package static func leastCount(level: Double) -> Int {
    Int((2 / Swift.max(1 - level, .ulpOfOne)).rounded(.up))
  }
}

extension [Double] {
  /// Of sorted values: at rank p(n + 1), between neighbours by interpolation (R's type 6).
  fileprivate func quantile(_ p: Double) -> Double {
    let rank = Swift.min(Swift.max(p * Double(count + 1), 1), Double(count))
    let below = Int(rank)
    let above = Swift.min(below + 1, count)
    return self[below - 1] + (rank - Double(below)) * (self[above - 1] - self[below - 1])
  }
}
