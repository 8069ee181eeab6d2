// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension RepeatedFit {
  /// Variances, covariances, standard deviations and correlations of the visits, as functions of the parameters of
  /// the matrices, by the names of the fit's parameters.
  var namedVariances: [NamedVariance] {
    let (m, square) = (model.visits.count, model.responseScale * model.responseScale)
    return zip(model.arms.indices, optimum.solution.entries).flatMap { arm, entries -> [NamedVariance] in
      let first = model.range(arm).lowerBound
      let values = entries.map { entry in
        var slopes = [Double](repeating: 0, count: model.parameterCount)
        for (parameter, slope) in entry.slopes { slopes[first + parameter] += square * slope }
        return Linearized(value: square * entry.value, slopes: slopes)
      }
      let deviations = (0..<m).map { values[$0 * ($0 + 1) / 2 + $0].root }
      let group = model.residualName(arm)
      return (0..<m).flatMap { i -> [NamedVariance] in
        let deviation = ModelParameter.deviationName(model.visits[i], of: group)
        let own = [
          NamedVariance(name: "var" + deviation.dropFirst(2), value: values[i * (i + 1) / 2 + i]),
          NamedVariance(name: deviation, value: deviations[i]),
        ]
        return own
          + (0..<i).flatMap { j in
            let name = ModelParameter.correlationName(model.visits[i], model.visits[j], of: group)
            let covariance = values[i * (i + 1) / 2 + j]
            return [
              NamedVariance(name: "cov" + name.dropFirst(3), value: covariance, isNonnegative: false),
              NamedVariance(
                name: name, value: covariance / (deviations[i] * deviations[j]), isNonnegative: false),
            ]
          }
      }
    }
  }

  /// Of a function with these derivatives in the parameters, by the delta method.
  func variance(_ slopes: [Double]) -> Double {
    max(dot(slopes, optimum.parameterCovariance * slopes), 0)
  }

  /// Mean over the rows of the variances of residuals of weight 1, in units of the response.
  var meanVariance: Double {
    let (m, scale) = (model.visits.count, model.responseScale)
    let Σ = optimum.solution.entries.map { VisitCovariance.matrix($0.map(\.value), m) }
    let sum = model.patterns.reduce(0.0) { sum, pattern in
      sum + Double(pattern.subjects) * pattern.visits.reduce(0) { $0 + Σ[pattern.arm][$1, $1] }
    }
    return scale * scale * sum / Double(model.observations)
  }
}

extension Linearized {
  fileprivate var root: Linearized {
    let root = value.squareRoot()
    return Linearized(value: root, slopes: slopes.map { $0 / (2 * root) })
  }
}
