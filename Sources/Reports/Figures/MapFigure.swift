// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import MixedModels

/// The effects of a field's plots as colours where the plots lie: a panel for every field.
package struct MapFigure: Figure {
  /// Rectangles of plots, or of the means of some that lie together.
  private struct Panel {
    /// `north: 120 plots`
    let title: String
    let plots: Int
    /// Centre by column and row, and the mean of the modes.
    let cells: [(x: Double, y: Double, mode: Double)]
    /// Of one rectangle.
    let width: Double
    let height: Double
  }

  package let caption: String
  private let group: String
  private let axes: (String, String)
  private let panels: [Panel]
  /// Of the scale, from zero to both sides.
  private let largest: Double
  private let units: String

  private static let panelLimit = 12
  /// Rectangles along one side.
  private static let cellLimit = 120

  /// - Throws: `FigureError` where no term has levels along two axes.
  package init(_ source: FigureSource, group: String?) throws(FigureError) {
    let found = try source.first(ofGroup: group) {
      FieldEffects(source.model, term: $0, modes: source.modes($0))
    }
    guard let found else {
      throw .nothingToDraw(
        "a map is one of levels along two axes, and \(group.map { "those of \($0) have none" } ?? "the model has no such term"). Write ar1(row):ar1(column) into the formula."
      )
    }
    (self.group, axes, units) = (found.group, found.axes, source.response)
    panels = found.fields.prefix(Self.panelLimit).map(Self.panel)
    largest = panels.flatMap(\.cells).reduce(0) { max($0, abs($1.mode)) }
    let count = found.fields.count
    caption =
      "Conditional modes of \(found.group) where the plots lie, those without records included."
      + (panels.contains { $0.cells.count < $0.plots } ? " Of many plots means of neighbours are drawn." : "")
      + (count > panels.count ? " Shown are \(panels.count) of \(count.grouped) fields." : "")
  }

  /// Whether a model has a term with levels along two axes.
  static func suits(_ source: FigureSource) -> Bool {
    source.model.terms.indices.contains { FieldEffects.exist(source.model, term: $0) }
  }

  private static func panel(_ field: FieldEffects.Field) -> Panel {
    let (x, y) = (Axis(field.plots.map(\.column)), Axis(field.plots.map(\.row)))
    var sums: [Int: (sum: Double, count: Int)] = [:]
    for plot in field.plots {
      let cell = y.cell(plot.row) * (Self.cellLimit + 1) + x.cell(plot.column)
      let old = sums[cell] ?? (0, 0)
      sums[cell] = (old.sum + plot.mode, old.count + 1)
    }
    let cells = sums.sorted { $0.key < $1.key }.map { cell, mean in
      (
        x: x.centre(cell % (Self.cellLimit + 1)), y: y.centre(cell / (Self.cellLimit + 1)),
        mode: mean.sum / Double(mean.count)
      )
    }
    let name = field.name.isEmpty ? "" : shortNames([field.name], limit: 30)[0] + ": "
    let title = name + "\(field.plots.count.grouped) plots"
    return Panel(
      title: title, plots: field.plots.count, cells: cells, width: x.width, height: y.width)
  }

  /// Places along one axis in cells of one width.
  private struct Axis {
    let low: Double
    let width: Double

    init(_ places: [Double]) {
      let sorted = Set(places).sorted()
      let least = zip(sorted.dropFirst(), sorted).map { $0 - $1 }.min() ?? 1
      low = sorted[0]
      let span = sorted[sorted.count - 1] - low
      width = max(least, span / Double(MapFigure.cellLimit - 1))
    }

    func cell(_ place: Double) -> Int { Int(((place - low) / width + 1e-9).rounded(.down)) }
    func centre(_ cell: Int) -> Double { low + Double(cell) * width }
  }

  private var layout: PanelLayout { PanelLayout(panels.count, width: 380, height: 340) }
  package var size: FigureSize { layout.size }

  package func draw(_ script: inout GnuplotScript) {
    layout.begin(&script, title: "Effects of \(group), units of \(units)")
    script.command("unset key")
    let end = largest > 0 ? largest : 1
    if !script.terminal.isText {
      script.command("set palette defined (-1 \(FigureStyle.blueEnd), 0 '#f7f7f7', 1 \(FigureStyle.orangeEnd))")
      script.command("set cbrange [\(-end):\(end)]")
    }
    for panel in panels { draw(panel, end, &script) }
    layout.end(&script)
  }

  private func draw(_ panel: Panel, _ end: Double, _ script: inout GnuplotScript) {
    script.command("set title \(panel.title)")
    script.command("set xlabel \(shortNames([axes.1], limit: 30)[0])")
    script.command("set ylabel \(shortNames([axes.0], limit: 30)[0])")
    // Rectangles from edge to edge: no row 0 beside row 1.
    let (columns, rows) = (panel.cells.map(\.x), panel.cells.map(\.y))
    script.command("set offsets 0, 0, 0, 0")
    script.command(
      "set xrange [\(columns.min()! - panel.width / 2):\(columns.max()! + panel.width / 2)]")
    script.command(
      "set yrange [\(rows.max()! + panel.height / 2):\(rows.min()! - panel.height / 2)]")
    guard script.terminal.isText else {
      let data = script.data(
        panel.cells.map { [$0.x, $0.y, panel.width / 2, panel.height / 2, $0.mode] })
      script.plot(["\(data) using 1:2:3:4:5 with boxxyerror fillstyle solid 1 noborder lc palette"])
      return
    }
    // Five classes, from far below zero to far above it.
    let marks: [GnuplotCommand] = ["'='", "'-'", "'.'", "'+'", "'#'"]
    let elements = marks.indices.compactMap { k -> GnuplotCommand? in
      let cells = panel.cells.filter { min(max(Int(($0.mode / end + 1) * 2.5), 0), 4) == k }
      guard !cells.isEmpty else { return nil }
      return "\(script.data(cells.map { [$0.x, $0.y] })) using 1:2 with points pt \(marks[k]) notitle"
    }
    script.plot(elements)
  }
}
