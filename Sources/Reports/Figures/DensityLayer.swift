// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import MixedModels

/// How points are drawn: one by one where they are few, else as cells coloured by count.
struct DensityLayer {
  let counts: HexagonalCounts
  /// What is counted: “rows”, “levels of g”.
  let unit: String
  /// From few to many.
  var colours = FigureStyle.viridis

  private var most: Int { counts.cells.map(\.count).max() ?? 1 }

  /// The commands before `plot`: the colour bar.
  func prepare(_ script: inout GnuplotScript) {
    guard counts.isDense, !script.terminal.isText else {
      script.command("unset colorbox")
      return
    }
    let steps = colours.enumerated().map { "\($0) \($1)" as GnuplotCommand }
    script.command("set palette defined (\(steps.joined(separator: ", ")))")
    script.command("set palette maxcolors \(colours.count)")
    script.command("set logscale cb")
    script.command("set format cb '%g'")
    script.command("set cbrange [1:\(max(most, 2))]")
    script.command("set cbtics nomirror scale 0.4")
    script.command("set cblabel \("\(unit) in a cell (log scale)")")
    script.command("set colorbox")
  }

  /// What stands after `plot`.
  func elements(_ script: inout GnuplotScript) -> [GnuplotCommand] {
    guard counts.isDense else {
      let points = script.data(counts.points.map { [$0.x, $0.y] })
      let style: GnuplotCommand =
        script.terminal.isText
        ? "pt 'o'" : "pt 7 ps 0.5 lc rgb \(FigureStyle.pale(FigureStyle.rows, "80"))"
      return ["\(points) using 1:2 with points \(style) notitle"]
    }
    return script.terminal.isText ? characters(&script) : hexagons(&script)
  }

  /// Counts, by class: equally wide on a log scale.
  private func classes(_ number: Int) -> [[(x: Double, y: Double)]] {
    var classes = [[(x: Double, y: Double)]](repeating: [], count: number)
    let whole = log(Double(max(most, 2)))
    for (x, y, count) in counts.cells {
      let k = Int(log(Double(count)) / whole * Double(number))
      classes[min(k, number - 1)].append((x, y))
    }
    return classes
  }

  private func hexagons(_ script: inout GnuplotScript) -> [GnuplotCommand] {
    var elements = zip(classes(colours.count), colours).compactMap {
      cells, colour -> GnuplotCommand? in
      guard !cells.isEmpty else { return nil }
      let outlines = script.data(cells.flatMap { counts.outline($0.x, $0.y) + [[]] })
      return
        "\(outlines) using 1:2 with filledcurves closed fc rgb \(colour) fs solid 1 border lc rgb \(colour) lw 0.3 notitle"
    }
    elements.append("NaN with points palette notitle")  // asks for the colour bar
    return elements
  }

  private func characters(_ script: inout GnuplotScript) -> [GnuplotCommand] {
    zip(classes(4), [".", ":", "+", "#"]).compactMap { cells, character -> GnuplotCommand? in
      guard !cells.isEmpty else { return nil }
      let points = script.data(cells.map { [$0.x, $0.y] })
      return "\(points) using 1:2 with points pt \(character) notitle"
    }
  }
}
