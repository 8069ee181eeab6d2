// SPDX-License-Identifier: GPL-2.0-or-later
package import MixedModels

/// The search for the optimum: the criterion above the best one, and θ.
package struct TraceFigure: Figure {
  package let caption: String
  private let criterionName: String
  /// Of the search that led to the best value, and of the others, an empty row between two of them.
  private let criterion: (main: [[Double]], others: [[Double]])
  /// Of that search.
  private let θ: [(name: String, values: [[Double]])]
  private let optimizer: String

  private static let linesWithKey = 12
  private static let pointLimit = 2000

  /// - Throws: `FigureError.nothingToDraw` for a fit without a search.
  package init(_ fit: Fit) throws(FigureError) {
    let trace = thinned(fit.convergence.trace.count, to: Self.pointLimit)
      .map { fit.convergence.trace[$0] }
    let best = min(fit.criterion, trace.map(\.criterion).min() ?? .infinity)
    guard !trace.isEmpty else {
      throw .nothingToDraw("there is no trace: the model file was saved without one.")
    }
    optimizer = fit.convergence.optimizer
    criterionName = fit.criterionKind == .reml ? "REML criterion" : "−2 log-likelihood"
    // What rounding leaves undecided is drawn as no distance at all.
    let resolution = max(abs(best), 1) * 1e-15
    let distances = trace.map { max($0.criterion - best, resolution) }
    let points = zip(trace, distances).map { [Double($0.evaluation), $1] }
    let searches = TracePhases(distances, starts: fit.convergence.starts)
    let main = searches.phases[searches.main]
    criterion = (
      Array(points[main]),
      searches.phases.filter { $0 != main }.flatMap { points[$0] + [[]] }
    )
    θ = shortNames(fit.theta.names, limit: 32).enumerated().map { k, name in
      (name, trace[main].map { [Double($0.evaluation), k < $0.theta.count ? $0.theta[k] : .nan] })
    }
    caption =
      "The search by \(fit.convergence.optimizer): \(fit.convergence.evaluations) evaluations of the criterion. \(θ.isEmpty ? "Its distance from the best value." : "Left its distance from the best value, right the relative covariance parameters θ\(criterion.others.isEmpty ? "" : " of the search that led there").")"
      + (fit.convergence.starts > 1
        ? " Searches began from \(fit.convergence.starts) points (grey), \(fit.convergence.startsAgreed) of which led to this value (the first of them blue): that others end there, too, or higher is why it is believed."
        : "")
  }

  private var layout: PanelLayout { PanelLayout(θ.isEmpty ? 1 : 2, width: 480, height: 380) }
  package var size: FigureSize { layout.size }

  package func draw(_ script: inout GnuplotScript) {
    layout.begin(&script, title: "Search for the optimum by \(optimizer)")
    if !script.terminal.isText { script.command("set grid") }
    script.command("set xlabel 'evaluation of the criterion'")
    script.command("set logscale y")
    script.command("set format y '%g'")
    script.command("unset key")
    script.command("set title \(criterionName + " above its best")")
    script.command("set ylabel 'difference (log scale)'")
    var elements: [GnuplotCommand] = []
    if !criterion.others.isEmpty {
      let others = script.data(criterion.others)
      elements.append(
        script.terminal.isText
          ? "\(others) using 1:2 with dots notitle"
          : "\(others) using 1:2 with linespoints pt 7 ps 0.25 lw 0.8 lc rgb '#b0b0b0' notitle")
    }
    let distance = script.data(criterion.main)
    let style: GnuplotCommand =
      script.terminal.isText
      ? "with points pt 'o'"
      : "with linespoints pt 7 ps 0.45 lw 1.5 lc rgb \(FigureStyle.estimate)"
    elements.append("\(distance) using 1:2 \(style) notitle")
    script.plot(elements)
    if !θ.isEmpty { drawParameters(&script) }
    layout.end(&script)
  }

  private func drawParameters(_ script: inout GnuplotScript) {
    script.command("unset logscale y")
    script.command("set format y '%g'")
    script.command("unset title")
    script.command("set ylabel 'θ, relative to σ'")
    let hasKey = θ.count <= Self.linesWithKey
    if hasKey { script.command("set key outside top center horizontal font ',11'") }
    script.plot(
      θ.enumerated().map { k, line -> GnuplotCommand in
        let data = script.data(line.values)
        let title: GnuplotCommand = hasKey ? "title \(line.name, limit: 32)" : "notitle"
        if script.terminal.isText { return "\(data) using 1:2 with lines \(title)" }
        let colour = FigureStyle.colours[k % FigureStyle.colours.count]
        return
          "\(data) using 1:2 with lines lw 1.8 dt \(1 + k / FigureStyle.colours.count % 4) lc rgb \(colour) \(title)"
      })
  }
}
