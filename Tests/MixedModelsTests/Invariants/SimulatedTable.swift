// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import ModelFrames
import TestSupport

/// A small simulated data set with two crossed factors, a nested one, a covariate, a within-factor
/// and weights.
struct SimulatedTable {
  struct Row {
    var y: Double
    var x: Double
    var f: String
    var g: String
    var h: String
    var w: Double
  }
  var rows: [Row] = []

  init(rows count: Int = 300, seed: UInt64 = 1) {
    var random = SplitMix64(seed: seed)
    let groupEffects = (0..<12).map { _ in (random.normal(), 0.5 * random.normal()) }
    let itemEffects = (0..<7).map { _ in 0.7 * random.normal() }
    for _ in 0..<count {
      let (g, h) = (Int(random.uniform() * 12), Int(random.uniform() * 7))
      let f = Int(random.uniform() * 3)
      let x = random.normal()
      let signal = 2 + 0.8 * x + 0.4 * Double(f) + groupEffects[g].0 + groupEffects[g].1 * x
      rows.append(
        Row(
          y: signal + itemEffects[h] + random.normal(), x: x, f: ["a", "b", "c"][f],
          g: "g\(g + 10)", h: "h\(h)", w: 0.5 + random.uniform()))
    }
  }

  /// The rows as CSV; `y` and `x` may be transformed on the way.
  func csv(y: (Double) -> Double = { $0 }, x: (Double) -> Double = { $0 }) -> [UInt8] {
    var text = "y,x,f,g,h,w\n"
    for row in rows { text += "\(y(row.y)),\(x(row.x)),\(row.f),\(row.g),\(row.h),\(row.w)\n" }
    return Array(text.utf8)
  }

  func source(y: (Double) -> Double = { $0 }, x: (Double) -> Double = { $0 }) -> ColumnTable {
    try! ColumnTable(
      [
        "y": .numbers(rows.map { y($0.y) }), "x": .numbers(rows.map { x($0.x) }),
        "f": .labels(rows.map(\.f)), "g": .labels(rows.map(\.g)), "h": .labels(rows.map(\.h)),
        "w": .numbers(rows.map(\.w)),
      ], name: "simulated.csv")
  }
}
