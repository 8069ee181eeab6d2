// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Tests of rows of L.
struct MeansTests {
  enum Way {
    case dense(any DenominatorDegreesOfFreedom, FixedColumns)
    /// Where factors are set apart.
    case apart(SetApartMeans)
    case absorbed(AbsorbedMeans)
  }
  let fitted: FittedModel
  let way: Way
  let level: Double

  /// Of means themselves.
  func tested(_ cells: [MeansRows.Cell]) throws -> [(test: TTest?, reason: String?)] {
    if case .apart(let means) = way, cells.contains(where: { $0.level != nil }) {
      return try means.tested(cells, fitted, level: level)
    }
    return try cells.map { try tested($0.labels.joined(separator: " "), $0.row) }
  }

  func tested(_ name: String, _ c: [Double]) throws -> (test: TTest?, reason: String?) {
    switch way {
    case .dense(let ddf, let columns):
      let (row, aliased) = fitted.estimableRow(c, columns)
      if let aliased { return (nil, MarginalMeans.reason(dropped: aliased)) }
      return (try fitted.test(name, row: row, level: level, ddf), nil)
    case .absorbed(let means): return try means.tested(name, c, level: level)
    case .apart(let means):
      let (row, aliased) = means.row(c)
      if let aliased { return (nil, MarginalMeans.reason(dropped: aliased)) }
      let tests = means.tests
      return (
        try fitted.test(name, row: row, level: level, tests.ddf, estimates: tests.estimates), nil
      )
    }
  }

  /// Comparisons of a family's means.
  ///
  /// - Parameter ratio: Of a response that is a logarithm: what contrasts are turned into.
  func compared(
    _ family: [MeansRows.Cell], _ comparison: MeansComparison,
    _ adjustment: MultiplicityAdjustment, _ ratio: ResponseScale?, groups: Int
  ) throws -> (differences: [MarginalMeans.Difference], areRatios: Bool) {
    let combinations = try comparison.combinations(
      family.map(\.name),
      labels: family.map { $0.labels.dropLast(groups).joined(separator: " ") },
      sign: ratio == nil ? "-" : "/")
    let areRatios = ratio != nil && combinations.allSatisfy(\.isContrast)
    let tests = try combinations.map { combination in
      var row = [Double](repeating: 0, count: family.first?.row.count ?? 0)
      var sizes = row
      for (place, weight) in combination.weights {
        for k in row.indices {
          row[k] += weight * family[place].row[k]
          sizes[k] += abs(weight * family[place].row[k])
        }
      }
      // Weights of a comparison add up to zero but for rounding.
      for k in row.indices where abs(row[k]) <= 1e-12 * sizes[k] { row[k] = 0 }
      return try tested(combination.name, row)
    }
    let adjusted = adjustment.adjusted(tests.map(\.test), means: family.count, level: level)
    return (
      combinations.indices.map { k in
        MarginalMeans.Difference(
          name: combinations[k].name, labels: Array(family[0].labels.suffix(groups)),
          test: areRatios ? adjusted[k]?.transformed(by: ratio!) : adjusted[k],
          reason: tests[k].reason)
      }, areRatios
    )
  }
}
