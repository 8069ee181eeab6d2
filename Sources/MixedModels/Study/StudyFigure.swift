// SPDX-License-Identifier: GPL-2.0-or-later

/// The estimates of one parameter in a study, design by design and method beside method: points,
/// boxes of the quartiles with whiskers to the 5th and 95th percentile, means, and the truth.
package struct StudyFigure: Figure {
  package let parameter: StudyParameter
  private let study: Study
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
  package init?(_ study: Study, _ parameter: StudyParameter) {
    (self.study, self.parameter) = (study, parameter)
    let methods = study.settings.methods.count
    groups = study.cells.enumerated().flatMap { d, cell -> [Group] in
      guard let k = cell.parameters.firstIndex(where: { $0.name == parameter.name }) else {
        return []
      }
      return cell.methods.enumerated().compactMap { m, method in
        let values = method.replicates.filter(\.converged).map { $0.estimates[k].estimate }
          .filter(\.isFinite)
        guard !values.isEmpty else { return nil }
        let offset = (Double(m) - Double(methods - 1) / 2) * 0.36
        return Group(
          position: Double(d) + offset, method: m, estimates: values.sorted(),
          shown: Array(values.prefix(Self.shownCount)))
      }
    }
    if groups.isEmpty { return nil }
  }

  package var size: FigureSize {
    FigureSize(width: max(560, 180 + 130 * study.cells.count), height: 420)
  }

  package var caption: String {
    "Estimates of \(parameter.name) from \(study.settings.replicates) simulated responses of each design"
      + (groups.contains { $0.estimates.count > $0.shown.count }
        ? " (points: the first \(Self.shownCount))" : "") + "; \(legend)."
  }

  private var legend: String { "boxes: quartiles; whiskers: 5 and 95 %; diamonds: means" }

  package func draw(_ script: inout GnuplotScript) {
    let quoted = { GnuplotScript.quoted($0) }
    script.command("set title \(quoted(title)) offset 0,0.8")
    script.command("set xlabel \(quoted(horizontalLabel))")
    script.command("set ylabel \(quoted(verticalLabel))")
    script.command(
      "set label 1 \(quoted(legend)) at graph 0, graph 1.03 font ',10' tc rgb '#555555'")
    let tics = study.cells.enumerated().map { "\(quoted(tic($1))) \($0)" }
    script.command("set xtics scale 0 (\(tics.joined(separator: ", ")))")
    script.command("set xrange [-0.6:\(Double(study.cells.count) - 0.4)]")
    script.command("set grid ytics")
    script.command("set key outside right center")
    script.command("set boxwidth 0.2 absolute")
    var elements: [String] = []
    for (m, method) in study.settings.methods.enumerated() {
      elements += self.elements(m, method, &script)
    }
    if parameter.truth.isFinite {
      let line = script.data([
        [-0.6, parameter.truth], [Double(study.cells.count) - 0.4, parameter.truth],
      ])
      elements.append(
        "\(line) using 1:2 with lines lw 1.6 dt 2 lc rgb '\(FigureStyle.reference)' title \(quoted("truth: \(shortNumber(parameter.truth))"))"
      )
    }
    script.plot(elements)
  }

  private func elements(
    _ m: Int, _ method: CriterionKind, _ script: inout GnuplotScript
  ) -> [String] {
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
    let title = GnuplotScript.quoted(method.rawValue)
    // Dots pale, so that the box stands out.
    let pale = "#a0" + colour.dropFirst()
    return [
      "\(points) using 1:2 with points pt 7 ps 0.22 lc rgb '\(pale)' notitle",
      "\(boxes) using 1:3:2:6:5 with candlesticks whiskerbars 0.5 fs empty border lw 1.6 lc rgb '\(colour)' title \(title)",
      "\(boxes) using 1:4:4:4:4 with candlesticks fs empty border lw 2.4 lc rgb '\(colour)' notitle",
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

extension StudyFigure {
  private var responseName: String { study.cells[0].design.formula.response.deparsed }

  private var title: String {
    let what =
      switch parameter.kind {
      case .fixed: "Estimated coefficient of \(parameter.term)"
      case .variance: "Estimated variance of \(parameter.term), \(parameter.group ?? "")"
      case .residualVariance: "Estimated residual variance"
      case .standardDeviation:
        "Estimated standard deviation of \(parameter.term), \(parameter.group ?? "")"
      case .correlation: "Estimated correlation \(parameter.term), \(parameter.group ?? "")"
      case .sigma: "Estimated residual standard deviation"
      }
    return "\(what): \(study.settings.replicates) simulated responses each"
  }

  private var verticalLabel: String {
    switch parameter.kind {
    case .fixed:
      parameter.term == "(Intercept)"
        ? "intercept (units of \(responseName))"
        : "slope (units of \(responseName) per unit of \(parameter.term))"
    case .variance, .residualVariance: "variance (squared units of \(responseName))"
    case .standardDeviation, .sigma: "standard deviation (units of \(responseName))"
    case .correlation: "correlation"
    }
  }

  /// What the designs differ in, once.
  private var horizontalLabel: String {
    let names = Set(study.cells.map { $0.design.varied.map(\.name) })
    guard names.count == 1, let name = names.first?.first, names.first?.count == 1 else {
      return "design"
    }
    let isFactor = study.cells[0].design.design.levels.contains { $0.factor == name }
    return isFactor ? "number of levels of \(name)" : name
  }

  private func tic(_ cell: StudyCell) -> String {
    cell.design.varied.count == 1 ? cell.design.varied[0].value : cell.design.label
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
