// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
package import ModelFrames

/// Normal quantile plots of the residuals, where the rows are at hand, and of the conditional modes.
package struct QuantileFigure: Figure {
  private struct Panel {
    let title: String
    let label: String
    let quantiles: NormalQuantiles
  }

  package let caption: String
  private let panels: [Panel]

  private static let panelLimit = 9

  /// Reads the rows once, if there are any; the conditional modes need none.
  ///
  /// - Throws: `DataError`, `FitError`, `FigureError`.
  package init(_ source: FigureSource, data: [any TableSource], group: String?) throws {
    var panels: [Panel] = []
    if !data.isEmpty { panels.append(try Self.residuals(source, data)) }
    let only = try group.map { name throws(FigureError) in
      source.model.terms[try source.term(name) { _ in true }].groupName
    }
    let modes = source.fit.conditionalModes ?? []
    let limit = PanelLayout(Self.panelLimit, width: Self.width, height: Self.height).titleLimit
    var isLeftOut = false
    for (term, component) in zip(modes, source.fit.varianceComponents)
    where only == nil || only == term.group {
      for (c, column) in term.columns.enumerated() where panels.count < Self.panelLimit {
        let values = Self.standardized(term, c, variance: component.covariances[c][c])
        isLeftOut = isLeftOut || values.count < term.levels.count
        guard !values.isEmpty else { continue }
        panels.append(
          Panel(
            title: panelTitle(
              term.group, column, ", \(values.count.grouped) levels", limit: limit),
            label: "mode / its standard deviation", quantiles: NormalQuantiles(values)))
      }
    }
    guard !panels.isEmpty else {
      throw FigureError.nothingToDraw("all conditional modes are zero, and there are no rows.")
    }
    self.panels = panels
    let ofModes = "Modes are divided by their own standard deviations, √(variance − conditional variance), since those of levels with few rows are shrunk more. "
    caption =
      "Normal quantile plots\(data.isEmpty ? " of the conditional modes; those of the residuals need the rows" : ""). \(source.fit.residual == nil ? ofModes : "")The line goes through the quartiles; the band holds 95 % of the quantiles of normal samples, place by place."
      + (isLeftOut ? " Effects without a variance, and levels that the rows say nothing of, are left out." : "")
  }

  private static let (width, height) = (360, 330)

  /// Var(b̂) = Var(b) − Var(b | y), θ and β held.
  private static func standardized(
    _ term: ConditionalModes, _ column: Int, variance: Double
  ) -> [Double] {
    term.levels.indices.compactMap { level in
      let own = variance - term.covariance(level: level, column, column)
      guard own > 1e-9 * variance else { return nil }
      return term.mode(level: level, column: column) / own.squareRoot()
    }
  }

  private static func residuals(_ source: FigureSource, _ data: [any TableSource]) throws -> Panel {
    var quantiles = StreamingQuantiles()
    let sigma = source.fitted.scaledDeviation
    try source.forEachRows(of: data, with: { _, _ in () }) { rows, _ in
      for (residual, w) in zip(rows.residuals, rows.weights) {
        quantiles.add(residual * w.squareRoot() / sigma)
      }
    }
    let count = source.fit.observations
    return Panel(
      title: "Residuals, \(count.grouped) rows",
      label: source.fit.residual.map { "residual / SD of the \($0.visit)" }
        ?? (source.fit.weights == nil && source.fit.residualStrata == nil ? "residual / σ" : "√w · residual / σ"),
      quantiles: NormalQuantiles(count: count) { quantiles.quantiles($0) })
  }

  private var layout: PanelLayout { PanelLayout(panels.count, width: Self.width, height: Self.height) }
  package var size: FigureSize { layout.size }

  package func draw(_ script: inout GnuplotScript) {
    layout.begin(&script, title: "Normal quantile plots")
    script.command("unset key")
    for panel in panels {
      script.command("set title \(panel.title) \(layout.font(for: panel.title))")
      script.command("set xlabel 'standard normal quantile'")
      script.command("set ylabel \(panel.label, limit: 34)")
      draw(panel.quantiles, &script)
    }
    layout.end(&script)
  }

  private func draw(_ quantiles: NormalQuantiles, _ script: inout GnuplotScript) {
    let line = { (z: Double) in quantiles.intercept + quantiles.slope * z }
    let points = script.data(quantiles.points.map { [$0.normal, $0.sample] })
    let guide = script.data(
      quantiles.points.map { point in
        let (z, half) = (point.normal, quantiles.halfWidth(at: point.normal))
        return [z, line(z), line(z) - half, line(z) + half]
      })
    if script.terminal.isText {
      script.plot([
        "\(guide) using 1:2 with dots notitle", "\(points) using 1:2 with points pt 'o' notitle",
      ])
      return
    }
    script.command("set grid")
    script.plot([
      "\(guide) using 1:3:4 with filledcurves fc rgb '#e8e8e8' fs solid 1 notitle",
      "\(guide) using 1:2 with lines lc rgb \(FigureStyle.reference) lw 1.5 notitle",
      "\(points) using 1:2 with points pt 7 ps 0.45 lc rgb \(FigureStyle.estimate) notitle",
    ])
  }
}
