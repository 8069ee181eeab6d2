// SPDX-License-Identifier: GPL-2.0-or-later
package import MixedModels
import ModelFrames

/// Residual standard deviations with their intervals: by stratum, or by visit and arm.
package struct DeviationFigure: Figure {
  private struct Series {
    /// Empty where there is one.
    let name: String
    let points: [(estimate: Double, interval: (low: Double, high: Double)?)]
  }

  package let caption: String
  private let places: [String]
  private let series: [Series]
  private let axis: String
  private let response: String

  private static let nameLimit = 16
  private static let seriesLimit = FigureStyle.colours.count

  /// - Throws: `FigureError.nothingToDraw` where all residuals have one standard deviation.
  package init(_ fit: Fit, response: String) throws(FigureError) {
    self.response = response
    if let strata = fit.residualStrata {
      axis = strata.name
      places = strata.strata.map(\.label)
      series = [
        Series(
          name: "",
          points: strata.strata.map { ($0.standardDeviation, $0.confidenceInterval) })
      ]
    } else if let residual = fit.residual {
      axis = residual.visit
      places = residual.components.first?.columns ?? []
      series = residual.components.prefix(Self.seriesLimit).map { component in
        Series(
          name: residual.arm.map { "\($0) \(component.name.dropFirst("Residual:".count))" } ?? "",
          points: zip(component.standardDeviations, component.standardErrors).map {
            ($0, Self.interval($0, $1))
          })
      }
    } else {
      throw .nothingToDraw(
        "the residuals have one standard deviation. Tell strata apart with \(Setting.residualBy)."
      )
    }
    let left = (fit.residual?.components.count ?? 1) - series.count
    caption =
      "Residual standard deviations with 95 % Wald intervals on the scale of their logarithms, in units of \(response)."
      + (left > 0 ? " Shown are the first \(series.count) of \(series.count + left) matrices." : "")
  }

  /// exp(log σ ± z se/σ)
  private static func interval(_ σ: Double, _ error: Double?) -> (low: Double, high: Double)? {
    guard let error, σ > 0 else { return nil }
    let interval = logarithmicWaldInterval(σ, error)
    return interval.high.isFinite ? interval : nil
  }

  package var size: FigureSize {
    FigureSize(width: min(max(480, 160 + 40 * places.count), 1100), height: 400, textPanels: 1)
  }

  package func draw(_ script: inout GnuplotScript) {
    script.command("set title 'Residual standard deviations with 95 % intervals'")
    script.command("set xlabel \(axis, limit: 80)")
    script.command("set ylabel \("σ, units of \(response)", limit: 60)")
    script.command("set xrange [-0.6:\(Double(places.count) - 0.4)]")
    let names = shortNames(places, limit: Self.nameLimit)
    script.command("set xtics nomirror scale 0 (\(GnuplotCommand.tics(names, most: 30)))")
    script.command(series.count > 1 ? "set key outside top center horizontal" : "unset key")
    if !script.terminal.isText { script.command("set grid y") }
    let width = 0.5 / Double(series.count)
    script.plot(
      series.enumerated().flatMap { k, line -> [GnuplotCommand] in
        let shift = (Double(k) - Double(series.count - 1) / 2) * width
        let points = line.points.enumerated().map { place, point in
          [
            Double(place) + shift, point.estimate, point.interval?.low ?? point.estimate,
            point.interval?.high ?? point.estimate,
          ]
        }
        let data = script.data(points)
        let title: GnuplotCommand = line.name.isEmpty ? "notitle" : "title \(line.name, limit: 32)"
        return [
          script.terminal.isText
            ? "\(data) using 1:2:3:4 with yerrorbars \(title)"
            : "\(data) using 1:2:3:4 with yerrorbars pt 7 ps 0.9 lw 1.8 lc rgb \(FigureStyle.colours[k]) \(title)"
        ]
      })
  }
}
