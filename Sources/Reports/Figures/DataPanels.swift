// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// Panels with common axes, one for every level, close together.
struct DataPanels {
  let count: Int

  init(_ count: Int) { self.count = max(count, 1) }

  private var columns: Int {
    switch count {
    case ...4: count
    case ...6: 3
    case ...12: 4
    case ...15: 5
    case ...18: 6
    default: 5
    }
  }
  private var rowCount: Int { (count + columns - 1) / columns }

  var size: FigureSize {
    FigureSize(
      width: max(620, 60 + columns * 155), height: 130 + rowCount * (rowCount == 1 ? 300 : 165),
      textPanels: min(count, 6))
  }

  func draw(
    _ script: inout GnuplotScript, title: String, labels: [String], rows: [[GroupRows.Row]],
    covariate: String, response: String, dependence: FigureSource.Dependence,
    levels: [String]? = nil
  ) {
    let y = Self.range(rows, \.y)
    let x = levels.map { (low: -0.6, high: Double($0.count) - 0.4) } ?? Self.range(rows, \.x)
    script.command("set xrange [\(x.low):\(x.high)]")
    script.command("set yrange [\(y.low):\(y.high)]")
    script.command("unset key")
    if script.terminal.isText {
      drawText(&script, title, labels, rows, covariate: covariate, response: response)
      return
    }
    let (w, h) = (Double(size.width), Double(size.height))
    let yTics = AxisTics(y.low, y.high, width: h, most: 6)
    let left = max(74, 40 + 6 * Double(yTics.longest))
    let width = (w - left - 14 - 10 * Double(columns - 1)) / Double(columns)
    let xTics = AxisTics(x.low, x.high, width: width, character: 5.8, most: 10)
    let names = shortNames(labels, limit: Int(width / 6.2))
    script.command(
      "set multiplot layout \(rowCount),\(columns) margins \(left / w),\(1 - 14 / w),\(64 / h),\(1 - 84 / h) spacing \(10 / w),\(26 / h)"
    )
    drawLegend(&script, title, covariate: covariate, response: response)
    script.command("set grid")
    let ticNames = levels.map {
      shortNames($0, limit: max(2, Int(width / 6 / Double($0.count))))
    }
    if ticNames == nil {
      xTics.set("x", in: &script)
      script.command("set xtics rotate by 0 font ',10' offset 0,0.3")
    }
    script.command("set ytics nomirror font ',10' autofreq")
    for (k, panel) in rows.enumerated() {
      let isLeft = k.isMultiple(of: columns)
      let isLowest = k + columns >= count
      script.command("set format y \(isLeft ? yTics.format : "")")
      if let ticNames {
        let shown = isLowest ? ticNames : ticNames.map { _ in "" }
        script.command("set xtics nomirror scale 0 (\(GnuplotCommand.tics(shown))) font ',10' offset 0,0.3")
      } else {
        script.command("set format x \(isLowest ? xTics.format : "")")
      }
      script.command(
        "set title \(names[k], limit: 60) offset 0,-0.8 font ',11'")
      if let levels {
        draw(panel, levels: levels.count, &script)
      } else {
        draw(panel, dependence, &script)
      }
      if k == 0 { script.command("unset label") }
    }
    script.command("unset multiplot")
  }

  /// Title, names of the axes and what the colours mean, once for all panels.
  private func drawLegend(
    _ script: inout GnuplotScript, _ title: String, covariate: String, response: String
  ) {
    let (w, h) = (Double(size.width), Double(size.height))
    script.command(
      "set label 1 \(script.title(title), limit: Int(w / 8)) at screen 0.5,\(1 - 20 / h) center font ',14'")
    script.command(
      "set label 2 \(script.labels.horizontal ?? covariate, limit: 80) at screen 0.5,\(18 / h) center")
    script.command(
      "set label 3 \(script.labels.vertical ?? response, limit: Int(h / 9)) at screen \(18 / w),0.5 center rotate by 90")
    for (k, (text, colour)) in [
      ("● rows", FigureStyle.rows), ("━ fitted", FigureStyle.estimate),
      ("╍ population", FigureStyle.reference),
    ].enumerated() {
      script.command(
        "set label \(4 + k) \(text) at screen 0.5,\(1 - 46 / h) center offset \(14 * (k - 1)),0 tc rgb \(colour)"
      )
    }
  }

