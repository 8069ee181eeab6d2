// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport

/// Models of simulated rows: factors a, b, c that are crossed at random, some levels much more
/// often than others, and
/// `o`, in which a is nested.
struct SimulatedDesign: CustomStringConvertible, Sendable {
  let formula: String
  var rows = 400
  var levels = (a: 30, b: 12, c: 5)
  var weights = false
  var criterion = CriterionKind.reml

  var description: String { "\(formula), \(rows) rows, \(levels)\(weights ? ", weighted" : "")" }

  var source: ColumnTable {
    var random = SplitMix64(seed: 11)
    var numbers = [[Double]](repeating: [], count: 4)
    var labels = [[String]](repeating: [], count: 4)
    for _ in 0..<rows {
      // Squared: low numbers are frequent.
      func draw(_ count: Int) -> Int {
        let u = random.uniform()
        return Int(u * u * Double(count))
      }
      let (a, b, c) = (draw(levels.a), draw(levels.b), draw(levels.c))
      let (x, z) = (random.normal(), random.normal())
      let y = 1 + x + 0.3 * Double(a % 7) * z + 0.5 * Double(b % 5) + random.normal()
      for (k, value) in [y, x, z, 0.2 + random.uniform()].enumerated() { numbers[k].append(value) }
      for (k, label) in ["a\(a)", "b\(b)", "c\(c)", "o\(a / 4)"].enumerated() {
        labels[k].append(label)
      }
    }
    let columns = numbers.map(ColumnTable.Column.numbers) + labels.map(ColumnTable.Column.labels)
    return try! ColumnTable(
      Array(zip(["y", "x", "z", "w", "a", "b", "c", "o"], columns)), name: "design.csv")
  }

  var options: FitOptions {
    var options = FitOptions()
    options.criterion = criterion
    if weights { options.weights = "w" }
    return options
  }

  func model() throws -> LinearMixedModel {
    try LinearMixedModel(Formula(formula), data: [source], options: options)
  }

  static let all = [
    SimulatedDesign(formula: "y ~ x + (1 | a)"),
    SimulatedDesign(formula: "y ~ x + (z | a)"),
    SimulatedDesign(formula: "y ~ x + (x + z | a)", criterion: .ml),
    SimulatedDesign(formula: "y ~ 0 + (x * z | a) + (1 | a)", rows: 900),
    SimulatedDesign(formula: "y ~ x * z * c * o + (z | a)", rows: 900, levels: (40, 5, 2)),
    SimulatedDesign(formula: "y ~ x + (1 | a) + (1 | b)"),
    SimulatedDesign(formula: "y ~ x + (z | a) + (x | b)", weights: true),
    SimulatedDesign(formula: "y ~ x + (x + z | a) + (1 | b) + (z | c)", rows: 700),
    SimulatedDesign(formula: "y ~ x + (1 | a) + (x * z | b) + (1 | c)", weights: true),
    SimulatedDesign(formula: "y ~ x + (1 | o/a)"),
    SimulatedDesign(formula: "y ~ x + (z | o/a) + (x || c)", criterion: .ml),
    SimulatedDesign(formula: "y ~ x + (1 | a:b) + (z | a) + (1 | o)", rows: 800),
    // Sparse cores.
    SimulatedDesign(formula: "y ~ x + (1 | a:b) + (x | a)", rows: 3000, levels: (300, 6, 2)),
    SimulatedDesign(formula: "y ~ x + (z | a) + (1 | b)", rows: 700, levels: (300, 250, 2)),
    SimulatedDesign(
      formula: "y ~ x + (1 | a) + (z | b) + (1 | c)", rows: 900, levels: (300, 250, 120),
      weights: true),
    // Cores with rare and frequent levels.
    SimulatedDesign(formula: "y ~ x + (1 | a) + (1 | b)", rows: 6000, levels: (400, 260, 2)),
    SimulatedDesign(formula: "y ~ x + (z | a) + (x | b)", rows: 6000, levels: (200, 150, 2)),
  ]

  /// Two crossed factors, many of whose levels occur with one of the other's only.
  static let withLeaves = [
    SimulatedDesign(formula: "y ~ x + (1 | a) + (x | b)", rows: 400, levels: (350, 180, 2)),
    SimulatedDesign(
      formula: "y ~ x + (z | a) + (x + z | b)", rows: 500, levels: (150, 110, 2), weights: true),
    SimulatedDesign(
      formula: "y ~ x + (x + z | a) + (x || b)", rows: 500, levels: (80, 2500, 2), criterion: .ml),
  ]
}
