// SPDX-License-Identifier: GPL-2.0-or-later
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
  mutating func add(_ coefficient: Double, times column: SimulatedColumn) {
    let x = values(of: column)
    for i in 0..<count { response[i] += coefficient * x[i] }
  }

  /// y ← y + b[level] x, where level k of the factor has its coefficient at k × stride + offset.
  mutating func add(
    _ effects: [Double], stride: Int, offset: Int, of factor: Int, times column: SimulatedColumn
  ) {
    let x = values(of: column)
    let levels = levels[factor]
    for i in 0..<count { response[i] += effects[Int(levels[i]) * stride + offset] * x[i] }
  }

  private func values(of column: SimulatedColumn) -> [Double] {
    var product = [Double](repeating: 1, count: count)
    for covariate in column.numbers {
      let x = covariates[covariate]
      for i in 0..<count { product[i] *= x[i] }
    }
    if let (covariate, label) = column.indicator {
      let x = covariates[covariate]
      for i in 0..<count where x[i] != Double(label) { product[i] = 0 }
    }
    return product
  }
}

extension SimulatedCovariate {
  /// Values of rows that have the given levels of all factors.
  func draw(
    _ count: Int, levels: [[Int32]], from stream: inout RandomStream
  ) -> [Double] {
    var values = [Double](repeating: 0, count: count)
    switch distribution {
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
    let scale = 1e5  // 10^decimals of both distributions
    return values.map { ($0 * scale).rounded() / scale }
  }
}
