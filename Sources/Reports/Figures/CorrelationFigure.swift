// SPDX-License-Identifier: GPL-2.0-or-later
package import MixedModels

/// Correlation matrices as coloured squares: between the visits of a subject, and of random effects.
package struct CorrelationFigure: Figure {
  private struct Panel {
    let title: String
    let names: [String]
    /// Rows of the matrix; NaN where a standard deviation is zero.
    let rows: [[Double]]
  }

  package let caption: String
  private let panels: [Panel]

  private static let panelLimit = 12
  /// Columns of a matrix.
  private static let sideLimit = 100
  /// Up to so many columns the correlations stand in the squares.
  private static let numbersLimit = 12
  private static let nameLimit = 32
  /// Characters that have room beside a matrix of the least size.
  private static let usualName = 14

  /// - Throws: `FigureError.nothingToDraw` where nothing is correlated.
  package init(_ fit: Fit) throws(FigureError) {
    let matrices = fit.covarianceComponents.filter { $0.columns.count > 1 }
    guard !matrices.isEmpty else {
      throw .nothingToDraw("no term has a matrix of correlations: each has one column.")
    }
    panels = matrices.prefix(Self.panelLimit).map { component in
      let shown = component.columns.indices.prefix(Self.sideLimit)
      return Panel(
        title: component.group == component.name || component.name.hasPrefix("\(component.group).")
          ? component.name : "\(component.name), \(component.group)",
        names: shortNames(Array(component.columns[shown]), limit: Self.nameLimit),
        rows: shown.map { i in shown.map { component.correlations[i][$0] ?? .nan } })
    }
    var text = "Estimated correlations"
    if let residual = fit.residual {
      text += " between the residuals of a subject (\(residual.structure.rawValue))"
    }
    text += ": blue where positive, orange where negative, white at zero."
    let isCut = matrices.contains { $0.columns.count > Self.sideLimit }
    if isCut { text += " Of larger matrices the first \(Self.sideLimit) columns are shown." }
    if matrices.count > panels.count {
      text += " Shown are the first \(panels.count) of \(matrices.count) matrices."
    }
    caption = text
  }

  private var layout: PanelLayout {
    let longest = panels.flatMap { $0.names.map(\.count) }.max() ?? 0
    let extra = max(0, longest - Self.usualName)
    // Names stand level beside the matrix, and obliquely under it.
    return PanelLayout(panels.count, width: 400 + 11 * extra, height: 360 + 5 * extra)
  }
  package var size: FigureSize { layout.size }

  package func draw(_ script: inout GnuplotScript) {
    layout.begin(&script, title: "Correlations")
    script.command("unset key")
    script.command("set palette defined (-1 \(FigureStyle.orangeEnd), 0 '#f7f7f7', 1 \(FigureStyle.blueEnd))")
    script.command("set cbrange [-1:1]")
    script.command("set cbtics 0.5")
    script.command("set offsets 0, 0, 0, 0")
    for panel in panels { draw(panel, &script) }
    layout.end(&script)
  }

  private func draw(_ panel: Panel, _ script: inout GnuplotScript) {
    let m = panel.names.count
    script.command(
      "set title \(panel.title, limit: layout.titleLimit) \(layout.font(for: panel.title))")
    let edge = Double(m) - 0.5
    script.command("set xrange [-0.5:\(edge)]")
    script.command("set yrange [\(edge):-0.5]")
    // Names of many columns would lie over each other.
    let tics = GnuplotCommand.tics(panel.names, most: 20)
    let areLong = panel.names.map(\.count).reduce(0, +) > 30
    script.command("set ytics nomirror scale 0 (\(tics))")
    script.command(
      areLong && !script.terminal.isText
        ? "set xtics rotate by -45 nomirror scale 0 (\(tics))"
        : "set xtics norotate nomirror scale 0 (\(tics))")
    let cells = panel.rows.enumerated().flatMap { i, row in
      row.enumerated().map { [Double($0), Double(i), $1] }
    }
    let data = script.data(cells)
    let numbers: GnuplotCommand = "\(data) using 1:2:(sprintf('%.2f', $3)) with labels"
    guard !script.terminal.isText else {
      script.plot([numbers])
      return
    }
    var elements: [GnuplotCommand] = ["\(data) using 1:2:3 with image pixels"]
    if m <= Self.numbersLimit {
      // White on the dark ends of the palette.
      elements.append(
        "\(data) using (abs($3) < 0.75 ? $1 : NaN):2:(sprintf('%.2f', $3)) with labels font ',10' tc rgb \(FigureStyle.darkInk)"
      )
      elements.append(
        "\(data) using (abs($3) < 0.75 ? NaN : $1):2:(sprintf('%.2f', $3)) with labels font ',10' tc rgb \(FigureStyle.paleInk)"
      )
    }
    script.plot(elements)
  }
}
