// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// What must not change when the same model of the same data is put in another way.
@Suite struct Invariance {
  static let formulas = [
    "y ~ x + f + (1 | g)", "y ~ x * f + (x | g) + (1 | h)", "y ~ poly(x, 2) + (1 | g:h) + (1 | g)",
    "y ~ 0 + f + (0 + x | g) + (f || h)",
  ]
  let table = SimulatedTable()

  func fit(
    _ formula: String, _ data: [any TableSource], _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> Fit {
    var options = FitOptions()
    options.wantsConditionalModes = true
    change(&options)
    return try Fit(Formula(formula), data: data, options: options)
  }

  /// Estimates equal to the accuracy of the optimizer.
  func expectSame(
    _ a: Fit, _ b: Fit, tolerance: Double = 1e-6, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      abs(a.criterion - b.criterion) <= 1e-8 * max(1, abs(a.criterion)),
      sourceLocation: sourceLocation)
    #expect(abs(a.sigma - b.sigma) <= tolerance * a.sigma, sourceLocation: sourceLocation)
    #expect(a.theta.names == b.theta.names, sourceLocation: sourceLocation)
    for (x, y) in zip(a.fixedEffects, b.fixedEffects) {
      #expect(x.name == y.name, sourceLocation: sourceLocation)
      #expect(
        abs(x.estimate! - y.estimate!) <= tolerance * x.standardError!,
        sourceLocation: sourceLocation)
      #expect(
        abs(x.standardError! - y.standardError!) <= tolerance * x.standardError!,
        sourceLocation: sourceLocation)
    }
    for (x, y) in zip(a.varianceComponents, b.varianceComponents) {
      for (s, t) in zip(x.standardDeviations, y.standardDeviations) {
        #expect(abs(s - t) <= 100 * tolerance * a.sigma, sourceLocation: sourceLocation)
      }
    }
  }

  func expectIdentical(_ a: Fit, _ b: Fit, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(a.criterion == b.criterion, sourceLocation: sourceLocation)
    #expect(a.theta == b.theta, sourceLocation: sourceLocation)
    #expect(
      a.fixedEffects.map(\.estimate) == b.fixedEffects.map(\.estimate),
      sourceLocation: sourceLocation)
    #expect(a.vcov == b.vcov, sourceLocation: sourceLocation)
    #expect(
      a.conditionalModes!.map(\.values) == b.conditionalModes!.map(\.values),
      sourceLocation: sourceLocation)
  }

  @Test(arguments: formulas)
  func `the number of threads changes no bit`(formula: String) throws {
    let data = [table.source()]
    let one = try fit(formula, data) {
      $0.threads = 1; $0.reading.chunkBytes = 512
    }
    for threads in [2, 3] {
      expectIdentical(
        one,
        try fit(formula, data) {
          $0.threads = threads; $0.reading.chunkBytes = 512
        })
    }
  }

  @Test(arguments: formulas)
  func `rows in another order give the same fit`(formula: String) throws {
    var shuffled = table
    var random = SplitMix64(seed: 7)
    shuffled.rows.shuffle(using: &random)
    expectSame(try fit(formula, [table.source()]), try fit(formula, [shuffled.source()]))
  }

  @Test(arguments: formulas)
  func `the size of chunks changes nothing`(formula: String) throws {
    let whole = try fit(formula, [table.source()])
    for bytes in [100, 1000] {
      expectSame(whole, try fit(formula, [table.source()]) { $0.reading.chunkBytes = bytes })
    }
  }

  @Test(arguments: formulas)
  func `several files are one table`(formula: String) throws {
    let whole = try fit(formula, [table.source()])
    let parts = [0..<90, 90..<91, 91..<300].map { range in
      var part = table
      part.rows = Array(table.rows[range])
      return part.source()
    }
    expectSame(whole, try fit(formula, parts))
    expectSame(whole, try fit(formula, [parts[2], parts[0], parts[1]]))
  }

  @Test(arguments: formulas)
  func `weights that are all equal only scale sigma`(formula: String) throws {
    var constant = table
    for i in constant.rows.indices { constant.rows[i].w = 4 }
    let plain = try fit(formula, [table.source()])
    let weighted = try fit(formula, [constant.source()]) { $0.weights = "w" }
    #expect(abs(weighted.sigma - 2 * plain.sigma) <= 1e-6 * plain.sigma)
    for (a, b) in zip(plain.fixedEffects, weighted.fixedEffects) {
      #expect(abs(a.estimate! - b.estimate!) <= 1e-6 * a.standardError!)
    }
    #expect(abs(plain.criterion - weighted.criterion) <= 1e-7 * plain.criterion)
  }

  @Test func `nested groups in short and in full are the same model`() throws {
    expectSame(
      try fit("y ~ x + (1 | g/h)", [table.source()]),
      try fit("y ~ x + (1 | h:g) + (1 | g)", [table.source()]))
  }

  @Test func `a double bar is a sum of terms`() throws {
    expectSame(
      try fit("y ~ x + (x || g)", [table.source()]),
      try fit("y ~ x + (1 | g) + (0 + x | g)", [table.source()]))
  }

  @Test func `contrasts change coefficients, not the ML fit`() throws {
    let base = try fit("y ~ x * f + (f | g)", [table.source()]) { $0.criterion = .ml }
    for contrast in [Contrast.sum, .helmert, .polynomial] {
      let other = try fit("y ~ x * f + (f | g)", [table.source()]) {
        $0.criterion = .ml
        $0.contrasts["f"] = contrast
      }
      #expect(abs(base.criterion - other.criterion) <= 1e-7 * base.criterion)
      #expect(abs(base.sigma - other.sigma) <= 1e-4 * base.sigma)
    }
  }

  @Test func `a grouping factor's labels may be numbers written differently`() throws {
    let csv = { (second: String) in
      var text = "y,g\n"
      var random = SplitMix64(seed: 3)
      for i in 0..<60 {
        let g = i % 6
        text += "\(random.normal() + Double(g)),\(i % 12 < 6 ? "\(g)" : second + "\(g)")\n"
      }
      return DataSource.bytes(Array(text.utf8), name: "numbers.csv")
    }
    let plain = try fit("y ~ 1 + (1 | g)", [csv("")])
    let padded = try fit("y ~ 1 + (1 | g)", [csv("0")])
    #expect(padded.varianceComponents[0].levelCount == 6)
    expectSame(plain, padded)
  }
}
