// SPDX-License-Identifier: GPL-2.0-or-later
package import MixedModels

/// The coefficients of the fixed part with their intervals, one below the other.
package struct CoefficientFigure: Figure {
  private struct Line {
    let name: String
    let estimate: Double
    let interval: (low: Double, high: Double)
    var leavesOutZero: Bool { interval.low > 0 || interval.high < 0 }
  }

  package let caption: String
  private let lines: [Line]
  private let response: String

  private static let limit = 60
  private static let nameLimit = 40

  /// `fit` must have been tested.
  ///
  /// - Throws: `FigureError.nothingToDraw` where there is no coefficient but the intercept.
  package init(_ fit: Fit, response: String) throws(FigureError) {
    let slopes = fit.fixedEffects.filter { $0.name != "(Intercept)" }
    let all = slopes.compactMap { effect -> Line? in
      guard let estimate = effect.estimate, let interval = effect.confidenceInterval else {
        return nil
      }
      return Line(name: effect.name, estimate: estimate, interval: interval)
    }
    guard !all.isEmpty else {
      throw .nothingToDraw("the fixed part has no coefficient but the intercept.")
    }
    lines = Array(all.prefix(Self.limit))
    self.response = response
    var text =
      "Coefficients of the fixed part with 95 % confidence intervals, in units of \(response) per unit of their columns; the intercept is left out. Blue intervals leave out zero."
    let dropped = slopes.count - all.count
    if dropped > 0 {
      text += " \(dropped) of dropped columns \(dropped == 1 ? "has" : "have") no estimate."
    }
    if lines.count < all.count { text += " Shown are the first \(lines.count) of \(all.count.grouped)." }
    caption = text
  }

  private var names: [String] { shortNames(lines.map(\.name), limit: Self.nameLimit) }

  package var size: FigureSize {
    FigureSize(
      width: 480 + 7 * (names.map(\.count).max() ?? 0), height: 110 + 24 * max(lines.count, 3),
      textPanels: max(1, (lines.count + 8 + 23) / 24))
  }

  package func draw(_ script: inout GnuplotScript) {
    script.command("set title 'Coefficients with 95 % intervals'")
    script.command("set xlabel \("estimate, units of \(response)", limit: 80)")
    script.command("unset key")
    script.command("set yrange [\(Double(lines.count) - 0.4):-0.6]")
    script.command("set ytics nomirror scale 0 (\(GnuplotCommand.tics(names)))")
    let low = min(0, lines.map(\.interval.low).min()!)
    let high = max(0, lines.map(\.interval.high).max()!)
    if !script.terminal.isText {
      AxisTics(low, high, width: 380).set("x", in: &script)
      script.command("set grid x")
      script.command("set arrow 1 from 0, graph 0 to 0, graph 1 nohead lc rgb '#000000' lw 0.8 back")
    }
    // Error bars of no point make gnuplot 5.4 crash.
    let parts = [(false, "#8c8c8c"), (true, FigureStyle.estimate)].compactMap {
      clear, colour -> (GnuplotCommand, String)? in
      let shown = lines.enumerated().filter { $1.leavesOutZero == clear }
      guard !shown.isEmpty else { return nil }
      return (
        script.data(
          shown.map { [$1.estimate, Double($0), $1.interval.low, $1.interval.high] }), colour
      )
    }
    script.plot(
      parts.map { data, colour in
        script.terminal.isText
          ? "\(data) using 1:2:3:4 with xerrorbars pt 'o' lt 1 notitle"
          : "\(data) using 1:2:3:4 with xerrorbars pt 7 ps 0.9 lw 1.8 lc rgb \(colour) notitle"
      })
  }
}
