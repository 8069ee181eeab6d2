// SPDX-License-Identifier: GPL-2.0-or-later

import ModelFrames
import NumericalMethods

/// Some rows of a simulated table, column by column.
package struct SimulatedRows: Sendable {
  package let count: Int
  /// Rounded to the decimals they are written with; labels are their indices.
  package var covariates: [[Double]]
  package var levels: [[Int32]]
  /// Not rounded.
  package var response: [Double]

  /// y ← y + β x.
  mutating func add(_ coefficient: Double, times x: [Double]) {
    for i in 0..<count { response[i] += coefficient * x[i] }
  }

  /// y ← y + b[level] x, where level k of the factor has its coefficient at k × stride + offset.
  mutating func add(
    _ effects: [Double], stride: Int, offset: Int, of factor: Int, times x: [Double]
  ) {
    let levels = levels[factor]
    for i in 0..<count { response[i] += effects[Int(levels[i]) * stride + offset] * x[i] }
  }

  /// A column of X or Z; NaN where an expression has no value.
  func values(of column: SimulatedColumn, in design: SimulationDesign) -> [Double] {
    var product = [Double](repeating: 1, count: count)
    for covariate in column.numbers {
      let x = covariates[covariate]
      for i in 0..<count { product[i] *= x[i] }
    }
    if let (covariate, label) = column.indicator {
      let x = covariates[covariate]
      for i in 0..<count where x[i] != Double(label) { product[i] = 0 }
    }
    for (factor, values) in column.levelValues {
      let levels = levels[factor]
      for i in 0..<count { product[i] *= values[Int(levels[i])] }
    }
    for expression in column.expressions {
      // What it uses was checked when the design was made.
      let x = try? evaluate(expression, count: count) { self.values(named: $0, in: design) }
      for i in 0..<count { product[i] *= x?[i] ?? .nan }
    }
    return product
  }

  private func values(named name: String, in design: SimulationDesign) -> ColumnValues {
    if let k = design.covariates.firstIndex(where: { $0.name == name }) {
      return .numbers(covariates[k])
    }
    guard let f = design.factors.firstIndex(where: { $0.name == name }) else {
      return .numbers(Array(repeating: .nan, count: count))
    }
    return .labels(codes: levels[f], labels: design.factors[f].labels ?? [])
  }
}

extension SimulatedCovariate {
  /// Values of rows that have the given levels of all factors, and places among the rows of a
  /// level.
  func draw(
    _ count: Int, levels: [[Int32]], places: [Int], from stream: inout RandomStream
  ) -> [Double] {
    var values = [Double](repeating: 0, count: count)
    switch distribution {
    case .normal, .lognormal, .exponential, .gamma, .bernoulli, .poisson, .values:
      return draw(count, from: &stream)
    case .sequence(let numbers): return places.map { numbers[$0 % numbers.count] }
    case .standardNormal: stream.fillNormal(&values)
    case .uniform(let range): stream.fillUniform(&values, range)
    case .labels(let labels):
      var codes = [Int32](repeating: 0, count: count)
      stream.fillBelow(labels.count, &codes)
      return codes.map(Double.init)
    case .halves(let every):
      for i in 0..<count {
        let sum = levels.reduce(0) { $0 + Int($1[i]) }
        values[i] = sum / every % 2 == 0 ? 0.5 : -0.5
      }
      return values
    }
    let scale = (0..<decimals).reduce(1.0) { power, _ in power * 10 }
    return values.map { ($0 * scale).rounded() / scale }
  }
}
