// SPDX-License-Identifier: GPL-2.0-or-later

import Glibc
import NumericalMethods

extension SimulatedCovariate {
  /// Independent values, rounded to the decimals of the table.
  func draw(_ count: Int, from stream: inout RandomStream) -> [Double] {
    var values = [Double](repeating: 0, count: count)
    func quantiles(_ quantile: (Double) -> Double) {
      for i in values.indices { values[i] = quantile(stream.uniform()) }
    }
    switch distribution {
    case .normal(let mean, let sd):
      stream.fillNormal(&values)
      values = values.map { mean + sd * $0 }
    case .lognormal(let mean, let sd):
      stream.fillNormal(&values)
      values = values.map { exp(mean + sd * $0) }
    case .exponential(let mean): quantiles { -mean * log($0) }
    case .gamma(let shape, let scale): quantiles { scale * Gamma(shape: shape).quantile($0) }
    case .bernoulli(let probability): quantiles { $0 < probability ? 1 : 0 }
    case .poisson(let mean): quantiles { Poisson(mean: mean).quantile($0) }
    case .values(let numbers, let weights):
      var codes = [Int32](repeating: 0, count: count)
      AliasTable(weights: weights).fill(&codes, from: &stream)
      return codes.map { numbers[Int($0)] }
    default: break
    }
    let scale = (0..<decimals).reduce(1.0) { power, _ in power * 10 }
    return values.map { ($0 * scale).rounded() / scale }
  }
}

extension Double {
  /// Decimals that keep about six digits of numbers of this size.
  var decimalsForSpread: Int {
    guard self > 0, isFinite else { return 5 }
    return Swift.min(Swift.max(5 - Int(log10(self).rounded(.down)), 0), 15)
  }

  /// Decimals that show the number exactly, at most 15.
  var exactDecimals: Int {
    var scale = 1.0
    for decimals in 0..<15 {
      if (self * scale).rounded() / scale == self { return decimals }
      scale *= 10
    }
    return 15
  }
}
