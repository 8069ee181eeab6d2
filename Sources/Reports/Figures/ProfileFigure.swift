// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// Profile ζ of every parameter: a straight line where Wald's interval is right, bent where it is
/// not.
package struct ProfileFigure: Figure {
  private struct Panel: Sendable {
    let name: String
    let units: String
    /// Parameter value, ζ; ascending.
    var points: [(value: Double, zeta: Double)]

    /// The points that matter to an interval; the search for its ends can leave others far away.
    func near(_ limit: Double) -> [(value: Double, zeta: Double)] {
      let near = points.filter { abs($0.zeta) <= limit }
      return near.count > 1 ? near : points
    }
  }

  package let caption: String
  private static let explanation =
    "Profile ζ, the signed root of what the deviance rises by where a parameter is held. Dashed lines at ±1.96 cut it at the ends of the 95 % interval; a straight line means that the parameter's estimate is nearly normal."
  private let panels: [Panel]

  private static let panelLimit = 40
  /// Of ζ, on all panels alike.
  private static let limit = 3.0
  /// So many panels are large.
  private static let largePanels = 12
  private static let quantile = 1.959963984540054

  /// - Parameter path: CSV as `confint --curves` writes it: parameter, value, zeta.
  /// - Throws: `DataError`, `FigureError.nothingToDraw`.
  package init(contentsOf path: String) throws {
    let table = try ResultTable(path, numbers: ["value", "zeta"], texts: ["parameter"])
    let (value, zeta) = (table.numbers("value"), table.numbers("zeta"))
    try self.init(
      zip(table.texts("parameter"), zip(value, zeta)).map { ($0, $1.0, $1.1) }, from: path)
  }

  /// Profiles all parameters of a model.
  ///
  /// - Throws: `InferenceError`, `FitError`, `FigureError.nothingToDraw`.
  package init(_ source: FigureSource) throws {
    var options = ProfileOptions()
    options.pointsPerSide = 10
    let curves = try source.fitted.profile(options).curves
    var units: [Label: String] = [:]
    for curve in curves {
      let parameter = curve.parameter
      units[Label(parameter.name)] =
        switch parameter.kind {
        case .fixed, .standardDeviation: source.units(parameter.term)
        case .sigma: "units of \(source.response)"
        case .correlation: "correlation"
        case .theta: "relative to σ"
        }
    }
    try self.init(
      curves.flatMap { curve in
        curve.points.map { (curve.parameter.name, $0.value, $0.zeta) }
      }, from: source.fit.formula, units: units)
  }

  private init(
    _ points: [(name: String, value: Double, zeta: Double)], from path: String,
    units: [Label: String] = [:]
  ) throws {
    var panels: [Panel] = []
    for point in points where point.value.isFinite && point.zeta.isFinite {
      if panels.last?.name.hasBytes(of: point.name) != true {
        panels.append(
          Panel(name: point.name, units: units[Label(point.name)] ?? "value", points: []))
      }
      panels[panels.count - 1].points.append((point.value, point.zeta))
    }
    guard !panels.isEmpty else {
      throw FigureError.nothingToDraw("\(path.printable) has no points of a profile.")
    }
    self.panels = panels.prefix(Self.panelLimit).map { panel in
      Panel(
        name: panel.name, units: panel.units, points: panel.points.sorted { $0.value < $1.value })
    }
    caption =
      Self.explanation
      + (panels.count > Self.panelLimit
        ? " Shown are \(Self.panelLimit) of \(panels.count) parameters." : "")
  }

  /// Characters of a parameter's name.
  private static let nameLimit = 48

  private var layout: PanelLayout {
    let longest = min(panels.map(\.name.count).max() ?? 0, Self.nameLimit)
    let (width, height) = panels.count > Self.largePanels ? (220, 210) : (300, 270)
    return PanelLayout(panels.count, width: max(width, 13 * longest / 2), height: height)
  }
  package var size: FigureSize { layout.size }

  package func draw(_ script: inout GnuplotScript) {
    layout.begin(&script, title: "Profile ζ")
    script.command("unset key")
    script.command("set yrange [\(-Self.limit):\(Self.limit)]")
    script.command("set ytics nomirror 1 font ',10'")
    if !script.terminal.isText { script.command("set grid") }
    let isLarge = panels.count <= Self.largePanels
    let names = shortNames(panels.map(\.name), limit: min(Self.nameLimit, layout.titleLimit))
    for (panel, name) in zip(panels, names) {
      let points = panel.near(Self.limit)
      script.command("set title \(name) \(layout.font(for: name))")
      script.command("set xlabel \(panel.units, limit: layout.titleLimit) \(layout.font(for: panel.units))")
      script.command("set ylabel 'ζ'")
      AxisTics(
        points[0].value, points.last!.value, width: isLarge ? 220 : 150, character: 5.8, most: 5
      ).set("x", in: &script)
      script.command("set xtics font ',10'")
      let curve = script.data(points.map { [$0.value, $0.zeta] })
      let estimate = script.data(points.filter { $0.zeta == 0 }.map { [$0.value, 0] })
      if script.terminal.isText {
        script.plot(["\(curve) using 1:2 with points pt 'o' notitle"])
        continue
      }
      let ends: [GnuplotCommand] = [-Self.quantile, Self.quantile].map {
        "\($0) with lines dt 2 lw 0.8 lc rgb '#000000' notitle"
      }
      script.plot(
        ends + [
          "0 with lines lw 0.8 lc rgb '#000000' notitle",
          "\(curve) using 1:2 with lines lw 2 lc rgb \(FigureStyle.estimate) notitle",
          "\(estimate) using 1:2 with points pt 7 ps 0.8 lc rgb \(FigureStyle.reference) notitle",
        ])
    }
    layout.end(&script)
  }
}
