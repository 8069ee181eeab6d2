// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import MixedModels

/// Own and mixed estimates of two effects, with the ellipse of the model.
struct PlaneShrinkage: Sendable {
  private let title: String
  private let names: [String]
  /// What own estimates are called in the key.
  private let ownName: String
  private let levels: Int
  /// x and y by least squares, then by the mixed model.
  private let pairs: [[Double]]
  private let own: HexagonalCounts
  private let mixed: HexagonalCounts
  private let ellipse: [[Double]]
  private let centre: [Double]
  /// Of the axes of densities.
  private let ranges: [(low: Double, high: Double)]

  private static let pairLimit = 300
  private static let quantile95 = 5.991464547107979  // of χ² with two degrees of freedom

  init(_ source: FigureSource, term t: Int, _ estimates: WithinGroupEstimates, own name: String) {
    ownName = name
    let (size, own, mixed) = (estimates.columns.count, estimates.own, estimates.mixed)
    let known = estimates.levels.indices.filter { !own[$0 * size].isNaN }
    levels = known.count
    title = "Shrinkage, \(source.model.terms[t].groupName), \(known.count.grouped) levels"
    names = (0..<2).map { "\(estimates.columns[$0]), \(source.units(estimates.columns[$0]))" }
    let ranges = Self.ranges(own, known, size)
    self.ranges = ranges
    self.own = Self.counts(own, known, size, ranges)
    self.mixed = Self.counts(mixed, known, size, ranges)
    pairs = thinned(known.count, to: Self.pairLimit).map { k -> [Double] in
      let first = known[k] * size
      return [own[first], own[first + 1], mixed[first], mixed[first + 1]]
    }
    centre = (0..<2).map { source.fixedEffect(estimates.columns[$0]) }
    ellipse = Self.ellipse(source.fit.varianceComponents[t].covariances, centre)
  }

  /// Own estimates of levels with few rows lie anywhere: all but one in two hundred at either end,
  /// and some room.
  private static func ranges(
    _ own: [Double], _ levels: [Int], _ size: Int
  ) -> [(low: Double, high: Double)] {
    (0..<2).map { c in
      let sorted = levels.map { own[$0 * size + c] }.sorted()
      let tail = sorted.count / 200
      let (low, high) = (sorted[tail], sorted[sorted.count - 1 - tail])
      let pad = 0.1 * max(high - low, abs(high) * 1e-9)
      return (low - pad, high + pad)
    }
  }

  /// Of the levels inside the ranges.
  private static func counts(
    _ values: [Double], _ levels: [Int], _ size: Int, _ ranges: [(low: Double, high: Double)]
  ) -> HexagonalCounts {
    var counts = HexagonalCounts()
    for level in levels {
      let (x, y) = (values[level * size], values[level * size + 1])
      guard ranges[0].low...ranges[0].high ~= x, ranges[1].low...ranges[1].high ~= y else {
        continue
      }
      counts.add(x, y)
    }
    return counts
  }

  /// Where (b − centre)ᵀ Σ⁻¹ (b − centre) is the quantile of χ².
  private static func ellipse(_ Σ: [[Double]], _ centre: [Double]) -> [[Double]] {
    let a = max(Σ[0][0], 0).squareRoot()
    let b = a > 0 ? Σ[1][0] / a : 0
    let c = max(Σ[1][1] - b * b, 0).squareRoot()
    let radius = quantile95.squareRoot()
    return (0...120).map { k in
      let angle = Double(k) / 120 * 2 * .pi
      let (u, v) = (radius * cos(angle), radius * sin(angle))
      return [centre[0] + a * u, centre[1] + b * u + c * v]
    }
  }

  private func axes(_ script: inout GnuplotScript) {
    script.command("set xlabel \(names[0], limit: 60)")
    script.command("set ylabel \(names[1], limit: 60)")
    if !script.terminal.isText { script.command("set grid") }
  }

  func drawArrows(_ script: inout GnuplotScript) {
    script.command("set title \(title)")
    axes(&script)
    script.command("set key outside top center horizontal")
    let data = script.data(pairs)
    let (ring, cross) = (script.data(ellipse), script.data([centre]))
    if script.terminal.isText {
      script.plot([
        "\(data) using 1:2 with points pt 'o' title 'own rows (o)'",
        "\(data) using 3:4 with points pt '*' title 'mixed model (*)'",
        "\(cross) using 1:2 with points pt 'X' title 'population (X)'",
      ])
      return
    }
    script.plot([
      "\(ring) using 1:2 with lines lc rgb '#000000' dt 2 lw 1 title '95 % of levels'",
      "\(data) using 1:2:($3-$1):($4-$2) with vectors head filled size graph 0.012,20 lw 1 lc rgb '#8c8c8c' notitle",
      "\(data) using 1:2 with points pt 6 ps 0.8 lw 1.4 lc rgb \(FigureStyle.reference) title \(ownName)",
      "\(data) using 3:4 with points pt 7 ps 0.7 lc rgb \(FigureStyle.estimate) title 'mixed model'",
      "\(cross) using 1:2 with points pt 2 ps 1.6 lw 2.5 lc rgb '#000000' title 'population'",
    ])
  }

  func drawDensities(_ script: inout GnuplotScript, _ size: FigureSize) {
    let grid: GnuplotCommand = script.terminal.isText ? "2,1" : "1,2"
    script.command(
      "set multiplot layout \(grid) title \(script.title(title)) font ',14'")
    axes(&script)
    for (axis, range) in zip(["x", "y"] as [GnuplotCommand], ranges) {
      script.command("set \(axis)range [\(range.low):\(range.high)]")
    }
    if !script.terminal.isText {
      AxisTics(ranges[0].low, ranges[0].high, width: 360).set("x", in: &script)
    }
    script.command("set key inside top right opaque")
    for (counts, name) in [(own, "least squares, \(ownName)"), (mixed, "mixed model")] {
      script.command("set title \(name)")
      let density = DensityLayer(counts: counts, unit: "levels")
      density.prepare(&script)
      var elements = density.elements(&script)
      if !script.terminal.isText {
        let (ring, cross) = (script.data(ellipse), script.data([centre]))
        elements += [
          "\(ring) using 1:2 with lines lc rgb \(FigureStyle.reference) lw 2 title '95 % of levels'",
          "\(cross) using 1:2 with points pt 2 ps 1.6 lw 2.5 lc rgb \(FigureStyle.reference) title 'population'",
        ]
      }
      script.plot(elements)
    }
    script.command("unset multiplot")
  }
}
