// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// Time and memory against rows, levels and threads, as measured by Benchmarks/Scaling.
package struct ScalingFigure: Figure {
  private struct Point {
    let axis: String
    let series: String
    let x: Double
    let values: [Double]
  }

  package let size = FigureSize(width: 1020, height: 620, textPanels: 6)
  package let caption =
    "Wall time and peak memory of whole processes that read a table and fit it, against rows, levels and threads."
  private let points: [Point]

  private static let axes = ["rows", "levels", "threads"]
  private static let measures = [("wall_s", "wall time, s"), ("memory_mb", "peak memory, MB")]

  /// - Parameter path: CSV with the columns axis, series, x, wall_s and memory_mb.
  /// - Throws: `DataError`, `FigureError.nothingToDraw`.
  package init(contentsOf path: String) throws {
    let table = try ResultTable(
      path, numbers: ["x"] + Self.measures.map(\.0), texts: ["axis", "series"])
    let (axis, series, x) = (table.texts("axis"), table.texts("series"), table.numbers("x"))
    let values = Self.measures.map { table.numbers($0.0) }
    points = x.indices.map { k in
      Point(axis: axis[k], series: series[k], x: x[k], values: values.map { $0[k] })
    }
    guard points.contains(where: { Self.axes.contains($0.axis) }) else {
      throw FigureError.nothingToDraw(
        "\(path.printable) has no line whose axis is rows, levels or threads.")
    }
  }

  private var series: [String] {
    points.reduce(into: []) { if !$0.contains($1.series) { $0.append($1.series) } }
  }

  package func draw(_ script: inout GnuplotScript) {
    let axes = Self.axes.filter { axis in points.contains { $0.axis == axis } }
    let grid: GnuplotCommand = script.terminal.isText ? "\(2 * axes.count),1" : "2,\(axes.count)"
    script.command("set multiplot layout \(grid) title \(script.title("Scaling")) font ',14'")
    if !script.terminal.isText { script.command("set grid") }
    for (m, measure) in Self.measures.enumerated() {
      for axis in axes {
        let isLog = axis != "threads"
        script.command(isLog ? "set logscale xy" : "unset logscale xy")
        for dimension in ["x", "y"] as [GnuplotCommand] {
          script.command("set format \(dimension) \(isLog ? "%.0e" : "%g")")
        }
        script.command(isLog ? "set xtics autofreq rotate by 0 font ',10'" : "set xtics 1")
        script.command(isLog ? "set autoscale" : "set yrange [0:*]")
        script.command("set xlabel \(axis + (isLog ? " (log scale)" : ""))")
        script.command("set ylabel \(measure.1 + (isLog ? " (log scale)" : ""))")
        script.command(m == 0 && axis == axes[0] ? "set key top left Left reverse" : "unset key")
        script.plot(elements(axis, m, &script))
      }
    }
    script.command("unset multiplot")
  }

  private func elements(_ axis: String, _ measure: Int, _ script: inout GnuplotScript)
    -> [GnuplotCommand]
  {
    series.enumerated().compactMap { k, name -> GnuplotCommand? in
      let own = points.filter { $0.axis == axis && $0.series == name }.sorted { $0.x < $1.x }
      guard !own.isEmpty else { return nil }
      let data = script.data(own.map { [$0.x, $0.values[measure]] })
      let title: GnuplotCommand = "title \(name, limit: 24)"
      if script.terminal.isText { return "\(data) using 1:2 with linespoints \(title)" }
      return
        "\(data) using 1:2 with linespoints pt \(5 + 2 * (k % 3)) ps 0.8 lw 1.8 lc rgb \(FigureStyle.colours[k % FigureStyle.colours.count]) \(title)"
    }
  }
}
