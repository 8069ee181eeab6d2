// SPDX-License-Identifier: GPL-2.0-or-later
package import MixedModels
import ModelFrames

/// Estimated marginal means with their intervals: along the levels of the first variable, those of the
/// others in colours, and a panel for every combination of what stands behind |.
package struct MeansFigure: Figure {
  private struct Point {
    /// Index into `levels`, and into `series`.
    let level: Int
    let series: Int
    let mean: Double
    let interval: (low: Double, high: Double)
  }
  private struct Panel {
    let title: String?
    let points: [Point]
  }

  package let caption: String
  private let panels: [Panel]
  /// Labels of the first variable, of which all shown, in their order.
  private let levels: [String]
  private let series: [String]
  private let variable: String
  private let axis: String
  private let title: String
  /// Of all intervals.
  private let range: (low: Double, high: Double)

  private static let panelLimit = 24
  private static let seriesLimit = 12
  /// Levels that stand side by side; more are listed from top to bottom, up to the second limit.
  private static let sideBySide = 16
  private static let levelLimit = 60

  /// - Parameter response: As the axis is named.
  /// - Throws: `FigureError.nothingToDraw` without a mean that has an interval, or with too many of them to
  ///   be told apart.
  package init(_ means: MarginalMeans, response: String) throws(FigureError) {
    let own = means.specification.variables.count
    let estimable = means.means.filter { $0.test?.confidenceInterval != nil }
    guard !estimable.isEmpty else {
      throw .nothingToDraw("there is no mean that can be estimated, with an interval.")
    }
    func name(_ labels: ArraySlice<String>) -> String { labels.joined(separator: ", ") }
    func distinct(_ names: [String]) -> [String] {
      var seen: Set<String> = []
      return names.filter { seen.insert($0).inserted }
    }
    let first = distinct(estimable.map { $0.labels.first ?? "mean" })
    let chosen = Set(thinned(first.count, to: Self.levelLimit).map { first[$0] })
    levels = first.filter(chosen.contains)
    series = distinct(estimable.map { name($0.labels.prefix(own).dropFirst()) })
    let groups = distinct(estimable.map { name($0.labels.dropFirst(own)) })
    guard series.count <= Self.seriesLimit else {
      throw .nothingToDraw(
        "\(series.count) lines in one panel cannot be told apart. Put variables behind |, or look at some levels with \(Setting.gridValues(of: means.specification.variables.dropFirst().first ?? "FACTOR", "LEVEL,…"))."
      )
    }
    let places = Dictionary(uniqueKeysWithValues: zip(levels, 0...))
    let seriesPlaces = Dictionary(uniqueKeysWithValues: zip(series, 0...))
    panels = groups.prefix(Self.panelLimit).map { group in
      Panel(
        title: group.isEmpty ? nil : "\(name(means.specification.groups[...])): \(group)",
        points: estimable.compactMap { mean in
          guard name(mean.labels.dropFirst(own)) == group,
            let level = places[mean.labels.first ?? "mean"], let test = mean.test,
            let interval = test.confidenceInterval
          else { return nil }
          return Point(
            level: level, series: seriesPlaces[name(mean.labels.prefix(own).dropFirst())]!,
            mean: test.estimate, interval: interval)
        })
    }
    let all = panels.flatMap(\.points).map(\.interval)
    range = (all.map(\.low).min()!, all.map(\.high).max()!)
    variable = means.specification.variables.first ?? ""
    let what = means.trend.map { "slopes of \($0)" } ?? "means"
    axis = means.trend.map { "\(response) per unit of \($0)" } ?? response
    title =
      "Marginal \(what)\(own > 0 ? " by \(means.specification.variables.joined(separator: " and "))" : "") with \(percent(means.level)) % intervals"
    var text =
      "Estimated marginal \(what) of the fixed part with \(percent(means.level)) % confidence intervals\(means.scale == .response ? ", on the scale of the response" : "")."
    if !means.averaged.isEmpty {
      text += " Averaged over \(means.averaged.joined(separator: ", "))."
    }
    for (name, values) in means.fixedValues where values.count == 1 {
      text += " \(name) is \(Double(values[0]).map(short) ?? values[0])."
    }
    let dropped = means.means.count - estimable.count
    if dropped > 0 { text += " \(dropped) means cannot be estimated." }
    if levels.count < first.count {
      text += " Shown are \(levels.count) of \(first.count.grouped) levels, equally spaced in their order."
    }
    if groups.count > panels.count {
      text += " Shown are \(panels.count) of \(groups.count.grouped) panels."
    }
    caption = text
  }

  /// Whether levels are listed from top to bottom.
  private var isList: Bool { levels.count > Self.sideBySide }
  private var layout: PanelLayout {
    let names = shortNames(levels, limit: 18).map(\.count)
    if isList {
      return PanelLayout(
        panels.count, width: 340 + 6 * (names.max() ?? 5),
        height: max(300, 16 * levels.count * max(1, (series.count + 1) / 2) + 100))
    }
    let crowd = levels.count * max(series.count, 2)
    return PanelLayout(
      panels.count, width: max(panels.count == 1 ? 380 : 300, min(90 + 22 * crowd, 700)),
      height: 320 + (areRotated ? 5 * (names.max() ?? 0) : 0) + (hasKey ? 30 : 0))
  }
  private var areRotated: Bool {
    !isList && shortNames(levels, limit: 18).map(\.count).reduce(0, +) > (panels.count == 1 ? 70 : 40)
  }
  private var hasKey: Bool { series.count > 1 }

  package var size: FigureSize { layout.size }

  package func draw(_ script: inout GnuplotScript) {
    layout.begin(&script, title: title)
    let pad = range.high > range.low ? 0.05 * (range.high - range.low) : max(abs(range.low), 1) * 0.05
    let (low, high) = (range.low - pad, range.high + pad)
    let across: GnuplotCommand = isList ? "x" : "y"
    let along: GnuplotCommand = isList ? "y" : "x"
    script.command("set \(across)range [\(low):\(high)]")
    let count = Double(levels.count)
    script.command(
      isList ? "set yrange [\(count - 0.5):-0.5]" : "set xrange [-0.6:\(count - 0.4)]")
    script.command("set \(across)label \(axis, limit: 60)")
    script.command("set \(along)label \(variable, limit: 60)")
    let tics = GnuplotCommand.tics(shortNames(levels, limit: 18))
    script.command("set \(along)tics nomirror scale 0 (\(tics))")
    if isList, !script.terminal.isText {
      AxisTics(low, high, width: 260).set("x", in: &script)
    }
    if areRotated, !script.terminal.isText { script.command("set xtics rotate by 40 right") }
    if hasKey {
      script.command("set key outside top center horizontal")
    } else {
      script.command("unset key")
    }
    if !script.terminal.isText { script.command("set grid \(across)") }
    for panel in panels { draw(panel, &script) }
    layout.end(&script)
  }

  private func draw(_ panel: Panel, _ script: inout GnuplotScript) {
    if let title = panel.title {
      script.command("set title \(title, limit: layout.titleLimit) \(layout.font(for: title))")
    } else {
      script.command("unset title")
    }
    let names = shortNames(series, limit: 24)
    script.plot(
      series.indices.flatMap { k -> [GnuplotCommand] in
        let points = panel.points.filter { $0.series == k }.sorted { $0.level < $1.level }
        guard !points.isEmpty else { return [] }
        // Intervals stand beside each other.
        let shift = (Double(k) - Double(series.count - 1) / 2) * min(0.16, 0.6 / Double(series.count))
        let data = script.data(
          points.map { [Double($0.level) + shift, $0.mean, $0.interval.low, $0.interval.high] })
        let name: GnuplotCommand = hasKey ? "title \(names[k])" : "notitle"
        if script.terminal.isText {
          let columns: GnuplotCommand = isList ? "2:1:3:4 with xerrorbars" : "1:2:3:4 with yerrorbars"
          return ["\(data) using \(columns) lt \(k + 1) \(name)"]
        }
        let colour = FigureStyle.colours[k % FigureStyle.colours.count]
        let point = [7, 5, 9, 13, 11, 4][k % 6]
        let style: GnuplotCommand = "pt \(point) ps 0.9 lw 1.6 lc rgb \(colour)"
        guard !isList else { return ["\(data) using 2:1:3:4 with xerrorbars \(style) \(name)"] }
        return [
          "\(data) using 1:2 with lines lw 1 dt 2 lc rgb \(FigureStyle.pale(colour, "60")) notitle",
          "\(data) using 1:2:3:4 with yerrorbars \(style) \(name)",
        ]
      })
  }
}

/// 95 of 0.95.
private func percent(_ level: Double) -> String { short(100 * level) }

private func short(_ value: Double) -> String { NumberColumn([value], digits: 4).cells[0] }
