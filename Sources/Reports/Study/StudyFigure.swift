// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import Studies

/// The estimates of one parameter in a study, design by design and method beside method: points,
/// boxes of the quartiles with whiskers to the 5th and 95th percentile, means, and the truth.
package struct StudyFigure: Figure {
  let study: StudyEstimates
  private let groups: [Group]

  /// The estimates of one design and method.
  fileprivate struct Group {
    let position: Double
    let method: Int
    /// Sorted.
    let estimates: [Double]
    /// In the order of the replicates.
    let shown: [Double]
  }

  /// Points of a group; more would hide each other.
  private static let shownCount = 300
  /// Half the width of a group's points.
  private static let halfWidth = 0.13

  /// nil if nothing of the parameter was estimated.
  package init?(_ study: StudyEstimates) {
    guard !study.isEmpty else { return nil }
    self.study = study
    let methods = study.methods.count
    groups = study.designs.enumerated().flatMap { d, design in
      design.estimates.enumerated().compactMap { m, values -> Group? in
        guard !values.isEmpty else { return nil }
        let offset = (Double(m) - Double(methods - 1) / 2) * 0.36
        return Group(
          position: Double(d) + offset, method: m, estimates: values.sorted(),
          shown: Array(values.prefix(Self.shownCount)))
      }
    }
  }

  package var size: FigureSize {
    let step = max(study.designs.count > 8 ? 90 : 130, Self.characterWidth * longestTic + 16)
    return FigureSize(
      width: min(max(560, Self.margins + step * study.designs.count), Self.widest), height: 420)
  }

  /// Of axis and key, in CSS pixels, as the others.
  private static let margins = 180
  private static let characterWidth = 7
  private static let widest = 2400

  package var caption: String {
    "Estimates of \(study.parameter.name) from \(study.replicates) simulated responses of each design"
      + (groups.contains { $0.estimates.count > $0.shown.count }
        ? " (points: the first \(Self.shownCount))" : "") + "; \(legend)."
  }

  private var legend: String { "boxes: quartiles; whiskers: 5 and 95 %; diamonds: means" }

  package func draw(_ script: inout GnuplotScript) {
    if script.terminal.isText { return drawCharacters(&script) }
    let titleLimit = size.width / (Self.characterWidth + 1)
    script.command("set title \(title, limit: titleLimit) offset 0,0.8")
    script.command("set xlabel \(horizontalLabel)")
    script.command("set ylabel \(verticalLabel)")
    script.command(
      "set label 1 \(legend) at graph 0, graph 1.03 font ',10' tc rgb \(FigureStyle.rows)")
    setTics(&script)
    script.command("set grid ytics")
    script.command("set key outside right center")
    script.command("set boxwidth 0.2 absolute")
    var elements: [GnuplotCommand] = []
    for (m, method) in study.methods.enumerated() {
      elements += self.elements(m, method, &script)
    }
    if let truth = truthLine(&script) {
      elements.append("\(truth) lw 1.6 dt 2 lc rgb \(FigureStyle.reference)")
    }
    script.plot(elements)
  }

  /// Across all designs; nil where the truth is not known.
  private func truthLine(_ script: inout GnuplotScript) -> GnuplotCommand? {
    guard study.parameter.truth.isFinite else { return nil }
    let ends = [-0.6, Double(study.designs.count) - 0.4]
    let line = script.data(ends.map { [$0, study.parameter.truth] })
    let title = "truth: \(shortNumber(study.parameter.truth))"
    return "\(line) using 1:2 with lines title \(title)"
  }

  /// Percentiles of every group as letters one above the other.
  private func drawCharacters(_ script: inout GnuplotScript) {
    script.command("set title \(title)")
    script.command("set xlabel \(horizontalLabel)")
    setTics(&script)
    script.command("set key outside top center horizontal")
    var elements = [truthLine(&script).map { "\($0) lt 0" as GnuplotCommand }].compactMap(\.self)
    for (m, method) in study.methods.enumerated() {
      let points = script.data(
        groups.filter { $0.method == m }.flatMap { group in
          [0.05, 0.25, 0.5, 0.75, 0.95].map { [group.position, group.quantile($0)] }
        })
      let letter = method == .reml ? "R" : "M"
      elements.append(
        "\(points) using 1:2 with points pt \(letter) title \("\(method.rawValue), 5 25 50 75 95 % (\(letter))")"
      )
    }
    script.plot(elements)
  }

  private func setTics(_ script: inout GnuplotScript) {
    let tics = study.designs.enumerated().map { d, design -> GnuplotCommand in
      let lines = tic(design).map { "\(tic: $0, limit: 40)" as GnuplotCommand }
      return "\(lines.joined(separator: ".\"\\n\".")) \(d)"
    }
    let room = (size.width - Self.margins) / study.designs.count
    let isTight = !script.terminal.isText && room < Self.characterWidth * longestTic
    script.command(
      "set xtics \(isTight ? "rotate by -90 " : "" as GnuplotCommand)scale 0 (\(tics.joined(separator: ", ")))"
    )
    script.command("set xrange [-0.6:\(Double(study.designs.count) - 0.4)]")
    // gnuplot makes room for one line.
    let more = Double((study.designs.map { tic($0).count }.max() ?? 1) - 1)
    guard more > 0, !isTight, !script.terminal.isText else { return }
    script.command("set bmargin \(3.6 + 1.2 * more)")
    script.command("set xlabel offset 0,\(-0.8 * more)")
  }

  private func elements(
    _ m: Int, _ method: CriterionKind, _ script: inout GnuplotScript
  ) -> [GnuplotCommand] {
    let colour = Self.colours[m % Self.colours.count]
    let own = groups.filter { $0.method == m }
    let points = script.data(
      own.flatMap { group in
        group.shown.enumerated().map { [group.position + Self.jitter($0), $1] }
      })
    let boxes = script.data(
      own.map { group in
        [group.position] + [0.05, 0.25, 0.5, 0.75, 0.95].map { group.quantile($0) } + [group.mean]
      })
    let title = method.rawValue
    // Dots pale, so that the box stands out.
    let pale = FigureStyle.pale(colour, "a0")
    return [
      "\(points) using 1:2 with points pt 7 ps 0.22 lc rgb \(pale) notitle",
      "\(boxes) using 1:3:2:6:5 with candlesticks whiskerbars 0.5 fs empty border lw 1.6 lc rgb \(colour) title \(title)",
      "\(boxes) using 1:4:4:4:4 with candlesticks fs empty border lw 2.4 lc rgb \(colour) notitle",
      "\(boxes) using 1:7 with points pt 13 ps 1.3 lc rgb '#ffffff' notitle",
      "\(boxes) using 1:7 with points pt 12 ps 1.1 lw 1.4 lc rgb '#000000' notitle",
    ]
  }

  private static let colours = [FigureStyle.estimate, "#009e73"]

  /// Spread evenly whatever the number of points.
  private static func jitter(_ k: Int) -> Double {
    let turn = Double(k + 1) * 0.6180339887498949
    return (2 * (turn - turn.rounded(.down)) - 1) * halfWidth
  }
}

extension StudyFigure.Group {
  fileprivate var mean: Double { estimates.reduce(0, +) / Double(estimates.count) }

  /// At rank 1 + p(n − 1), between neighbours by interpolation (R's type 7).
  fileprivate func quantile(_ p: Double) -> Double {
    let rank = p * Double(estimates.count - 1)
    let below = Int(rank)
    let above = min(below + 1, estimates.count - 1)
    return estimates[below] + (rank - Double(below)) * (estimates[above] - estimates[below])
  }
}
