// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// The conditional modes of the random effects, sorted, with their intervals.
package struct CaterpillarFigure: Figure {
  private struct Panel {
    let group: String
    let column: String
    let units: String
    let levels: Int
    let excludingZero: Int
    /// Ascending: place from 0, mode, half the interval's width.
    let rows: [(place: Double, mode: Double, half: Double)]
    /// Of all rows; nil where there are too many.
    let labels: [String]?

    /// The units, cut so that the count stays whole.
    func units(_ limit: Int) -> String {
      let count =
        rows.allSatisfy { $0.mode == 0 && $0.half == 0 }
        ? " (variance 0: every mode is 0)" : " (\(excludingZero.grouped) exclude 0)"
      return shortNames([units], limit: max(limit - count.count, 8))[0] + count
    }

    /// Of all intervals, zero included.
    var ends: (low: Double, high: Double) {
      (
        min(0, rows.map { $0.mode - $0.half }.min() ?? 0),
        max(0, rows.map { $0.mode + $0.half }.max() ?? 0)
      )
    }
  }

  package let caption: String
  private let panels: [Panel]

  private static let panelLimit = 24
  private static let labelLimit = 60
  /// Up to so many levels are all drawn, of more so many.
  private static let allLimit = 400
  private static let rowLimit = 150
  /// Characters of a level's name.
  private static let nameLimit = 18

  /// `source` must have been made with conditional modes.
  ///
  /// - Throws: `FigureError`.
  package init(_ source: FigureSource, group: String?) throws(FigureError) {
    _ = try source.term(nil) { _ in true }  // there are random effects
    var only: String?
    if let group {
      only = source.model.terms[try source.term(group) { _ in true }].groupName
    }
    let terms = (source.fit.conditionalModes ?? []).filter { only == nil || $0.group == only }
    var panels: [Panel] = []
    for term in terms {
      for column in term.columns.indices where panels.count < Self.panelLimit {
        panels.append(Self.panel(term, column, units: source.units(term.columns[column])))
      }
    }
    self.panels = panels
    let all = terms.reduce(0) { $0 + $1.columns.count }
    caption =
      "Conditional modes with 95 % intervals (mode ± 1.96 conditional standard deviations), each panel sorted. Blue intervals leave out zero."
      + (panels.contains { $0.rows.count < $0.levels }
        ? " Of many levels those at equally spaced ranks are drawn." : "")
      + (all > panels.count ? " Shown are \(panels.count) of \(all) random effects." : "")
  }

  private static func panel(
    _ term: ConditionalModes, _ column: Int, units: String
  ) -> Panel {
    let count = term.levels.count
    let modes = (0..<count).map { term.mode(level: $0, column: column) }
    let half = { (level: Int) in 1.96 * term.standardDeviation(level: level, column: column) }
    let order = modes.indices.sorted { (modes[$0], $0) < (modes[$1], $1) }
    let shown = thinned(count, to: count <= allLimit ? allLimit : rowLimit)
    return Panel(
      group: term.group, column: term.columns[column], units: units, levels: count,
      excludingZero: modes.indices.count { abs(modes[$0]) > half($0) },
      // At equal distances, so that no stripes are seen where ranks are rounded.
      rows: shown.enumerated().map { k, rank in
        let place = Double(k) * Double(count - 1) / Double(max(shown.count - 1, 1))
        return (place, modes[order[rank]], half(order[rank]))
      },
      labels: count <= labelLimit
        ? shortNames(order.map { term.levels[$0] }, limit: nameLimit) : nil)
  }

  /// Of the widest name, in CSS pixels.
  private var nameWidth: Int {
    6 * (panels.compactMap { $0.labels?.map(\.count).max() }.max() ?? 5)
  }
  private var layout: PanelLayout {
    let labelled = panels.compactMap { $0.labels?.count }.max() ?? 0
    return PanelLayout(panels.count, width: 320 + nameWidth, height: max(400, 15 * labelled + 100))
  }

  package var size: FigureSize {
    var size = layout.size
    let labelled = panels.compactMap { $0.labels?.count }.max() ?? 0
    size.textPanels = panels.count * max(1, (labelled + 8 + 23) / 24)
    return size
  }

  package func draw(_ script: inout GnuplotScript) {
    layout.begin(&script, title: "Conditional modes with 95 % intervals")
    script.command("unset key")
    for panel in panels { draw(panel, &script) }
    layout.end(&script)
  }

  private func draw(_ panel: Panel, _ script: inout GnuplotScript) {
    let some =
      panel.rows.count < panel.levels
      ? "\(panel.rows.count) of \(panel.levels.grouped)" : panel.levels.grouped
    let title = panelTitle(panel.group, panel.column, ", \(some) levels", limit: layout.titleLimit)
    script.command("set title \(title) \(layout.font(for: title))")
    let units = panel.units(layout.titleLimit)
    script.command("set xlabel \(units) \(layout.font(for: units))")
    if !script.terminal.isText {
      let ends = panel.ends
      AxisTics(ends.low, ends.high, width: 260).set("x", in: &script)
    }
    let pad = max(1, 0.02 * Double(panel.levels))
    script.command("set yrange [\(-pad):\(Double(panel.levels) - 1 + pad)]")
    // Caps of many intervals would run together.
    script.command(
      panel.labels == nil || script.terminal.isText ? "set errorbars 0" : "set errorbars 1")
    if let labels = panel.labels {
      script.command("set ylabel")
      script.command("set ytics nomirror scale 0 (\(GnuplotCommand.tics(labels))) font ',10'")
    } else {
      script.command("set ylabel 'levels, sorted'")
      script.command("unset ytics")
    }
    let isClear = { (row: (place: Double, mode: Double, half: Double)) in abs(row.mode) > row.half }
    // Error bars of no point make gnuplot 5.4 crash.
    let parts = [(false, "#8c8c8c"), (true, FigureStyle.estimate)].compactMap {
      clear, colour -> (GnuplotCommand, String)? in
      let rows = panel.rows.filter { isClear($0) == clear }
      guard !rows.isEmpty else { return nil }
      return (script.data(rows.map { [$0.mode, $0.place, $0.half] }), colour)
    }
    if script.terminal.isText {
      script.plot(
        parts.flatMap { name, _ in
          [
            "\(name) using 1:2:3 with xerrorbars pt 'o' lt 1 notitle"
          ]
        })
      return
    }
    script.command("set grid x")
    script.command("set arrow 1 from 0, graph 0 to 0, graph 1 nohead lc rgb '#000000' lw 0.8 back")
    script.plot(
      parts.map { name, colour in
        "\(name) using 1:2:3 with xerrorbars pt 7 ps 0.45 lw 1.2 lc rgb \(colour) notitle"
      })
  }
}

/// All of 0 ..< count, or `limit` of them at equal distances, the first and the last included.
func thinned(_ count: Int, to limit: Int) -> [Int] {
  guard count > limit else { return Array(0..<count) }
  return (0..<limit).map { k in
    Int((Double(k) * Double(count - 1) / Double(limit - 1)).rounded())
  }
}
