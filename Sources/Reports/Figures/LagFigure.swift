// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
package import ModelFrames

/// What goes with the time or the distance between two values: a variogram of residuals, or a correlogram of
/// a field's effects, with the model's as a line.
package struct LagFigure: Figure {
  private struct Series {
    /// Empty where there is one.
    let name: String
    let points: [(lag: Double, value: Double, model: Double)]
  }

  package let size = FigureSize(width: 640, height: 420)
  package let caption: String
  private let title: String
  private let axes: (horizontal: String, vertical: String)
  private let series: [Series]
  private let least: Double?

  /// Of the residuals of a subject; reads the rows once.
  ///
  /// - Throws: `FigureError.nothingToDraw` where residuals are independent; `DataError`, `FitError`.
  package init(variogram source: FigureSource, data: [any TableSource]) throws {
    guard let variogram = try source.fitted.residualVariogram(data), !variogram.points.isEmpty else {
      throw FigureError.nothingToDraw(
        "a variogram is one of residuals that are correlated in time (\(Setting.residual("ar1(time | subject)"))), and those of this model are independent."
      )
    }
    title = "Variogram of residuals of one \(variogram.subject)"
    axes = ("Difference of \(variogram.time)", "½ mean (r − r′)², units of \(source.response) squared")
    series = [Series(name: "", points: variogram.points.map { ($0.lag, $0.semivariance, $0.model) })]
    least = 0
    let left = source.fit.observations - variogram.rows
    caption =
      "Half the mean square of the differences between residuals of one \(variogram.subject), by the difference of \(variogram.time): points are those of the rows, the line is the model's."
      + (left > 0 ? " The first \(variogram.rows.grouped) rows are shown." : "")
  }

  /// Of the effects of levels along axes.
  ///
  /// - Throws: `FigureError` where no term has such levels.
  package init(correlogram source: FigureSource, group: String?) throws(FigureError) {
    let found = try source.first(ofGroup: group) {
      FieldCorrelogram(source.model, φ: source.fitted.φ, term: $0, modes: source.modes($0))
    }
    guard let found else {
      throw .nothingToDraw(
        "a correlogram is one of levels along axes, and \(group.map { "those of \($0) have none" } ?? "the model has no such term, or its effects are zero"). Write ar1(row):ar1(column) into the formula."
      )
    }
    title = "Correlogram of the effects of \(found.group)"
    axes = ("Distance", "Correlation")
    series = found.axes.map { axis in
      Series(name: axis.name, points: axis.points.map { ($0.lag, $0.correlation, $0.model) })
    }
    least = nil
    caption =
      "Correlations of the conditional modes of \(found.group) along each axis, by distance (points), and those of the model (lines). Modes are smoother than effects, and correlated more."
  }

  package func draw(_ script: inout GnuplotScript) {
    script.command("set title \(title, limit: 80)")
    script.command("set xlabel \(axes.horizontal, limit: 80)")
    script.command("set ylabel \(axes.vertical, limit: 60)")
    if let least { script.command("set yrange [\(least):*]") }
    script.command("set key outside top center horizontal")
    if !script.terminal.isText { script.command("set grid y") }
    script.plot(
      series.enumerated().flatMap { k, line -> [GnuplotCommand] in
        let data = script.data(line.points.map { [$0.lag, $0.value, $0.model] })
        let name = line.name.isEmpty ? "" : "\(line.name), "
        guard !script.terminal.isText else {
          return [
            "\(data) using 1:2 with points title \("\(name)found", limit: 32)",
            "\(data) using 1:3 with lines title \("\(name)model", limit: 32)",
          ]
        }
        let colour = FigureStyle.colours[k % FigureStyle.colours.count]
        return [
          "\(data) using 1:3 with lines lw 2 lc rgb \(colour) title \("\(name)model", limit: 32)",
          "\(data) using 1:2 with points pt 7 ps 0.8 lc rgb \(colour) title \("\(name)found", limit: 32)",
        ]
      })
  }
}
