// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Testing

/// Cross-products are sums over rows: parts made apart, each with shifts of its own, add up to the
/// whole.
@Suite struct Shards {
  /// Parts that begin with very different rows, so that their shifts and scales differ.
  static func parts() -> [SimulatedTable] {
    var table = SimulatedTable(rows: 400, seed: 11)
    table.rows.sort { $0.x < $1.x }
    return [0..<150, 150..<151, 151..<400].map { range in
      var part = table
      part.rows = Array(table.rows[range])
      return part
    }
  }

  static func whole() -> SimulatedTable {
    var table = SimulatedTable(rows: 0)
    table.rows = parts().flatMap(\.rows)
    return table
  }

  @Test(
    arguments: [
      "y ~ x * f + (x | g) + (1 | h)", "y ~ poly(x, 3) * f + (1 | g/h)",
      "y ~ scale(x) + I(x^2) + (f || g)", "y ~ 0 + x:f + (0 + x | g)",
    ], [[0, 1, 2], [2, 0, 1], [1, 2, 0]])
  func `merged parts give the fit of the whole`(formula: String, order: [Int]) throws {
    var options = FitOptions()
    options.weights = "w"
    let parts = try Self.parts().map {
      try CrossProducts(Formula(formula), data: [$0.source(y: { 1e4 + $0 })], options: options)
    }
    var merged = parts[order[0]]
    for k in order.dropFirst() { try merged.merge(parts[k]) }
    let sum = try Fit(merged, options: options)
    let fit = try Fit(
      Formula(formula), data: [Self.whole().source(y: { 1e4 + $0 })], options: options)
    #expect(sum.observations == fit.observations)
    #expect(abs(sum.criterion - fit.criterion) <= 1e-9 * abs(fit.criterion))
    #expect(abs(sum.sigma - fit.sigma) <= 1e-6 * fit.sigma)
    for (a, b) in zip(sum.fixedEffects, fit.fixedEffects) {
      #expect(a.name == b.name)
      #expect(abs(a.estimate! - b.estimate!) <= 1e-5 * b.standardError!)
      #expect(abs(a.standardError! - b.standardError!) <= 1e-5 * b.standardError!)
    }
  }

  @Test func `parts of different models do not merge`() throws {
    var a = try CrossProducts(Formula("y ~ x + (1 | g)"), data: [Self.whole().source()])
    let b = try CrossProducts(Formula("y ~ x + f + (1 | g)"), data: [Self.whole().source()])
    let difference = "the first is of “y ~ x + (1 | g)” and the second of “y ~ x + f + (1 | g)”"
    #expect(throws: FitError.differentModels(difference)) { try a.merge(b) }
  }
}