  private func draw(
    _ panel: [GroupRows.Row], _ dependence: FigureSource.Dependence, _ script: inout GnuplotScript
  ) {
    let points = script.data(panel.map { [$0.x, $0.y] })
    let grey = FigureStyle.pale(FigureStyle.rows, "60")
    var elements: [GnuplotCommand] = [
      "\(points) using 1:2 with points pt 7 ps 0.45 lc rgb \(grey) notitle"
    ]
    let values: [((GroupRows.Row) -> Double, String, dash: Int)] = [
      ({ $0.fixed }, FigureStyle.reference, 2), ({ $0.fitted }, FigureStyle.estimate, 1),
    ]
    for (value, colour, dash) in values {
      let line = script.data(Self.line(panel.map { ($0.x, value($0)) }, dependence))
      let style: GnuplotCommand =
        dependence == .other ? "points pt 7 ps 0.3" : "lines lw 2 dt \(dash)"
      elements.append("\(line) using 1:2 with \(style) lc rgb \(colour) notitle")
    }
    script.plot(elements)
  }

  /// Rows of every level of a factor, and the means of what is fitted to them.
  private func draw(_ panel: [GroupRows.Row], levels: Int, _ script: inout GnuplotScript) {
    let points = script.data(
      panel.enumerated().map { k, row in
        // A little beside each other, in an order that looks like chance.
        let jitter = (Double(k) * 0.618).truncatingRemainder(dividingBy: 1) - 0.5
        return [row.x + 0.4 * jitter, row.y]
      })
    let means = script.data(
      (0..<levels).compactMap { level -> [Double]? in
        let rows = panel.filter { $0.x == Double(level) }
        guard !rows.isEmpty else { return nil }
        let count = Double(rows.count)
        return [
          Double(level), rows.reduce(0) { $0 + $1.fitted } / count,
          rows.reduce(0) { $0 + $1.fixed } / count,
        ]
      })
    let grey = FigureStyle.pale(FigureStyle.rows, "60")
    script.plot([
      "\(points) using 1:2 with points pt 7 ps 0.45 lc rgb \(grey) notitle",
      "\(means) using ($1-0.35):3:(0.7):(0) with vectors nohead dt 2 lw 2 lc rgb \(FigureStyle.reference) notitle",
      "\(means) using ($1-0.35):2:(0.7):(0) with vectors nohead lw 2.5 lc rgb \(FigureStyle.estimate) notitle",
    ])
  }

  /// What is drawn of predictions, which are sorted by x: themselves, or the ends of the straight
  /// line through them.
  static func line(
    _ points: [(x: Double, y: Double)], _ dependence: FigureSource.Dependence
  ) -> [[Double]] {
    guard dependence == .linear, let first = points.first?.x, let last = points.last?.x,
      last > first
    else { return points.map { [$0.x, $0.y] } }
    let n = Double(points.count)
    let (mx, my) = (points.reduce(0) { $0 + $1.x } / n, points.reduce(0) { $0 + $1.y } / n)
    let xx = points.reduce(0) { $0 + ($1.x - mx) * ($1.x - mx) }
    let xy = points.reduce(0) { $0 + ($1.x - mx) * ($1.y - my) }
    return [first, last].map { [$0, my + xy / xx * ($0 - mx)] }
  }

  private static func range(
    _ rows: [[GroupRows.Row]], _ value: (GroupRows.Row) -> Double
  ) -> (low: Double, high: Double) {
    let all = rows.flatMap { $0.map(value) }
    let (low, high) = (all.min() ?? 0, all.max() ?? 1)
    let pad = high > low ? 0.05 * (high - low) : max(abs(low), 1) * 0.05
    return (low - pad, high + pad)
  }

  private func drawText(
    _ script: inout GnuplotScript, _ title: String, _ labels: [String], _ rows: [[GroupRows.Row]],
    covariate: String, response: String
  ) {
    let shown = thinned(count, to: size.textPanels)
    script.command("set multiplot layout \(shown.count),1 title \(script.title(title))")
    script.command("set xlabel \(covariate, limit: 60)")
    script.command("set ylabel \(response, limit: 16)")
    for k in shown {
      script.command("set title \(labels[k], limit: 40)")
      let data = script.data(rows[k].map { [$0.x, $0.y, $0.fitted, $0.fixed] })
      script.plot([
        "\(data) using 1:4 with dots notitle", "\(data) using 1:3 with points pt '*' notitle",
        "\(data) using 1:2 with points pt 'o' notitle",
      ])
    }
    script.command("unset multiplot")
  }
}
