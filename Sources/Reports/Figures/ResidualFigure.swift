// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
package import ModelFrames

/// Residuals against fitted values, with their mean along the fitted values.
package struct ResidualFigure: Figure {
  package let size = FigureSize(width: 820, height: 560)
  package let caption: String
  private let response: String
  /// What the vertical axis shows.
  private let residual: String
  private let sigma: Double
  private let density: DensityLayer

  /// Reads the rows once.
  ///
  /// - Throws: `DataError`, `FitError`, `FigureError.otherRows`.
  package init(_ source: FigureSource, data: [any TableSource]) throws {
    let fit = source.fit
    let isWeighted = fit.weights != nil || fit.residualStrata != nil
    let visit = fit.residual.map(\.visit)
    var counts = HexagonalCounts()
    try source.forEachRows(of: data, with: { _, _ in () }) { rows, _ in
      for row in rows.fitted.indices {
        counts.add(rows.fitted[row], rows.weights[row].squareRoot() * rows.residuals[row])
      }
    }
    (response, sigma) = (source.response, source.fitted.scaledDeviation)
    let difference = isWeighted ? "√w · (\(response) − fitted)" : "\(response) − fitted"
    residual = visit.map { "\(isWeighted ? difference : "(\(difference))") / SD of the \($0)" } ?? difference
    density = DensityLayer(counts: counts, unit: "rows")
    let cells = counts.isDense ? ", counted in hexagonal cells" : ""
    caption = visit.map {
      "Residuals of \(fit.observations.grouped) rows, each in units of the standard deviation of its \($0), against fitted values\(cells). The orange line is their mean; dashed lines are at ±2."
    }
      ?? "Residuals of \(fit.observations.grouped) rows against fitted values (fixed and random effects together)\(cells). The orange line is their mean; dashed lines are at ±2σ. The mean rises a little even for the right model, since random effects are shrunk."
  }

  /// Room around values that differ by nothing but rounding, such as the fitted values of a model
  /// whose effects are all zero; nil for others.
  private static func widened(_ values: [Double]) -> (low: Double, high: Double)? {
    guard let low = values.min(), let high = values.max() else { return nil }
    let size = max(abs(low), abs(high))
    guard high - low <= 1e-9 * size || size == 0 else { return nil }
    let room = size == 0 ? 1 : 0.1 * size
    return (low - room, high + room)
  }

  package func draw(_ script: inout GnuplotScript) {
    script.command(
      "set title \("Residuals against fitted values, \(density.counts.total.grouped) rows")"
    )
    script.command(
      "set xlabel \("Fitted values, in units of \(response)", limit: 80)")
    script.command("set ylabel \("Residual, \(residual)", limit: 60)")
    if !script.terminal.isText { script.command("set grid") }
    density.prepare(&script)
    let range = density.counts.isDense ? nil : Self.widened(density.counts.points.map(\.x))
    if let range {
      script.command("set xrange [\(range.low):\(range.high)]")
    }
    var elements = density.elements(&script)
    // Where all fitted values are the same there is no mean along them.
    let means = script.data(range == nil ? density.counts.means.map { [$0.x, $0.y] } : [])
    if script.terminal.isText {
      elements += ["0 with lines notitle"]
    } else {
      // Among coloured cells the mean needs an edge; among dots that would only cut other lines.
      let edge: GnuplotCommand = "\(means) using 1:2 with lines lc rgb '#ffffff' lw 4.5 notitle"
      elements += [
        "0 with lines lc rgb '#000000' lw 0.8 notitle",
        "\(2 * sigma) with lines lc rgb '#000000' dt 2 lw 0.8 notitle",
        "\(-2 * sigma) with lines lc rgb '#000000' dt 2 lw 0.8 title '±2σ'",
      ]
      if density.counts.isDense { elements.append(edge) }
      elements += [
        "\(means) using 1:2 with lines lc rgb \(FigureStyle.reference) lw 2.5 title 'mean'"
      ]
    }
    script.command("set key outside top right horizontal")
    script.plot(elements)
  }
}
